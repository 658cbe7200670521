"""The Rust module that chooses, while a test runs, which of the wrong versions of a file's code is active."""

from __future__ import annotations

from typing import Final

from ironwright.gates.mutation.named_types import BY_NAME, NOT_BY_NAME

MODULE: Final = "ironwright_mutants"
CHOICE: Final = "IRONWRIGHT_MUTANT"
"""The environment variable that says what is active: a kind's letter or a number, then ``!`` for "die"."""

# What a value's type allows to be changed is chosen by the compiler: of the probes, the one with the fewest
# dereferences left that fits wins. Every `changed` gives back another value, never an equal one; where there
# is none it gives the same value back and says so.
_SOURCE: Final = """
#[doc(hidden)]
#[allow(warnings, unsafe_code)]
mod ironwright_mutants {
    extern crate std as host;
    use self::host::prelude::v1::*;
    use self::host::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
    use self::host::sync::OnceLock;

    static CHOICE: OnceLock<(char, u32, bool)> = OnceLock::new();

    fn choice() -> &'static (char, u32, bool) {
        CHOICE.get_or_init(|| {
            let text = self::host::env::var("IRONWRIGHT_MUTANT").unwrap_or_default();
            let (text, dies) = match text.strip_suffix('!') {
                Some(rest) => (rest, true),
                None => (text.as_str(), false),
            };
            match text.parse::<u32>() {
                Ok(number) => ('#', number, dies),
                Err(_) => (text.chars().next().unwrap_or('-'), 0, dies),
            }
        })
    }

    fn active(kind: char, number: u32) -> bool {
        let (wanted, chosen, _) = *choice();
        wanted == kind || (wanted == '#' && chosen == number)
    }

    fn reached() {
        if choice().2 {
            self::host::process::abort();
        }
    }

    pub fn on(kind: char, number: u32) -> bool {
        let on = active(kind, number);
        if on {
            reached();
        }
        on
    }

    pub fn change<T>(
        kind: char,
        number: u32,
        value: T,
        changed: impl FnOnce(T) -> Result<T, T>,
    ) -> T {
        if !active(kind, number) {
            return value;
        }
        match changed(value) {
            Ok(other) => {
                reached();
                other
            }
            Err(same) => same,
        }
    }

    pub trait Change: Sized {
        fn changed(self) -> Result<Self, Self>;
    }

    macro_rules! integers {
        ($($name:ty)*) => {$(
            impl Change for $name {
                fn changed(self) -> Result<Self, Self> {
                    Ok(self.wrapping_add(1))
                }
            }
        )*};
    }
    integers!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize);

    macro_rules! floats {
        ($($name:ty)*) => {$(
            impl Change for $name {
                fn changed(self) -> Result<Self, Self> {
                    Ok(if self.is_finite() { self * 2.0 + 1.5 } else { 1.5 })
                }
            }
        )*};
    }
    floats!(f32 f64);

    impl Change for bool {
        fn changed(self) -> Result<Self, Self> {
            Ok(!self)
        }
    }

    impl Change for char {
        fn changed(self) -> Result<Self, Self> {
            Ok(if self == 'x' { 'y' } else { 'x' })
        }
    }

    impl Change for String {
        fn changed(self) -> Result<Self, Self> {
            Ok(if self.is_empty() { String::from("mutant") } else { String::new() })
        }
    }

    impl Change for &str {
        fn changed(self) -> Result<Self, Self> {
            Ok(if self.is_empty() { "mutant" } else { "" })
        }
    }

    impl<T> Change for &[T] {
        fn changed(self) -> Result<Self, Self> {
            if self.is_empty() { Err(self) } else { Ok(&self[..0]) }
        }
    }

    impl Change for self::host::time::Duration {
        fn changed(self) -> Result<Self, Self> {
            let second = self::host::time::Duration::from_secs(1);
            Ok(self.checked_add(second).unwrap_or(second))
        }
    }

    impl Change for self::host::time::Instant {
        fn changed(self) -> Result<Self, Self> {
            Ok(self + self::host::time::Duration::from_secs(3600))
        }
    }

    impl Change for self::host::time::SystemTime {
        fn changed(self) -> Result<Self, Self> {
            Ok(self + self::host::time::Duration::from_secs(3600))
        }
    }

    impl Change for self::host::path::PathBuf {
        fn changed(self) -> Result<Self, Self> {
            Ok(self.join("mutant"))
        }
    }

    impl Change for self::host::cmp::Ordering {
        fn changed(self) -> Result<Self, Self> {
            use self::host::cmp::Ordering::{Equal, Less};
            Ok(if self == Equal { Less } else { self.reverse() })
        }
    }

    impl<T: Change> Change for Box<T> {
        fn changed(self) -> Result<Self, Self> {
            (*self).changed().map(Box::new).map_err(Box::new)
        }
    }

    impl<T: Change> Change for Option<T> {
        fn changed(self) -> Result<Self, Self> {
            match self {
                Some(value) => value.changed().map(Some).map_err(Some),
                None => Err(None),
            }
        }
    }

    impl<T: Change, E: Change> Change for Result<T, E> {
        fn changed(self) -> Result<Self, Self> {
            match self {
                Ok(value) => value.changed().map(Ok).map_err(Ok),
                Err(error) => error.changed().map(Err).map_err(Err),
            }
        }
    }

    impl<T: Change> Change for self::host::task::Poll<T> {
        fn changed(self) -> Result<Self, Self> {
            use self::host::task::Poll::{Pending, Ready};
            match self {
                Ready(value) => value.changed().map(Ready).map_err(Ready),
                Pending => Err(Pending),
            }
        }
    }

    impl<A: Change, B> Change for (A, B) {
        fn changed(self) -> Result<Self, Self> {
            let (first, second) = self;
            match first.changed() {
                Ok(first) => Ok((first, second)),
                Err(first) => Err((first, second)),
            }
        }
    }

    macro_rules! collections {
        ($(($name:ident $($kind:ident)*))*) => {$(
            impl<$($kind),*> Change for $name<$($kind),*> {
                fn changed(mut self) -> Result<Self, Self> {
                    if self.is_empty() {
                        return Err(self);
                    }
                    self.clear();
                    Ok(self)
                }
            }
        )*};
    }
    collections!((Vec T) (VecDeque T) (HashMap K V S) (HashSet T S));

    impl<K: Ord, V> Change for BTreeMap<K, V> {
        fn changed(mut self) -> Result<Self, Self> {
            if self.is_empty() { Err(self) } else { self.clear(); Ok(self) }
        }
    }

    impl<T: Ord> Change for BTreeSet<T> {
        fn changed(mut self) -> Result<Self, Self> {
            if self.is_empty() { Err(self) } else { self.clear(); Ok(self) }
        }
    }

    pub trait Make {
        fn make() -> Self;
    }

    macro_rules! made_by_default {
        ($($name:ty)*) => {$(
            impl Make for $name {
                fn make() -> Self {
                    Default::default()
                }
            }
        )*};
    }
    made_by_default!(
        () u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char String &str
        self::host::fmt::Error self::host::time::Duration self::host::path::PathBuf
    );

    impl<T> Make for Vec<T> {
        fn make() -> Self {
            Vec::new()
        }
    }

    impl<T> Make for Option<T> {
        fn make() -> Self {
            None
        }
    }

    impl<T: Make> Make for Box<T> {
        fn make() -> Self {
            Box::new(T::make())
        }
    }

    impl Make for Box<dyn self::host::error::Error> {
        fn make() -> Self {
            "mutant".into()
        }
    }

    impl Make for Box<dyn self::host::error::Error + Send + Sync> {
        fn make() -> Self {
            "mutant".into()
        }
    }

    impl Make for self::host::io::Error {
        fn make() -> Self {
            self::host::io::Error::new(self::host::io::ErrorKind::Other, "mutant")
        }
    }

    impl<A: Make, B: Make> Make for (A, B) {
        fn make() -> Self {
            (A::make(), B::make())
        }
    }

    pub struct Probe<'a, T>(pub &'a T);

    macro_rules! ways {
        ($method:ident: $(
            $way:ident $name:ident [$($generics:tt)*] ($probe:ty) ($value:ty) $given:ident => $body:expr;
        )*) => {$(
            pub struct $name;
            pub trait $way {
                fn $method(&self) -> $name {
                    $name
                }
            }
            impl<$($generics)*> $way for $probe {}
            impl $name {
                pub fn changed<$($generics)*>(self, $given: $value) -> Result<$value, $value> {
                    $body
                }
            }
        )*};
    }

    ways! { way:
        AsWhole Whole [T: Change] (&&&&&Probe<'_, T>) (T) value => value.changed();
        AsOk InOk [T: Change, E] (&&&&Probe<'_, Result<T, E>>) (Result<T, E>) value => match value {
            Ok(value) => value.changed().map(Ok).map_err(Ok),
            Err(error) => Err(Err(error)),
        };
        AsErr InErr [T, E: Change] (&&&Probe<'_, Result<T, E>>) (Result<T, E>) value => match value {
            Err(error) => error.changed().map(Err).map_err(Err),
            Ok(value) => Err(Ok(value)),
        };
        AsOther Other [T: Default + PartialEq] (&&Probe<'_, T>) (T) value => {
            let other = T::default();
            if other == value { Err(value) } else { Ok(other) }
        };
        AsNamed Named [T] (&Probe<'_, T>) (T) value => by_name(value);
    }

    ways! { turn:
        TurnsBoth Both [T: Make, E: Make] (&&&&&Probe<'_, Result<T, E>>) (Result<T, E>) value => match value {
            Ok(_) => Ok(Err(E::make())),
            Err(_) => Ok(Ok(T::make())),
        };
        TurnsOk ToErr [T, E: Make] (&&&&Probe<'_, Result<T, E>>) (Result<T, E>) value => match value {
            Ok(_) => Ok(Err(E::make())),
            Err(error) => Err(Err(error)),
        };
        TurnsErr ToOk [T: Make, E] (&&&Probe<'_, Result<T, E>>) (Result<T, E>) value => match value {
            Err(_) => Ok(Ok(T::make())),
            Ok(value) => Err(Ok(value)),
        };
        TurnsNone ToSome [T: Make] (&&Probe<'_, Option<T>>) (Option<T>) value => match value {
            Some(_) => Ok(None),
            None => Ok(Some(T::make())),
        };
        TurnsSome ToNone [T] (&Probe<'_, Option<T>>) (Option<T>) value => match value {
            Some(_) => Ok(None),
            None => Err(None),
        };
        TurnsNot Neither [T] (Probe<'_, T>) (T) value => Err(value);
    }
"""

_TYPES: Final = """
#[doc(hidden)]
#[allow(warnings)]
mod ironwright_types {
    use super::ironwright_mutants::{by_name, Change, Make};
    use super::*;
"""


def support(unsafe_code: bool) -> bytes:
    """What goes behind a file's text; implementations of ``Change`` for its own types and ``}`` follow.

    Args:
        unsafe_code: Whether the crate may hold unsafe code.
    """
    return f"\n{_SOURCE}{BY_NAME if unsafe_code else NOT_BY_NAME}}}\n{_TYPES}".encode()
