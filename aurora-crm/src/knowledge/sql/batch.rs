//! Statements about many rows at once.

/// Parameters a statement: both databases take more.
const PARAMETERS: usize = 4_000;

/// How many rows of a width go into one statement.
pub(super) const fn rows(width: usize) -> usize {
    PARAMETERS / width
}
