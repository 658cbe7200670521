//! What the crate promises today.

use durations::{parse, ParseError};
use std::time::Duration;

#[test]
fn reads_seconds_minutes_and_hours() {
    assert_eq!(parse("90s"), Ok(Duration::from_secs(90)));
    assert_eq!(parse("5m"), Ok(Duration::from_secs(300)));
    assert_eq!(parse("2h"), Ok(Duration::from_secs(7_200)));
}

#[test]
fn refuses_what_is_no_duration() {
    assert_eq!(parse(""), Err(ParseError::Number));
    assert_eq!(parse("h"), Err(ParseError::Number));
    assert_eq!(parse("5"), Err(ParseError::Unit));
    assert_eq!(parse("5 parsecs"), Err(ParseError::Unit));
}
