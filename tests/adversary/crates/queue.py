"""A library of two modules, generic over what it holds."""

from __future__ import annotations

from typing import Final

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
