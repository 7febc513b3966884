//! Statements about many rows at once.

/// Parameters a statement: both databases take more.
const PARAMETERS: usize = 4_000;

/// How many rows of a width go into one statement.
pub(super) const fn rows(width: usize) -> usize {
    PARAMETERS / width
}

/// `($1, $2), ($3, $4)`
pub(super) fn values(rows: usize, width: usize) -> String {
    let groups: Vec<String> = (0..rows)
        .map(|row| format!("({})", places(row * width + 1, width)))
        .collect();
    groups.join(", ")
}

/// `$3, $4, $5`
pub(super) fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|place| format!("${place}")).collect();
    places.join(", ")
}
