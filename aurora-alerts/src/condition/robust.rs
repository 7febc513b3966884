/// Makes a median absolute deviation comparable to a standard deviation: the 0.75 quantile of the normal distribution.
const MEDIAN: f64 = 0.6745;
/// The same for a mean absolute deviation: √(π ÷ 2).
const MEAN: f64 = 1.253_314;

/// The robust z-score of a value among others; `None` without others. `values` are put in another order.
///
/// `0.6745 × (value − median) ÷ MAD` (Iglewicz and Hoaglin, 1993). Where more than half of the others are equal, the
/// MAD is zero, and the mean absolute deviation takes its place: `(value − median) ÷ (1.2533 × mean deviation)`. Where
/// all are equal, an equal value scores zero and any other an infinity.
pub(crate) fn robust_score(value: f64, values: &mut [f64]) -> Option<f64> {
    let median = median(values)?;
    let distance = value - median;
    for value in values.iter_mut() {
        *value = (*value - median).abs();
    }
    let deviation = self::median(values)?;
    if deviation > 0.0 {
        return Some(MEDIAN * distance / deviation);
    }
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    Some(ratio(distance, MEAN * mean))
}

/// A distance in units of a deviation, also where there is none.
pub(crate) fn ratio(distance: f64, deviation: f64) -> f64 {
    if distance == 0.0 {
        0.0
    } else {
        // An infinity of the right sign where the deviation is zero.
        distance / deviation.abs()
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if !even {
        return Some(upper);
    }
    let lower = below.iter().copied().reduce(f64::max)?;
    Some(lower + (upper - lower) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(value: f64, values: &[f64]) -> f64 {
        robust_score(value, &mut values.to_vec()).unwrap()
    }

    #[test]
    fn scores_are_those_reckoned_by_hand() {
        // Median 5, deviations 4 1 0 1 4, MAD 1.
        let odd = [1.0, 4.0, 5.0, 6.0, 9.0];
        assert_eq!(score(9.0, &odd), 0.6745 * 4.0);
        assert_eq!(score(1.0, &odd), 0.6745 * -4.0);
        assert_eq!(score(5.0, &odd), 0.0);
        // Median (2 + 4) ÷ 2 = 3, deviations 2 1 1 5, MAD (1 + 2) ÷ 2 = 1.5.
        assert_eq!(score(6.0, &[1.0, 8.0, 2.0, 4.0]), 0.6745 * 3.0 / 1.5);
    }

    #[test]
    fn where_most_are_equal_the_mean_deviation_decides() {
        // Median 5, deviations 0 0 0 2 2, MAD 0, mean deviation 0.8.
        let flat = [5.0, 5.0, 5.0, 7.0, 3.0];
        assert!((score(7.0, &flat) - 2.0 / (1.253_314 * 0.8)).abs() < 1e-12);
        assert_eq!(score(5.0, &flat), 0.0);
        assert_eq!(score(5.1, &[5.0; 4]), f64::INFINITY);
        assert_eq!(score(4.9, &[5.0; 4]), f64::NEG_INFINITY);
        assert_eq!(score(5.0, &[5.0; 4]), 0.0);
        assert_eq!(robust_score(1.0, &mut []), None);
    }
}
