"""A workspace of an executor, an asynchronous sender and a codec without the standard library."""

from __future__ import annotations

from typing import Final

AGENDA: Final = {
    "Cargo.toml": """\
[workspace]
members = ["runner", "post", "varint"]
resolver = "2"
""",
    "runner/Cargo.toml": """\
[package]
name = "runner"
version = "0.1.0"
edition = "2021"
""",
    "runner/src/lib.rs": """\
//! Runs futures on the thread that asks for them.

use std::future::Future;
use std::pin::{pin, Pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Lets others run once.
#[derive(Debug, Default)]
pub struct Yield(bool);

impl Future for Yield {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_out() {
        assert_eq!(block_on(async { 7 }), 7);
    }

    #[test]
    fn a_yield_comes_back() {
        let text = block_on(async {
            Yield::default().await;
            "back"
        });
        assert_eq!(text, "back");
    }
}
""",
    "post/Cargo.toml": """\
[package]
name = "post"
version = "0.1.0"
edition = "2021"

[dev-dependencies]
runner = { path = "../runner" }
""",
    "post/src/lib.rs": """\
//! Sends letters over lines that fail at times.

use std::fmt;
use std::future::Future;

/// Why a letter was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendError {
    /// The line is busy; another try may help.
    Busy,
    /// The address is unknown; no try will help.
    Unknown,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SendError::Busy => "the line is busy",
            SendError::Unknown => "the address is unknown",
        })
    }
}

impl std::error::Error for SendError {}

/// A line that letters go over.
pub trait Line {
    /// Sends one letter.
    fn send(&mut self, letter: &str) -> impl Future<Output = Result<(), SendError>>;
}

/// Sends a letter, again while the line is busy, and says how many tries it took.
///
/// # Errors
///
/// The address is unknown, or the line was busy at every try.
pub async fn deliver<L: Line>(line: &mut L, letter: &str, tries: u32) -> Result<u32, SendError> {
    let mut taken = 0;
    loop {
        taken += 1;
        match line.send(letter).await {
            Ok(()) => return Ok(taken),
            Err(SendError::Busy) if taken < tries => {}
            Err(error) => return Err(error),
        }
    }
}
""",
    "post/tests/deliver.rs": """\
//! Letters over a line that is busy for a while.

use post::{deliver, Line, SendError};
use runner::{block_on, Yield};

struct Slow {
    busy: u32,
    sent: Vec<String>,
}

impl Line for Slow {
    async fn send(&mut self, letter: &str) -> Result<(), SendError> {
        Yield::default().await;
        if letter.is_empty() {
            return Err(SendError::Unknown);
        }
        if self.busy > 0 {
            self.busy -= 1;
            return Err(SendError::Busy);
        }
        self.sent.push(letter.to_string());
        Ok(())
    }
}

fn slow(busy: u32) -> Slow {
    Slow {
        busy,
        sent: Vec::new(),
    }
}

#[test]
fn a_free_line_takes_one_try() {
    let mut line = slow(0);
    assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(1));
    assert_eq!(line.sent, ["hello"]);
}

#[test]
fn a_busy_line_is_tried_again() {
    let mut line = slow(2);
    assert_eq!(block_on(deliver(&mut line, "hello", 3)), Ok(3));
    assert_eq!(line.sent, ["hello"]);
}

#[test]
fn tries_come_to_an_end() {
    let mut line = slow(3);
    assert_eq!(
        block_on(deliver(&mut line, "hello", 3)),
        Err(SendError::Busy)
    );
    assert!(line.sent.is_empty());
}

#[test]
fn an_unknown_address_is_not_tried_again() {
    let mut line = slow(0);
    assert_eq!(block_on(deliver(&mut line, "", 3)), Err(SendError::Unknown));
}
""",
    "varint/Cargo.toml": """\
[package]
name = "varint"
version = "0.1.0"
edition = "2021"
""",
    "varint/src/lib.rs": """\
//! Whole numbers in as few bytes as they need.
#![no_std]

/// Why bytes are no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// The bytes end before the number does.
    Short,
    /// The number is larger than 32 bits.
    Large,
}

/// Writes a number and says how many bytes it took; None where there is no room.
pub fn write(mut number: u32, into: &mut [u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        let more = number > 0;
        *into.get_mut(at)? = if more { byte | 0x80 } else { byte };
        at += 1;
        if !more {
            return Some(at);
        }
    }
}

/// Reads a number and says how many bytes it took.
///
/// # Errors
///
/// The bytes end too early or hold too large a number.
pub fn read(bytes: &[u8]) -> Result<(u32, usize), ReadError> {
    let mut number = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(5) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let number = u32::try_from(number).map_err(|_| ReadError::Large)?;
            return Ok((number, at + 1));
        }
    }
    Err(if bytes.len() < 5 {
        ReadError::Short
    } else {
        ReadError::Large
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back() {
        for number in [0, 1, 127, 128, 300, u32::MAX] {
            let mut bytes = [0; 5];
            let length = write(number, &mut bytes).unwrap_or(0);
            assert_eq!(read(&bytes[..length]), Ok((number, length)));
        }
    }

    #[test]
    fn a_large_number_needs_room() {
        assert_eq!(write(300, &mut [0]), None);
        assert_eq!(write(300, &mut [0, 0]), Some(2));
    }

    #[test]
    fn broken_bytes_are_refused() {
        assert_eq!(read(&[]), Err(ReadError::Short));
        assert_eq!(read(&[0x80, 0x80]), Err(ReadError::Short));
        assert_eq!(read(&[0xff; 5]), Err(ReadError::Large));
    }
}
""",
}
