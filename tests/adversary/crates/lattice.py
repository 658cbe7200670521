"""Generic tables over anything that can be added and multiplied: traits, associated types, const generics."""

from __future__ import annotations

from typing import Final

LATTICE: Final = {
    "Cargo.toml": """\
[package]
name = "lattice"
version = "0.1.0"
edition = "2021"
""",
    "src/lib.rs": """\
//! Tables of numbers whose sizes the compiler knows.

pub mod gather;

use std::ops::{Add, Mul};

/// What can be added and multiplied.
pub trait Ring: Copy + PartialEq + Add<Output = Self> + Mul<Output = Self> {
    /// What changes nothing when added.
    const ZERO: Self;
    /// What changes nothing when multiplied.
    const ONE: Self;
}

impl Ring for i64 {
    const ZERO: Self = 0;
    const ONE: Self = 1;
}

impl Ring for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
}

/// A table of rows and columns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Table<T, const R: usize, const C: usize> {
    cells: [[T; C]; R],
}

impl<T: Ring, const R: usize, const C: usize> Table<T, R, C> {
    /// A table of these rows.
    pub fn new(cells: [[T; C]; R]) -> Self {
        Self { cells }
    }

    /// One cell; None outside the table.
    pub fn get(&self, row: usize, column: usize) -> Option<T> {
        self.cells.get(row)?.get(column).copied()
    }

    /// The table with rows for columns.
    pub fn turned(&self) -> Table<T, C, R> {
        Table::new(std::array::from_fn(|row| {
            std::array::from_fn(|column| self.cells[column][row])
        }))
    }

    /// The product with another table.
    pub fn times<const K: usize>(&self, other: &Table<T, C, K>) -> Table<T, R, K> {
        let mut cells = [[T::ZERO; K]; R];
        for (row, out) in cells.iter_mut().enumerate() {
            for (column, cell) in out.iter_mut().enumerate() {
                for inner in 0..C {
                    *cell = *cell + self.cells[row][inner] * other.cells[inner][column];
                }
            }
        }
        Table::new(cells)
    }
}

impl<T: Ring, const N: usize> Table<T, N, N> {
    /// The table that changes nothing when multiplied.
    pub fn one() -> Self {
        let mut cells = [[T::ZERO; N]; N];
        for (at, row) in cells.iter_mut().enumerate() {
            row[at] = T::ONE;
        }
        Self::new(cells)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn turning_swaps_rows_and_columns() {
        let table = Table::new([[1, 2, 3], [4, 5, 6]]);
        assert_eq!(table.turned(), Table::new([[1, 4], [2, 5], [3, 6]]));
    }

    #[test]
    fn one_changes_nothing() {
        let table = Table::new([[1, 2], [3, 4]]);
        assert_eq!(table.times(&Table::one()), table);
    }

    #[test]
    fn products_are_sums_of_products() {
        let left = Table::new([[1, 2], [3, 4]]);
        let right = Table::new([[5], [6]]);
        assert_eq!(left.times(&right), Table::new([[17], [39]]));
    }

    #[test]
    fn fractions_are_close() {
        let halves = Table::new([[0.5, 0.1]]);
        let sum = halves.times(&Table::new([[0.2], [2.0]]));
        assert!(close(sum.get(0, 0).unwrap_or(f64::NAN), 0.3));
        assert_eq!(sum.get(1, 0), None);
    }
}
""",
    "src/gather.rs": """\
//! Walks over items that keep what they have learned.

/// Something that sees items one by one and answers at the end.
pub trait Gather<T> {
    /// What it answers.
    type Answer;

    /// Sees one more item.
    fn see(&mut self, item: &T);

    /// The answer after all of them.
    fn answer(self) -> Self::Answer;
}

/// The largest item; None without any.
#[derive(Debug, Default)]
pub struct Largest<T>(Option<T>);

impl<T: PartialOrd + Clone> Gather<T> for Largest<T> {
    type Answer = Option<T>;

    fn see(&mut self, item: &T) {
        if self.0.as_ref().is_none_or(|known| item > known) {
            self.0 = Some(item.clone());
        }
    }

    fn answer(self) -> Self::Answer {
        self.0
    }
}

/// Shows every item to a gatherer.
pub fn over<'a, T: 'a, G: Gather<T>>(
    items: impl IntoIterator<Item = &'a T>,
    mut with: G,
) -> G::Answer {
    for item in items {
        with.see(item);
    }
    with.answer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_found() {
        assert_eq!(over(&[3, 9, 4], Largest::default()), Some(9));
        assert_eq!(over(&[], Largest::<u8>::default()), None);
    }
}
""",
}
