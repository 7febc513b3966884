use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::robust::ratio;

/// What an unusual value weighs where nothing has varied so far, and so no limit is known.
const UNUSUAL_WEIGHT: f64 = 0.1;

/// What was learned of one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Learned {
    /// Mean and variance of all samples.
    Ewma(Moments),
    /// Mean and variance for each slot of a period.
    Seasonal { slots: Vec<Moments> },
    /// The series has reported, so that it is missed when it does so no more.
    Heartbeat,
}

/// Exponentially weighted mean and variance.
///
/// The weight of a sample halves with every half-life that passes. Samples of the same instant weigh the same, whatever
/// the distance between samples is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Moments {
    at: Option<Timestamp>,
    count: u32,
    weight: f64,
    mean: f64,
    /// The weighted sum of squared distances from the mean.
    spread: f64,
}

impl Moments {
    /// How many samples it has learned.
    pub(crate) const fn count(&self) -> u32 {
        self.count
    }

    pub(crate) fn deviation(&self) -> f64 {
        if self.weight > 0.0 {
            (self.spread / self.weight).max(0.0).sqrt()
        } else {
            0.0
        }
    }

    /// How many standard deviations a value is from the mean.
    pub(crate) fn score(&self, value: f64) -> f64 {
        ratio(value - self.mean, self.deviation())
    }

    /// Learns a usual value.
    pub(crate) fn learn(&mut self, value: f64, at: Timestamp, half_life: Duration) {
        self.add(value, 1.0, at, half_life);
    }

    /// Learns an unusual value without being thrown by it: as if it lay just at the limit.
    pub(crate) fn learn_unusual(&mut self, value: f64, limit: f64, at: Timestamp, half_life: Duration) {
        let reach = limit * self.deviation();
        if reach > 0.0 {
            let near = value.clamp(self.mean - reach, self.mean + reach);
            self.add(near, 1.0, at, half_life);
        } else {
            self.add(value, UNUSUAL_WEIGHT, at, half_life);
        }
    }

    fn add(&mut self, value: f64, weight: f64, at: Timestamp, half_life: Duration) {
        let passed = self.at.map_or(Duration::ZERO, |last| at.since(last));
        let decay = (-passed.as_secs_f64() / half_life.as_secs_f64()).exp2();
        let total = self.weight * decay + weight;
        let before = value - self.mean;
        let mean = self.mean + before * weight / total;
        let spread = self.spread * decay + weight * before * (value - mean);
        if !mean.is_finite() || !spread.is_finite() {
            return; // squares of huge numbers leave the range of numbers
        }
        *self = Self {
            at: Some(at),
            count: self.count.saturating_add(1),
            weight: total,
            mean,
            spread,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF: Duration = Duration::from_secs(60);

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn samples_of_one_instant_have_plain_mean_and_variance() {
        let mut moments = Moments::default();
        for value in [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0] {
            moments.learn(value, at(0), HALF);
        }
        assert!((moments.mean - 5.0).abs() < 1e-12 && (moments.deviation() - 2.0).abs() < 1e-12);
        assert!((moments.score(11.0) - 3.0).abs() < 1e-12);
    }

    #[test]
    fn a_sample_weighs_half_after_a_half_life() {
        let mut moments = Moments::default();
        moments.learn(0.0, at(0), HALF);
        moments.learn(9.0, at(60), HALF);
        // Weights 0.5 and 1: mean 6, variance (0.5 × 36 + 1 × 9) ÷ 1.5 = 18.
        assert!((moments.mean - 6.0).abs() < 1e-12);
        assert!((moments.deviation() - 18.0_f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn an_unusual_value_moves_the_usual_no_further_than_the_limit_would() {
        let mut moments = Moments::default();
        for value in [9.0, 11.0, 9.0, 11.0] {
            moments.learn(value, at(0), HALF);
        }
        let mut limited = moments;
        moments.learn_unusual(1e9, 3.0, at(0), HALF);
        limited.learn(13.0, at(0), HALF);
        assert_eq!(moments, limited, "the mean is 10 and the deviation 1");
    }

    #[test]
    fn what_never_varied_gets_used_to_a_new_level() {
        let mut moments = Moments::default();
        for second in 0..100 {
            moments.learn(5.0, at(second), HALF);
        }
        assert_eq!(moments.score(5.0), 0.0);
        assert_eq!(moments.score(6.0), f64::INFINITY);
        moments.learn_unusual(6.0, 3.0, at(100), HALF);
        assert!(moments.score(6.0) > 3.0, "one alone changes little");
        for second in 101..1_000 {
            if moments.score(6.0) >= 3.0 {
                moments.learn_unusual(6.0, 3.0, at(second), HALF);
            } else {
                moments.learn(6.0, at(second), HALF);
            }
        }
        assert!(moments.score(6.0) < 1.0);
    }
}
