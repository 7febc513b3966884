use aurora_core::time::Timestamp;

/// What is made of the samples of a window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub enum Aggregate {
    /// The last sample.
    #[default]
    Last,
    /// The arithmetic mean.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The sum.
    Sum,
    /// How many samples there are.
    Count,
    /// How much a counter grew per second from the first to the last sample; a counter that begins anew is no decrease.
    /// It takes two samples of different instants.
    Rate,
    /// A percentile by nearest rank, 0 to 100.
    Percentile(f64),
}

impl Aggregate {
    /// What it makes of samples, oldest first; `None` where there are too few. `sorting` is room to sort in.
    pub(crate) fn of(self, samples: &[(Timestamp, f64)], sorting: &mut Vec<f64>) -> Option<f64> {
        let (_, last) = samples.last()?;
        let values = samples.iter().map(|(_, value)| *value);
        match self {
            Self::Last => Some(*last),
            Self::Mean => Some(values.sum::<f64>() / samples.len() as f64),
            Self::Min => values.reduce(f64::min),
            Self::Max => values.reduce(f64::max),
            Self::Sum => Some(values.sum()),
            Self::Count => Some(samples.len() as f64),
            Self::Rate => rate(samples),
            Self::Percentile(percent) => {
                sorting.clear();
                sorting.extend(values);
                sorting.sort_unstable_by(f64::total_cmp);
                percentile(sorting, percent)
            }
        }
        // Sums of finite numbers can leave the range of numbers.
        .filter(|value| value.is_finite())
    }
}

fn rate(samples: &[(Timestamp, f64)]) -> Option<f64> {
    let ((first_at, _), (last_at, _)) = (samples.first()?, samples.last()?);
    let seconds = last_at.since(*first_at).as_secs_f64();
    if seconds <= 0.0 {
        return None;
    }
    let steps = samples.iter().zip(samples.iter().skip(1));
    let grown: f64 = steps
        .map(|((_, before), (_, after))| if after < before { *after } else { after - before })
        .sum();
    Some(grown / seconds)
}

/// The smallest value that `percent` of all values do not exceed.
fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let count = sorted.len() as f64;
    let ranks = 1..sorted.len();
    let below = ranks.take_while(|rank| (*rank as f64) * 100.0 < percent * count);
    sorted.get(below.count()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[(i64, f64)]) -> Vec<(Timestamp, f64)> {
        let at = |secs| Timestamp::from_secs(secs);
        values.iter().map(|(secs, value)| (at(*secs), *value)).collect()
    }

    #[test]
    fn aggregates_are_those_reckoned_by_hand() {
        let window = samples(&[(0, 4.0), (10, 1.0), (20, 3.0), (30, 8.0), (40, 4.0)]);
        let table = [
            (Aggregate::Last, 4.0),
            (Aggregate::Mean, 4.0),
            (Aggregate::Min, 1.0),
            (Aggregate::Max, 8.0),
            (Aggregate::Sum, 20.0),
            (Aggregate::Count, 5.0),
            // 4 → 1 began anew (+1), +2, +5, 8 → 4 began anew (+4): 12 in 40 s
            (Aggregate::Rate, 0.3),
            // sorted: 1 3 4 4 8
            (Aggregate::Percentile(0.0), 1.0),
            (Aggregate::Percentile(20.0), 1.0),
            (Aggregate::Percentile(20.1), 3.0),
            (Aggregate::Percentile(50.0), 4.0),
            (Aggregate::Percentile(80.0), 4.0),
            (Aggregate::Percentile(95.0), 8.0),
            (Aggregate::Percentile(100.0), 8.0),
        ];
        for (aggregate, expected) in table {
            assert_eq!(
                aggregate.of(&window, &mut Vec::new()),
                Some(expected),
                "{aggregate:?}"
            );
        }
    }

    #[test]
    fn nothing_is_made_of_too_few_samples() {
        let mut room = Vec::new();
        for aggregate in [Aggregate::Last, Aggregate::Count, Aggregate::Sum, Aggregate::Rate] {
            assert_eq!(aggregate.of(&[], &mut room), None, "{aggregate:?}");
        }
        assert_eq!(Aggregate::Rate.of(&samples(&[(1, 5.0)]), &mut room), None);
        assert_eq!(
            Aggregate::Rate.of(&samples(&[(1, 5.0), (1, 6.0)]), &mut room),
            None,
            "no time has passed"
        );
        assert_eq!(
            Aggregate::Sum.of(&samples(&[(1, f64::MAX), (2, f64::MAX)]), &mut room),
            None
        );
    }
}
