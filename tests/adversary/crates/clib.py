"""A thin and unsafe layer: calls into C, functions for C, memory by hand."""

from __future__ import annotations

from typing import Final

CLIB: Final = {
    "Cargo.toml": """\
[package]
name = "clib"
version = "0.1.0"
edition = "2021"

[lib]
crate-type = ["rlib"]
""",
    "src/lib.rs": """\
//! Bytes that cross the border to C.

pub mod block;

use std::ffi::{c_char, c_int, CStr};

extern "C" {
    fn strlen(text: *const c_char) -> usize;
    fn toupper(letter: c_int) -> c_int;
}

/// The length of a text of C, in bytes.
pub fn length(text: &CStr) -> usize {
    // SAFETY: a CStr ends with a zero and lives as long as the call.
    unsafe { strlen(text.as_ptr()) }
}

/// A text in capital letters, as C understands them.
pub fn shout(text: &str) -> String {
    text.chars()
        .map(|letter| match u8::try_from(letter) {
            // SAFETY: toupper takes any value of an unsigned char.
            Ok(byte) if byte.is_ascii() => {
                let upper = unsafe { toupper(c_int::from(byte)) };
                u8::try_from(upper).map_or(letter, char::from)
            }
            _ => letter,
        })
        .collect()
}

/// A sum over bytes, for callers in C; 0 for no bytes.
///
/// # Safety
///
/// `bytes` must point to `length` readable bytes, or be null.
#[no_mangle]
pub unsafe extern "C" fn clib_sum(bytes: *const u8, length: usize) -> u32 {
    if bytes.is_null() {
        return 0;
    }
    // SAFETY: the caller promises that many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(bytes, length) };
    bytes
        .iter()
        .fold(0u32, |sum, byte| sum.rotate_left(3) ^ u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_counts_bytes() {
        assert_eq!(length(c"four"), 4);
        assert_eq!(length(c""), 0);
    }

    #[test]
    fn letters_become_capitals() {
        assert_eq!(shout("quiet \\u{e9}"), "QUIET \\u{e9}");
    }

    #[test]
    fn sums_depend_on_the_order() {
        let (one, other) = ([1u8, 2], [2u8, 1]);
        // SAFETY: both arrays live and are two bytes long.
        let sums = unsafe { (clib_sum(one.as_ptr(), 2), clib_sum(other.as_ptr(), 2)) };
        assert_eq!(sums, (10, 17));
        // SAFETY: null is allowed.
        assert_eq!(unsafe { clib_sum(std::ptr::null(), 3) }, 0);
    }
}
""",
    "src/block.rs": """\
//! A block of memory that grows at its end.

use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::ptr::NonNull;

/// A fixed number of bytes, all zero at first.
#[derive(Debug)]
pub struct Block {
    start: NonNull<u8>,
    layout: Layout,
}

impl Block {
    /// A block; None where it would be empty or there is no memory.
    pub fn new(size: usize) -> Option<Self> {
        let layout = Layout::array::<u8>(size).ok().filter(|l| l.size() > 0)?;
        // SAFETY: the layout is not empty.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) })?;
        Some(Self { start, layout })
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the block owns that many bytes, and they are set.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.layout.size()) }
    }

    /// Sets one byte; says whether it lies in the block.
    pub fn set(&mut self, at: usize, byte: u8) -> bool {
        if at >= self.layout.size() {
            return false;
        }
        // SAFETY: the place lies in the block.
        unsafe { self.start.as_ptr().add(at).write(byte) };
        true
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: the memory came from the same layout.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_kept() {
        let mut block = Block::new(3).expect("there is memory");
        assert!(block.set(1, 7));
        assert!(!block.set(3, 7));
        assert_eq!(block.bytes(), [0, 7, 0]);
    }

    #[test]
    fn an_empty_block_is_none() {
        assert!(Block::new(0).is_none());
    }
}
""",
}
