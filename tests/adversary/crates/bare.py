"""A library without the standard library."""

from __future__ import annotations

from typing import Final

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
