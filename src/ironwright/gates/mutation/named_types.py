"""The Rust function that makes other values where a type is a parameter, by what the type is called."""

from __future__ import annotations

from typing import Final

# Of a value whose type is a parameter only the name tells what it is: plain values, also in arrays, are
# changed in place. A crate that forbids unsafe code does without.
BY_NAME: Final = """
    pub fn by_name<T>(mut value: T) -> Result<T, T> {
        fn changed_at<P: Change>(place: *mut u8) -> bool {
            let place = place as *mut P;
            // SAFETY: the caller has compared the type's name; what is read is written back.
            let (value, other) = match unsafe { place.read() }.changed() {
                Ok(value) => (value, true),
                Err(value) => (value, false),
            };
            unsafe { place.write(value) };
            other
        }
        let name = self::host::any::type_name::<T>();
        let element = name.trim_start_matches('[').split(';').next().unwrap_or(name);
        let place = &mut value as *mut T as *mut u8;
        let mut other = false;
        macro_rules! plain {
            ($($kind:ty)*) => {$(
                let alone = self::host::any::type_name::<$kind>();
                let perhaps = self::host::any::type_name::<Option<$kind>>();
                if self::host::mem::size_of::<T>() > 0 && element == alone {
                    other = changed_at::<$kind>(place);
                } else if name == perhaps {
                    other = changed_at::<Option<$kind>>(place);
                }
            )*};
        }
        plain!(u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char String &str);
        if other { Ok(value) } else { Err(value) }
    }
"""
NOT_BY_NAME: Final = """
    pub fn by_name<T>(value: T) -> Result<T, T> {
        Err(value)
    }
"""
