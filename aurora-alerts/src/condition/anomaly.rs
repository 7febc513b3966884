use std::time::Duration;

use aurora_core::time::Timestamp;

use super::baseline::{Learned, Moments};
use super::robust::robust_score;
use super::{Selector, Verdict};

/// How many periods pass until what was learned of a slot weighs half.
const SEASONAL_HALF_LIFE: u32 = 4;

/// Which way a value must leave the usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// Either way.
    #[default]
    Both,
    /// Only upwards.
    Above,
    /// Only downwards.
    Below,
}

/// How the usual is learned.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Baseline {
    /// Robust z-score: median and median absolute deviation of the samples of the last `window`.
    ///
    /// The score is `0.6745 × (value − median) ÷ MAD` (Iglewicz and Hoaglin, 1993), of the samples before the value. Where
    /// more than half of them are equal the MAD is zero, and `(value − median) ÷ (1.2533 × mean absolute deviation)` takes
    /// its place; where all are equal, any other value is unusual. Outliers stay in the window: it takes half of it
    /// to throw a median. Nothing is kept over a restart.
    Robust {
        /// How far back it looks.
        window: Duration,
    },
    /// Exponentially weighted mean and variance, kept over restarts.
    ///
    /// An unusual value is learned as if it lay just at the limit, so that an outlier spoils nothing, and a new level is
    /// slowly got used to. Where nothing has varied so far, any other value is unusual, and weighs a tenth.
    Ewma {
        /// How long until a sample weighs half.
        half_life: Duration,
    },
    /// The same slot of earlier periods, such as the same hour of earlier days: exponentially weighted mean and variance
    /// for each slot, as with [`Ewma`](Self::Ewma); a sample weighs half after four periods. Periods begin at the epoch, in
    /// UTC.
    Seasonal {
        /// The period, such as a day or a week.
        period: Duration,
        /// Into how many slots it is divided, 1 to 1,024.
        slots: u16,
    },
}

/// A value that is unlike what was usual.
#[derive(Debug, Clone, PartialEq)]
pub struct Anomaly {
    /// The series.
    pub selector: Selector,
    /// How the usual is learned.
    pub baseline: Baseline,
    /// From how many standard deviations on it is unusual; 3 to 5 are common.
    pub score: f64,
    /// At how many it is usual again; `None` is the same as `score`.
    pub recovery: Option<f64>,
    /// Which way.
    pub direction: Direction,
    /// How many samples must have been learned before anything is judged; for [`Baseline::Seasonal`] in the slot.
    pub warm_up: u32,
}

impl Anomaly {
    /// Values that are `score` standard deviations from the usual, either way; judged from the thirtieth sample on.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use aurora_alerts::Rule;
    /// use aurora_alerts::condition::{Anomaly, Baseline, Condition, Selector};
    ///
    /// let hour = Duration::from_secs(3_600);
    /// let unusual = Anomaly::new(Selector::new("orders"), Baseline::Ewma { half_life: hour }, 4.0);
    /// let rule = Rule::new("orders are unusual").condition(Condition::Anomaly(unusual)).build()?;
    /// assert_eq!(rule.metric(), Some("orders"));
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    #[must_use]
    pub const fn new(selector: Selector, baseline: Baseline, score: f64) -> Self {
        Self {
            selector,
            baseline,
            score,
            recovery: None,
            direction: Direction::Both,
            warm_up: 30,
        }
    }

    /// The distance from the usual in the direction that is looked at.
    fn directed(&self, score: f64) -> f64 {
        match self.direction {
            Direction::Both => score.abs(),
            Direction::Above => score,
            Direction::Below => -score,
        }
    }

    fn verdict(&self, score: f64) -> Verdict {
        let distance = self.directed(score);
        if distance >= self.score {
            Verdict::Breached
        } else if self.recovery.is_some_and(|recovery| distance > recovery) {
            Verdict::Between
        } else {
            Verdict::Clear
        }
    }

    /// How long what was learned of a silent series is worth keeping.
    pub(crate) fn memory_span(&self) -> Duration {
        match self.baseline {
            Baseline::Robust { .. } => Duration::ZERO,
            Baseline::Ewma { half_life } => half_life.saturating_mul(8),
            Baseline::Seasonal { period, .. } => period.saturating_mul(SEASONAL_HALF_LIFE),
        }
    }
}

/// Judges one sample by what was usual before it, and learns it; `None` while too little was learned.
///
/// `before` are the samples before it, oldest first; `sorting` is room to sort in.
pub(crate) fn score(
    anomaly: &Anomaly,
    learned: &mut Option<Box<Learned>>,
    before: &[(Timestamp, f64)],
    (at, value): (Timestamp, f64),
    sorting: &mut Vec<f64>,
) -> Option<Verdict> {
    let (moments, half_life) = match anomaly.baseline {
        Baseline::Robust { window } => {
            let from = before.partition_point(|(earlier, _)| *earlier <= at - window);
            sorting.clear();
            sorting.extend(before.iter().skip(from).map(|(_, value)| *value));
            let known = u32::try_from(sorting.len()).unwrap_or(u32::MAX);
            return robust_score(value, sorting)
                .filter(|_| known >= anomaly.warm_up)
                .map(|score| anomaly.verdict(score));
        }
        Baseline::Ewma { half_life } => (ewma(learned)?, half_life),
        Baseline::Seasonal { period, slots } => (
            seasonal(learned, at, period, slots)?,
            period.saturating_mul(SEASONAL_HALF_LIFE),
        ),
    };
    if moments.count() < anomaly.warm_up {
        moments.learn(value, at, half_life);
        return None;
    }
    let score = moments.score(value);
    if score.abs() >= anomaly.score {
        moments.learn_unusual(value, anomaly.score, at, half_life);
    } else {
        moments.learn(value, at, half_life);
    }
    Some(anomaly.verdict(score))
}

fn ewma(learned: &mut Option<Box<Learned>>) -> Option<&mut Moments> {
    // What was learned by another rule of the same name is of no use.
    if !matches!(learned.as_deref(), Some(Learned::Ewma(_))) {
        *learned = Some(Box::new(Learned::Ewma(Moments::default())));
    }
    match learned.as_deref_mut() {
        Some(Learned::Ewma(moments)) => Some(moments),
        _ => None,
    }
}

fn seasonal(
    learned: &mut Option<Box<Learned>>,
    at: Timestamp,
    period: Duration,
    count: u16,
) -> Option<&mut Moments> {
    let count = usize::from(count);
    if !matches!(learned.as_deref(), Some(Learned::Seasonal { slots }) if slots.len() == count) {
        let slots = vec![Moments::default(); count];
        *learned = Some(Box::new(Learned::Seasonal { slots }));
    }
    match learned.as_deref_mut() {
        Some(Learned::Seasonal { slots }) => slots.get_mut(slot(at, period, count)?),
        _ => None,
    }
}

/// The slot of the period, counted from the epoch, that an instant lies in.
fn slot(at: Timestamp, period: Duration, count: usize) -> Option<usize> {
    let period = i128::try_from(period.as_micros()).ok()?;
    let within = i128::from(at.as_micros()).checked_rem_euclid(period)?;
    usize::try_from(within * i128::try_from(count).ok()? / period).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn judge(anomaly: &Anomaly, samples: &[(i64, f64)]) -> Vec<Option<Verdict>> {
        let samples: Vec<_> = samples
            .iter()
            .map(|(secs, value)| (Timestamp::from_secs(*secs), *value))
            .collect();
        let mut learned = None;
        (0..samples.len())
            .map(|n| score(anomaly, &mut learned, &samples[..n], samples[n], &mut Vec::new()))
            .collect()
    }

    fn anomaly(baseline: Baseline) -> Anomaly {
        Anomaly {
            warm_up: 4,
            ..Anomaly::new(Selector::new("m"), baseline, 3.0)
        }
    }

    #[test]
    fn direction_and_recovery_decide_as_documented() {
        let mut anomaly = anomaly(Baseline::Ewma { half_life: HOUR });
        anomaly.recovery = Some(1.0);
        let verdicts =
            |anomaly: &Anomaly| [-3.0, -2.0, 0.0, 1.0, 2.9, 3.0].map(|score| anomaly.verdict(score));
        use Verdict::{Between, Breached, Clear};
        assert_eq!(
            verdicts(&anomaly),
            [Breached, Between, Clear, Clear, Between, Breached]
        );
        anomaly.direction = Direction::Above;
        assert_eq!(
            verdicts(&anomaly),
            [Clear, Clear, Clear, Clear, Between, Breached]
        );
        anomaly.direction = Direction::Below;
        anomaly.recovery = None;
        assert_eq!(verdicts(&anomaly), [Breached, Clear, Clear, Clear, Clear, Clear]);
    }

    #[test]
    fn robust_judges_by_the_window_before_and_waits_until_it_is_warm() {
        let anomaly = anomaly(Baseline::Robust { window: HOUR });
        let verdicts = judge(
            &anomaly,
            &[
                (0, 9.0),
                (1, 10.0),
                (2, 11.0),
                (3, 50.0),
                (4, 10.0),
                (5, 50.0),
                (3_605, 10.0),
                (3_606, 50.0),
            ],
        );
        // Before the sixth: 9 10 11 50 10, median 10, MAD 1. The seventh has only 50 before it.
        let warm = [Some(Verdict::Clear), Some(Verdict::Breached)];
        assert_eq!(verdicts, [&[None; 4][..], &warm[..], &[None; 2][..]].concat());
    }

    #[test]
    fn each_slot_of_a_period_has_its_own_usual() {
        let day = Duration::from_secs(86_400);
        let anomaly = anomaly(Baseline::Seasonal {
            period: day,
            slots: 2,
        });
        let mut samples = Vec::new();
        for day in 0..8_i64 {
            let wobble = if day % 2 == 0 { 1.0 } else { -1.0 };
            samples.push((day * 86_400 + 3_600, 10.0 + wobble)); // mornings
            samples.push((day * 86_400 + 50_000, 100.0 + wobble)); // afternoons
        }
        samples.push((8 * 86_400 + 3_600, 100.0));
        samples.push((8 * 86_400 + 50_000, 100.0));
        let verdicts = judge(&anomaly, &samples);
        assert_eq!(verdicts[..8], [None; 8]);
        assert!(
            verdicts[8..16]
                .iter()
                .all(|verdict| *verdict == Some(Verdict::Clear)),
            "{verdicts:?}"
        );
        assert_eq!(verdicts[16..], [Some(Verdict::Breached), Some(Verdict::Clear)]);
    }

    #[test]
    fn a_lasting_outlier_goes_on_being_one_for_a_while() {
        let anomaly = anomaly(Baseline::Ewma { half_life: HOUR });
        let usual = (0..600).map(|n| (n, if n % 2 == 0 { 9.0 } else { 11.0 }));
        let samples: Vec<_> = usual.chain((600..660).map(|n| (n, 1_000.0))).collect();
        let verdicts = judge(&anomaly, &samples);
        assert!(
            verdicts[600..]
                .iter()
                .all(|verdict| *verdict == Some(Verdict::Breached))
        );
    }
}
