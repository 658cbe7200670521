"""The crates that the changes start from: small, honest, tested, and without dependencies from a registry."""

from __future__ import annotations

from typing import Final

CALC: Final = {
    "Cargo.toml": """\
[package]
name = "calc"
version = "0.1.0"
edition = "2021"
""",
    "src/lib.rs": """\
//! Amounts of money in whole cents.

use std::fmt;

/// An amount of money in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cents(pub i64);

/// Why an amount cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// There was no digit at all.
    Empty,
    /// A character that does not belong there.
    Unexpected(char),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::Empty => write!(f, "no amount"),
            ParseError::Unexpected(found) => write!(f, "unexpected {found:?}"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Reads an amount such as `12.34`; the decimals may be missing or be one or two digits.
///
/// # Errors
///
/// Anything but digits around at most one point is an error.
pub fn parse(text: &str) -> Result<Cents, ParseError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut cents = 0;
    for c in whole.chars() {
        let digit = c.to_digit(10).ok_or(ParseError::Unexpected(c))?;
        cents = cents * 10 + i64::from(digit);
    }
    let mut scale = 100;
    cents *= scale;
    for c in fraction.chars() {
        let digit = c.to_digit(10).ok_or(ParseError::Unexpected(c))?;
        scale /= 10;
        cents += i64::from(digit) * scale;
    }
    if whole.is_empty() {
        return Err(ParseError::Empty);
    }
    Ok(Cents(cents))
}

/// Splits an amount into shares as equal as can be; the first ones take the cents left over.
pub fn split(amount: Cents, shares: u32) -> Vec<Cents> {
    let count = i64::from(shares.max(1));
    let (each, rest) = (amount.0 / count, amount.0 % count);
    (0..count)
        .map(|n| Cents(each + i64::from(n < rest)))
        .collect()
}

/// Adds a tax in percent, rounded down to whole cents.
pub fn with_tax(amount: Cents, percent: u32) -> Cents {
    Cents(amount.0 + amount.0 * i64::from(percent) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_amounts() {
        assert_eq!(parse("12.34"), Ok(Cents(1234)));
        assert_eq!(parse("7"), Ok(Cents(700)));
        assert_eq!(parse("0.5"), Ok(Cents(50)));
    }

    #[test]
    fn refuses_what_is_no_amount() {
        assert_eq!(parse(""), Err(ParseError::Empty));
        assert_eq!(parse("1x"), Err(ParseError::Unexpected('x')));
        assert_eq!(parse("1.x"), Err(ParseError::Unexpected('x')));
    }

    #[test]
    fn errors_read_well() {
        assert_eq!(ParseError::Empty.to_string(), "no amount");
        assert_eq!(ParseError::Unexpected('x').to_string(), "unexpected 'x'");
    }

    #[test]
    fn splits_evenly_and_loses_nothing() {
        assert_eq!(
            split(Cents(100), 3),
            vec![Cents(34), Cents(33), Cents(33)]
        );
        assert_eq!(split(Cents(10), 0), vec![Cents(10)]);
    }

    #[test]
    fn adds_tax() {
        assert_eq!(with_tax(Cents(1000), 19), Cents(1190));
    }
}
""",
}

STORE: Final = {
    "Cargo.toml": """\
[package]
name = "store"
version = "0.2.0"
edition = "2021"

[features]
default = []
upper = []
""",
    "src/lib.rs": """\
//! A small store of named values, kept in the order of their names.

use std::collections::BTreeMap;

pub mod text;

/// Named values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Store {
    values: BTreeMap<String, String>,
}

impl Store {
    /// An empty store.
    ///
    /// ```
    /// assert!(store::Store::new().is_empty());
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a value and returns the one that was there before.
    ///
    /// ```
    /// let mut store = store::Store::new();
    /// assert_eq!(store.set("a", "1"), None);
    /// assert_eq!(store.set("a", "2"), Some("1".to_string()));
    /// ```
    pub fn set(&mut self, name: &str, value: &str) -> Option<String> {
        self.values.insert(name.to_string(), value.to_string())
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Removes a value; says whether there was one.
    pub fn remove(&mut self, name: &str) -> bool {
        self.values.remove(name).is_some()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Every value as `name=value`, one a line.
    pub fn dump(&self) -> String {
        text::lines(self.values.iter())
    }
}
""",
    "src/text.rs": """\
//! How a store is written down.

/// Lines of the form `name=value`, each with its line break.
pub fn lines<'a>(values: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    values
        .map(|(name, value)| format!("{name}={value}\\n"))
        .collect()
}

/// Reads one line of the form `name=value`; the value may hold further equals signs.
pub fn read_line(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some((name, value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_a_name_and_a_value() {
        assert_eq!(read_line("a=1"), Some(("a", "1")));
        assert_eq!(read_line(" a = b=c "), Some(("a", "b=c")));
    }

    #[test]
    fn a_line_without_a_name_is_none() {
        assert_eq!(read_line("=1"), None);
        assert_eq!(read_line("a"), None);
    }
}
""",
    "src/main.rs": """\
//! Prints the store that its arguments describe.

use store::text::read_line;
use store::Store;

fn main() {
    let mut store = Store::new();
    for argument in std::env::args().skip(1) {
        if let Some((name, value)) = read_line(&argument) {
            store.set(name, value);
        }
    }
    print!("{}", store.dump());
}
""",
    "tests/store.rs": """\
//! The store from outside.

use store::Store;

#[test]
fn a_value_that_was_set_is_found() {
    let mut store = Store::new();
    store.set("b", "2");
    store.set("a", "1");
    assert_eq!(store.get("a"), Some("1"));
    assert_eq!(store.get("c"), None);
    assert_eq!(store.len(), 2);
}

#[test]
fn a_removed_value_is_gone() {
    let mut store = Store::new();
    store.set("a", "1");
    assert!(!store.is_empty());
    assert!(store.remove("a"));
    assert!(!store.remove("a"));
    assert_eq!(store.get("a"), None);
}

#[test]
fn a_dump_is_sorted() {
    let mut store = Store::new();
    store.set("b", "2");
    store.set("a", "1");
    assert_eq!(store.dump(), "a=1\\nb=2\\n");
}
""",
    "tests/program.rs": """\
//! The program from outside.

use std::process::Command;

#[test]
fn prints_its_arguments_sorted() {
    let output = Command::new(env!("CARGO_BIN_EXE_store"))
        .args(["b=2", "a=1", "nothing"])
        .output()
        .expect("the program starts");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a=1\\nb=2\\n");
}
""",
}

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

BARE: Final = {
    "Cargo.toml": """\
[package]
name = "bare"
version = "0.1.0"
edition = "2021"
""",
    "src/lib.rs": """\
//! Checksums without the standard library.
#![no_std]

/// The Adler-32 checksum of some bytes.
pub fn adler32(bytes: &[u8]) -> u32 {
    let (mut low, mut high) = (1u32, 0u32);
    for byte in bytes {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    (high << 16) | low
}

/// Whether a message ends with the parity of its other bytes.
pub fn has_parity(message: &[u8]) -> bool {
    match message.split_last() {
        Some((last, rest)) => rest.iter().fold(0, |sum, byte| sum ^ byte) == *last,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn parity_is_the_last_byte() {
        assert!(has_parity(&[1, 2, 3]));
        assert!(!has_parity(&[1, 2, 4]));
        assert!(!has_parity(&[]));
    }
}
""",
}

MADE: Final = {
    "Cargo.toml": """\
[package]
name = "made"
version = "0.1.0"
edition = "2021"
build = "build.rs"
""",
    "units.txt": "m 1\nkm 1000\nmile 1609\n",
    "build.rs": """\
//! Makes a table of units from `units.txt`.

use std::fmt::Write as _;
use std::{env, fs, path::Path};

fn main() {
    println!("cargo::rerun-if-changed=units.txt");
    let mut table = String::from("&[\\n");
    for line in fs::read_to_string("units.txt").expect("units.txt").lines() {
        let (name, metres) = line.split_once(' ').expect("a name and a number");
        writeln!(table, "    ({name:?}, {metres}),").expect("memory");
    }
    table.push_str("]\\n");
    let out = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&out).join("units.rs"), table).expect("OUT_DIR can be written");
}
""",
    "src/lib.rs": """\
//! Lengths in units that a table knows.

const UNITS: &[(&str, u64)] = include!(concat!(env!("OUT_DIR"), "/units.rs"));

/// How many metres a unit has.
pub fn metres_in(unit: &str) -> Option<u64> {
    UNITS
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, metres)| *metres)
}

/// Turns a length into whole metres.
pub fn to_metres(length: u64, unit: &str) -> Option<u64> {
    length.checked_mul(metres_in(unit)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_known_by_name() {
        assert_eq!(metres_in("km"), Some(1000));
        assert_eq!(metres_in("parsec"), None);
    }

    #[test]
    fn lengths_become_metres() {
        assert_eq!(to_metres(3, "mile"), Some(4827));
        assert_eq!(to_metres(u64::MAX, "km"), None);
    }
}
""",
}

QUEUE: Final = {
    "Cargo.toml": """\
[package]
name = "queue"
version = "0.3.0"
edition = "2021"
""",
    "src/lib.rs": """\
//! A queue that holds a fixed number of items, and a retry that knows when to stop.

mod ring;

pub use ring::Ring;

/// Why a job was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GaveUp<E> {
    /// It failed as often as allowed; the last failure.
    Exhausted(E),
    /// No attempt was allowed.
    NeverTried,
}

/// Tries a job until it succeeds, at most `attempts` times.
///
/// # Errors
///
/// The last failure, where all attempts failed.
pub fn retry<T, E>(
    attempts: u32,
    mut job: impl FnMut(u32) -> Result<T, E>,
) -> Result<T, GaveUp<E>> {
    let mut last = GaveUp::NeverTried;
    for number in 0..attempts {
        match job(number) {
            Ok(value) => return Ok(value),
            Err(error) => last = GaveUp::Exhausted(error),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_until_it_succeeds() {
        let done = retry(3, |number| if number == 1 { Ok("done") } else { Err(number) });
        assert_eq!(done, Ok("done"));
    }

    #[test]
    fn gives_up_with_the_last_failure() {
        let failed: Result<(), _> = retry(2, Err);
        assert_eq!(failed, Err(GaveUp::Exhausted(1)));
        let none: Result<(), GaveUp<u32>> = retry(0, Err);
        assert_eq!(none, Err(GaveUp::NeverTried));
    }
}
""",
    "src/ring.rs": """\
//! A ring of a fixed number of places.

/// A first-in, first-out queue that refuses what it has no place for.
#[derive(Debug)]
pub struct Ring<T> {
    places: Vec<Option<T>>,
    head: usize,
    len: usize,
}

impl<T> Ring<T> {
    /// An empty ring of some places.
    pub fn new(capacity: usize) -> Self {
        Self {
            places: (0..capacity).map(|_| None).collect(),
            head: 0,
            len: 0,
        }
    }

    /// Puts an item at the end, or gives it back where there is no place.
    ///
    /// # Errors
    ///
    /// The item itself, where the ring is full.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.len == self.places.len() {
            return Err(item);
        }
        let at = (self.head + self.len) % self.places.len();
        self.places[at] = Some(item);
        self.len += 1;
        Ok(())
    }

    /// Takes the oldest item.
    pub fn pop(&mut self) -> Option<T> {
        let item = self.places.get_mut(self.head)?.take()?;
        self.head = (self.head + 1) % self.places.len();
        self.len -= 1;
        Some(item)
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_in_first_out() {
        let mut ring = Ring::new(2);
        assert_eq!(ring.push(1), Ok(()));
        assert_eq!(ring.push(2), Ok(()));
        assert_eq!(ring.push(3), Err(3));
        assert_eq!(ring.pop(), Some(1));
        assert_eq!(ring.push(4), Ok(()));
        assert_eq!(ring.pop(), Some(2));
        assert_eq!(ring.pop(), Some(4));
        assert_eq!(ring.pop(), None);
    }

    #[test]
    fn counts_its_items() {
        let mut ring = Ring::new(1);
        assert!(ring.is_empty());
        assert_eq!(ring.push('a'), Ok(()));
        assert_eq!(ring.len(), 1);
    }

    #[test]
    fn a_ring_without_places_holds_nothing() {
        let mut ring = Ring::new(0);
        assert_eq!(ring.push(1), Err(1));
        assert_eq!(ring.pop(), None);
    }
}
""",
}

CRATES: Final[dict[str, dict[str, str]]] = {
    "calc": CALC,
    "store": STORE,
    "space": SPACE,
    "bare": BARE,
    "made": MADE,
    "queue": QUEUE,
}
"""Every base crate by name."""
