//! Where a lead lies within its stage: whole numbers with room between them.

/// The room that is left beside a lead that comes last or first, and between all of them when a stage is renumbered.
pub(super) const GAP: i64 = 1 << 20;

/// A position between two neighbours of which either may be missing; `None` when there is no room.
pub(super) const fn between(before: Option<i64>, after: Option<i64>) -> Option<i64> {
    match (before, after) {
        (None, None) => Some(0),
        (Some(before), None) => before.checked_add(GAP),
        (None, Some(after)) => after.checked_sub(GAP),
        (Some(before), Some(after)) => match after.checked_sub(before) {
            Some(room) if room >= 2 => Some(before + room / 2),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{GAP, between};

    proptest! {
        /// The same insertions into a list, and into numbers that are renumbered when there is no room.
        #[test]
        fn numbers_keep_the_order_of_a_list(places in proptest::collection::vec(0_usize..200, 1..200)) {
            let mut list: Vec<usize> = Vec::new();
            let mut numbers: Vec<(i64, usize)> = Vec::new();
            for (name, place) in places.into_iter().enumerate() {
                let place = place.min(list.len());
                list.insert(place, name);
                let mut neighbours = (
                    place.checked_sub(1).map(|before| numbers[before].0),
                    numbers.get(place).map(|after| after.0),
                );
                let position = between(neighbours.0, neighbours.1).unwrap_or_else(|| {
                    for (index, number) in numbers.iter_mut().enumerate() {
                        number.0 = GAP * i64::try_from(index).unwrap();
                    }
                    neighbours = (Some(numbers[place - 1].0), Some(numbers[place].0));
                    between(neighbours.0, neighbours.1).unwrap()
                });
                numbers.push((position, name));
                numbers.sort_unstable();
                let order: Vec<usize> = numbers.iter().map(|(_, name)| *name).collect();
                prop_assert_eq!(&order, &list);
            }
        }
    }
}
