//! Vectors in memory: one matrix for each scope, scanned exactly.

mod cache;
mod matrix;
#[cfg(test)]
mod tests;

pub(super) use self::cache::Matrices;
pub(super) use self::matrix::{Matrix, Packed, pack};
