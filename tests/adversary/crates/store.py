"""A library and a program with features, documentation examples and integration tests."""

from __future__ import annotations

from typing import Final

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
