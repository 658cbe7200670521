"""A library of money: one file, unit tests."""

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
