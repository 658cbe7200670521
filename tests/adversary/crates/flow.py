"""A library of generic and timed code: a bench, expected output in files, feature-gated modules."""

from __future__ import annotations

from typing import Final

FLOW: Final = {
    "Cargo.toml": """\
[package]
name = "flow"
version = "0.4.1"
edition = "2021"
rust-version = "1.70"

[features]
default = ["words"]
words = []
wide = []

[[bench]]
name = "window"
harness = false
""",
    "CHANGELOG.md": "# Changelog\n\n## 0.4.1\n\n- Windows may be empty.\n",
    "README.md": "# flow\n\nSmall pieces for streams of values.\n",
    "rustfmt.toml": "max_width = 100\n",
    "src/lib.rs": """\
//! Small pieces for streams of values.
#![forbid(unsafe_code)]

pub mod limit;
pub mod window;
#[cfg(feature = "words")]
pub mod words;

pub use limit::{Bucket, Refused};
pub use window::Window;
""",
    "src/limit.rs": """\
//! A bucket of tokens that limits how often something is done.

use std::fmt;
use std::time::{Duration, Instant};

/// Why something may not be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// How long to wait.
    pub wait: Duration,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wait {} ms", self.wait.as_millis())
    }
}

impl std::error::Error for Refused {}

/// A bucket that holds some tokens and gets one back each period.
#[derive(Debug, Clone)]
pub struct Bucket {
    size: u32,
    tokens: u32,
    period: Duration,
    filled: Instant,
}

impl Bucket {
    /// A full bucket at a moment.
    pub fn new(size: u32, period: Duration, now: Instant) -> Self {
        Self {
            size,
            tokens: size,
            period,
            filled: now,
        }
    }

    /// Takes a token at a moment.
    ///
    /// # Errors
    ///
    /// There is none; says how long to wait for the next.
    pub fn take(&mut self, now: Instant) -> Result<(), Refused> {
        self.fill(now);
        if self.tokens == 0 {
            let passed = now.saturating_duration_since(self.filled);
            return Err(Refused {
                wait: self.period.saturating_sub(passed),
            });
        }
        self.tokens -= 1;
        Ok(())
    }

    /// How many tokens there are.
    pub fn tokens(&self) -> u32 {
        self.tokens
    }

    fn fill(&mut self, now: Instant) {
        while self.tokens < self.size && now.saturating_duration_since(self.filled) >= self.period {
            self.filled += self.period;
            self.tokens += 1;
        }
        if self.tokens == self.size {
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_full_bucket_gives_its_tokens() {
        let now = Instant::now();
        let mut bucket = Bucket::new(2, SECOND, now);
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(bucket.tokens(), 0);
        assert_eq!(bucket.take(now), Err(Refused { wait: SECOND }));
    }

    #[test]
    fn a_token_comes_back_each_period() {
        let now = Instant::now();
        let mut bucket = Bucket::new(1, SECOND, now);
        assert_eq!(bucket.take(now), Ok(()));
        assert_eq!(
            bucket.take(now + SECOND / 4),
            Err(Refused {
                wait: SECOND * 3 / 4
            })
        );
        assert_eq!(bucket.take(now + SECOND), Ok(()));
    }

    #[test]
    fn a_refusal_reads_well() {
        assert_eq!(Refused { wait: SECOND }.to_string(), "wait 1000 ms");
    }
}
""",
    "src/window.rs": """\
//! The last few values of a stream.

use std::collections::VecDeque;

/// The last few values that were pushed.
#[derive(Debug, Clone)]
pub struct Window<T> {
    size: usize,
    values: VecDeque<T>,
}

impl<T: Copy + Into<f64>> Window<T> {
    /// An empty window of some size.
    pub fn new(size: usize) -> Self {
        Self {
            size,
            values: VecDeque::with_capacity(size),
        }
    }

    /// Adds a value; the oldest goes where there are more than the size.
    pub fn push(&mut self, value: T) {
        self.values.push_back(value);
        if self.values.len() > self.size {
            self.values.pop_front();
        }
    }

    /// The mean of the values; None where there are none.
    pub fn mean(&self) -> Option<f64> {
        if self.values.is_empty() {
            return None;
        }
        let sum: f64 = self.values.iter().map(|value| (*value).into()).sum();
        Some(sum / self.values.len() as f64)
    }

    /// How far the values lie apart; zero where there are fewer than two.
    pub fn spread(&self) -> f64 {
        let values = self.values.iter().map(|value| (*value).into());
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (f64::min(low, value), f64::max(high, value))
        });
        (high - low).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_the_last_values() {
        let mut window = Window::new(2);
        assert_eq!(window.mean(), None);
        for value in [10.0, 1.0, 2.0] {
            window.push(value);
        }
        let mean = window.mean().unwrap();
        assert!((mean - 1.5).abs() < 1e-9);
    }

    #[test]
    fn the_spread_is_between_the_ends() {
        let mut window = Window::new(3);
        assert_eq!(window.spread(), 0.0);
        for value in [4u8, 1, 3] {
            window.push(value);
        }
        assert_eq!(window.spread(), 3.0);
    }
}
""",
    "src/words.rs": """\
//! Words of a text.

/// The words of a text in lower case, without what is no letter or digit.
///
/// ```
/// assert_eq!(flow::words::words("Hello, World"), ["hello", "world"]);
/// ```
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

/// A table of how often each word occurs, the most frequent first.
pub fn table(text: &str) -> String {
    let mut counts = std::collections::BTreeMap::new();
    for word in words(text) {
        *counts.entry(word).or_insert(0u32) += 1;
    }
    let mut rows: Vec<_> = counts.into_iter().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.1));
    rows.iter()
        .map(|(word, count)| format!("{count:>3} {word}\\n"))
        .collect()
}
""",
    "benches/window.rs": """\
//! How long a window takes.

use std::time::Instant;

fn main() {
    let started = Instant::now();
    let mut window = flow::Window::new(100);
    for value in 0..10_000u32 {
        window.push(value);
    }
    println!("{:?} {:?}", window.mean(), started.elapsed());
}
""",
    "tests/words.rs": """\
//! Tables of words, compared with files.

use flow::words::table;

#[test]
fn a_table_is_as_written_down() {
    let text = include_str!("data/text.txt");
    assert_eq!(table(text), include_str!("data/text.table"));
}

#[test]
fn an_empty_text_has_no_rows() {
    assert_eq!(table(" .,"), "");
}
""",
    "tests/data/text.txt": "The cat and the dog. The end.\n",
    "tests/data/text.table": "  3 the\n  1 and\n  1 cat\n  1 dog\n  1 end\n",
}
