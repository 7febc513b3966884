//! The parameters of statements that are about as many rows as there happen to be.

use std::fmt::Write as _;

/// `$3, $4, $5`: `count` of them.
pub(crate) fn places(first: usize, count: usize) -> String {
    let mut text = String::with_capacity(count * 6);
    for place in first..first + count {
        let comma = if place == first { "" } else { ", " };
        write!(text, "{comma}${place}").unwrap_or_default();
    }
    text
}

/// `($1, $2), ($3, $4)`
pub(crate) fn values(rows: usize, width: usize) -> String {
    let groups: Vec<String> = (0..rows)
        .map(|row| format!("({})", places(row * width + 1, width)))
        .collect();
    groups.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_counted_on_from_row_to_row() {
        assert_eq!(places(3, 3), "$3, $4, $5");
        assert_eq!(places(2, 0), "");
        assert_eq!(values(2, 2), "($1, $2), ($3, $4)");
        assert_eq!(values(1, 1), "($1)");
        assert_eq!(values(0, 4), "");
    }
}
