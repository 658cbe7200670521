//! What can be wrong with a written duration.

use std::fmt;

/// Why a text is no duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParseError {
    /// There is no whole number where one belongs.
    Number,
    /// The unit is missing or not one that is known.
    Unit,
    /// The duration is longer than a `Duration` can hold.
    TooLong,
}

impl fmt::Display for ParseError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Number => "expected a whole number",
            Self::Unit => "expected a unit: s, m or h",
            Self::TooLong => "the duration is too long",
        })
    }
}

impl std::error::Error for ParseError {}
