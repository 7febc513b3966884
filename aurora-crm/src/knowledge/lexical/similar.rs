//! Words that are nearly the same, and questions that are.

/// The terms nearest to one that nobody wrote, at most three: one slip of the fingers in four to seven letters, two in more.
pub(in super::super) fn alike<'t>(term: &str, known: &'t [(String, i64)]) -> Vec<&'t str> {
    let letters: Vec<char> = term.chars().collect();
    let most = match letters.len() {
        0..=3 => return Vec::new(),
        4..=7 => 1,
        _ => 2,
    };
    let mut near: Vec<(usize, i64, &str)> = known
        .iter()
        .filter_map(|(word, chunks)| {
            let other: Vec<char> = word.chars().collect();
            let slips = slips(&letters, &other, most)?;
            Some((slips, -chunks, word.as_str()))
        })
        .collect();
    near.sort_unstable();
    near.into_iter().take(3).map(|(_, _, word)| word).collect()
}

/// How many letters are added, missing, other or swapped with their neighbour (optimal string alignment); `None` above `most`.
fn slips(one: &[char], other: &[char], most: usize) -> Option<usize> {
    if one.len().abs_diff(other.len()) > most {
        return None;
    }
    let width = other.len() + 1;
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..width).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut line = Vec::with_capacity(width);
        line.push(row + 1);
        for (column, wanted) in other.iter().enumerate() {
            let at = |line: &[usize], column: usize| line.get(column).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&above, column) + usize::from(letter != wanted);
            let mut least = replaced
                .min(at(&above, column + 1) + 1)
                .min(at(&line, column) + 1);
            let is_swapped = row > 0
                && column > 0
                && one.get(row - 1) == Some(wanted)
                && other.get(column - 1) == Some(letter);
            if is_swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            line.push(least);
        }
        before = std::mem::replace(&mut above, line);
    }
    above.last().copied().filter(|slips| *slips <= most)
}

/// How alike two questions are, 0 to 1: the terms that both have among those that one has (Jaccard). Both are sorted.
pub(in super::super) fn likeness(one: &[String], other: &[String]) -> f64 {
    let both = one
        .iter()
        .filter(|term| other.binary_search(term).is_ok())
        .count();
    let either = one.len() + other.len() - both;
    if either == 0 {
        0.0
    } else {
        small(both) / small(either)
    }
}

fn small(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
