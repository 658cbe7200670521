"""A program for the command line, tested from outside by running it."""

from __future__ import annotations

from typing import Final

TALLY: Final = {
    "Cargo.toml": """\
[package]
name = "tally"
version = "0.1.0"
edition = "2021"
""",
    "src/lib.rs": """\
//! Counts what a log says.

pub mod line;

use line::{Level, Line};

/// How many lines there were of each level.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Lines that only inform.
    pub info: usize,
    /// Lines that warn.
    pub warn: usize,
    /// Lines that tell of errors.
    pub error: usize,
    /// Lines that make no sense.
    pub broken: usize,
}

/// Counts the lines of a log.
pub fn count(log: &str) -> Counts {
    let mut counts = Counts::default();
    for text in log.lines().filter(|text| !text.trim().is_empty()) {
        match text.parse::<Line>().map(|line| line.level) {
            Ok(Level::Info) => counts.info += 1,
            Ok(Level::Warn) => counts.warn += 1,
            Ok(Level::Error) => counts.error += 1,
            Err(_) => counts.broken += 1,
        }
    }
    counts
}

/// How long the log took from its first to its last line, in seconds.
pub fn span(log: &str) -> u64 {
    let mut lines = log.lines().filter_map(|text| text.parse::<Line>().ok());
    match (lines.next(), lines.next_back()) {
        (Some(first), Some(last)) => last.second.saturating_sub(first.second),
        _ => 0,
    }
}
""",
    "src/line.rs": """\
//! One line of a log.

use std::fmt;
use std::str::FromStr;

/// How bad a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// It only informs.
    Info,
    /// It warns.
    Warn,
    /// It tells of an error.
    Error,
}

/// A line: a second, a level, and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it was written.
    pub second: u64,
    /// How bad it is.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// Why a text is no line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineError {
    /// It does not start with a number.
    NoSecond,
    /// Its level is missing or unknown.
    NoLevel,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LineError::NoSecond => "the line does not start with a second",
            LineError::NoLevel => "the line has no level",
        })
    }
}

impl std::error::Error for LineError {}

impl FromStr for Line {
    type Err = LineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut words = text.trim().splitn(3, ' ');
        let second = words
            .next()
            .and_then(|word| word.parse().ok())
            .ok_or(LineError::NoSecond)?;
        let level = match words.next() {
            Some("INFO") => Level::Info,
            Some("WARN") => Level::Warn,
            Some("ERROR") => Level::Error,
            _ => return Err(LineError::NoLevel),
        };
        let text = words.next().unwrap_or_default().to_string();
        Ok(Self {
            second,
            level,
            text,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_three_parts() {
        let line = Line {
            second: 12,
            level: Level::Warn,
            text: "disk is nearly full".to_string(),
        };
        assert_eq!("12 WARN disk is nearly full".parse(), Ok(line));
    }

    #[test]
    fn broken_lines_say_why() {
        assert_eq!("x INFO".parse::<Line>(), Err(LineError::NoSecond));
        assert_eq!("3 LOUD".parse::<Line>(), Err(LineError::NoLevel));
        assert_eq!("3".parse::<Line>(), Err(LineError::NoLevel));
    }
}
""",
    "src/main.rs": """\
//! `tally FILE`: counts what a log says.

use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(path) = std::env::args_os().nth(1) else {
        eprintln!("usage: tally FILE");
        return ExitCode::from(2);
    };
    match std::fs::read_to_string(&path) {
        Ok(log) => {
            let counts = tally::count(&log);
            println!(
                "info {}, warn {}, error {}",
                counts.info, counts.warn, counts.error
            );
            if counts.broken > 0 {
                eprintln!("{} lines make no sense", counts.broken);
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}: {error}", path.to_string_lossy());
            ExitCode::FAILURE
        }
    }
}
""",
    "tests/data/small.log": """\
1 INFO started
4 WARN slow
9 ERROR lost
10 INFO stopped
what is this
""",
    "tests/program.rs": """\
//! The program from outside.

use std::process::{Command, Output};

fn tally(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tally"))
        .args(args)
        .output()
        .expect("the program starts")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn levels_are_counted() {
    let output = tally(&["tests/data/small.log"]);
    assert!(output.status.success());
    assert_eq!(said(&output), "info 2, warn 1, error 1\\n");
    assert_eq!(
        String::from_utf8_lossy(&output.stderr),
        "1 lines make no sense\\n"
    );
}

#[test]
fn a_missing_file_is_an_error() {
    let output = tally(&["tests/data/none.log"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).is_empty());
}

#[test]
fn wrong_use_has_its_own_code() {
    assert_eq!(tally(&[]).status.code(), Some(2));
}
""",
    "tests/span.rs": """\
//! How long logs take.

#[test]
fn a_log_lasts_from_first_to_last() {
    assert_eq!(tally::span("3 INFO a\\n5 INFO b\\n9 WARN c"), 6);
    assert_eq!(tally::span("3 INFO a"), 0);
    assert_eq!(tally::span(""), 0);
}
""",
}
