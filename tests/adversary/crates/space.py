"""A workspace of three members, one of them a procedural macro."""

from __future__ import annotations

from typing import Final

SPACE: Final = {
    "Cargo.toml": """\
[workspace]
members = ["shape", "named", "app"]
resolver = "2"
""",
    "shape/Cargo.toml": """\
[package]
name = "shape"
version = "0.1.0"
edition = "2021"
""",
    "shape/src/lib.rs": """\
//! Shapes on a grid.

/// A rectangle by its sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rect {
    /// Its width.
    pub width: u32,
    /// Its height.
    pub height: u32,
}

impl Rect {
    /// How many fields it covers; None where that is too many to count.
    pub fn area(self) -> Option<u32> {
        self.width.checked_mul(self.height)
    }

    /// Whether another one fits into it, turned if need be.
    pub fn holds(self, other: Rect) -> bool {
        let fits = |w: u32, h: u32| w <= self.width && h <= self.height;
        fits(other.width, other.height) || fits(other.height, other.width)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn area_is_width_times_height() {
        let rect = Rect {
            width: 3,
            height: 4,
        };
        assert_eq!(rect.area(), Some(12));
        let big = Rect {
            width: u32::MAX,
            height: 2,
        };
        assert_eq!(big.area(), None);
    }

    #[test]
    fn holds_what_fits_turned() {
        let wide = Rect {
            width: 5,
            height: 2,
        };
        let tall = Rect {
            width: 2,
            height: 4,
        };
        assert!(wide.holds(tall));
        assert!(!tall.holds(wide));
    }
}
""",
    "named/Cargo.toml": """\
[package]
name = "named"
version = "0.1.0"
edition = "2021"

[lib]
proc-macro = true
""",
    "named/src/lib.rs": """\
//! `#[derive(Named)]`: a type knows its own name.

use proc_macro::{TokenStream, TokenTree};

/// Gives a type a constant `NAME`.
#[proc_macro_derive(Named)]
pub fn derive_named(input: TokenStream) -> TokenStream {
    let mut tokens = input.into_iter();
    let name = tokens
        .by_ref()
        .skip_while(|token| !is_keyword(token))
        .nth(1)
        .map(|token| token.to_string())
        .unwrap_or_default();
    format!("impl {name} {{ pub const NAME: &'static str = {name:?}; }}")
        .parse()
        .unwrap_or_default()
}

fn is_keyword(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Ident(word) if matches!(word.to_string().as_str(), "struct" | "enum"))
}
""",
    "app/Cargo.toml": """\
[package]
name = "app"
version = "0.1.0"
edition = "2021"

[dependencies]
named = { path = "../named" }
shape = { path = "../shape" }
""",
    "app/src/lib.rs": """\
//! Boxes on shelves.

use named::Named;
use shape::Rect;

/// A shelf that holds boxes one beside the other.
#[derive(Debug, Clone, Named)]
pub struct Shelf {
    room: Rect,
    used: u32,
}

impl Shelf {
    /// An empty shelf.
    pub fn new(room: Rect) -> Self {
        Self { room, used: 0 }
    }

    /// Puts a box beside the others; says whether there was room.
    pub fn put(&mut self, item: Rect) -> bool {
        if item.height > self.room.height || item.width > self.room.width - self.used {
            return false;
        }
        self.used += item.width;
        true
    }

    /// The width that is left.
    pub fn left(&self) -> u32 {
        self.room.width - self.used
    }
}
""",
    "app/tests/shelf.rs": """\
//! Shelves from outside.

use app::Shelf;
use shape::Rect;

fn rect(width: u32, height: u32) -> Rect {
    Rect { width, height }
}

#[test]
fn a_box_takes_its_width() {
    let mut shelf = Shelf::new(rect(10, 3));
    assert!(shelf.put(rect(4, 3)));
    assert_eq!(shelf.left(), 6);
}

#[test]
fn what_does_not_fit_stays_outside() {
    let mut shelf = Shelf::new(rect(10, 3));
    assert!(!shelf.put(rect(1, 4)));
    assert!(!shelf.put(rect(11, 1)));
    assert_eq!(shelf.left(), 10);
}

#[test]
fn a_shelf_knows_its_name() {
    assert_eq!(Shelf::NAME, "Shelf");
}
""",
}
