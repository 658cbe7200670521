//! Reads durations the way people write them: `90s`, `5m`, `2h`.

mod error;

pub use error::ParseError;
use std::time::Duration;

/// Reads a duration such as `90s`, `5m` or `2h`.
///
/// # Parameters
///
/// * `text` - a whole number followed by its unit: `s`, `m` or `h`.
///
/// # Returns
///
/// The duration that the text names.
///
/// # Errors
///
/// [`ParseError`] says whether the number, the unit or the length is wrong.
///
/// # Performance
///
/// One pass over the text; nothing is allocated.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(durations::parse("5m"), Ok(Duration::from_secs(300)));
/// ```
pub fn parse(text: &str) -> Result<Duration, ParseError> {
    let split = text
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let count: u64 = number.parse().map_err(|_| ParseError::Number)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(ParseError::Unit),
    };
    let total = count.checked_mul(seconds).ok_or(ParseError::TooLong)?;
    Ok(Duration::from_secs(total))
}
