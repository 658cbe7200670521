"""A library whose build script makes a table."""

from __future__ import annotations

from typing import Final

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
