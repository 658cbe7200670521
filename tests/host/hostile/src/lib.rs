//! A crate that means harm.
