use std::time::Duration;

use super::{Selector, Verdict};

/// How fast an error budget burns, over two windows at once.
///
/// The numbers are those of the Site Reliability Workbook, chapter 5.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BurnWindow {
    /// The long window.
    pub long: Duration,
    /// The short window, by which the alert ends soon after the burning does.
    pub short: Duration,
    /// How many times faster than the budget allows.
    pub factor: f64,
}

/// A service level objective, and how fast its error budget may burn.
///
/// All series of a selector are summed up, and the one alert has no labels of a series; to watch services apart, give
/// each a rule with matchers. Windows are reckoned by the minute, so that up to a minute more than the window counts. The
/// value of the alert is how many times too fast the budget burns.
///
/// What counters grew by is not kept over a restart. Until the shortest window has been seen in full, an alert may fire
/// but does not end.
#[derive(Debug, Clone, PartialEq)]
pub struct BurnRate {
    /// A counter of what went wrong.
    pub errors: Selector,
    /// A counter of everything.
    pub total: Selector,
    /// The objective as a share above 0 and below 1, such as 0.999.
    pub objective: f64,
    /// It burns too fast where one of these does.
    pub windows: Vec<BurnWindow>,
    /// Fewer events than this in the long window are no evidence.
    pub minimum_events: f64,
}

/// What two counters grew by in one window.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Growth {
    pub(crate) errors: f64,
    pub(crate) total: f64,
}

impl BurnRate {
    /// The windows by which somebody is paged, for a budget of 30 days: 2 % of it in an hour (14.4 times too fast), or 5 %
    /// in six hours (6 times).
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::Rule;
    /// use aurora_alerts::condition::{BurnRate, Condition, Selector};
    ///
    /// let errors = Selector::new("http_requests_total").matching("class", "5xx");
    /// let burn = BurnRate::standard(errors, Selector::new("http_requests_total"), 0.999);
    /// let rule = Rule::new("error budget burns").condition(Condition::Burn(burn)).build()?;
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    #[must_use]
    pub fn standard(errors: Selector, total: Selector, objective: f64) -> Self {
        Self::with(errors, total, objective, [(60, 5, 14.4), (360, 30, 6.0)])
    }

    /// The windows by which a ticket is opened, for a budget of 30 days: 10 % of it in a day (3 times too fast), or in
    /// three days (as fast as the budget allows).
    #[must_use]
    pub fn ticket(errors: Selector, total: Selector, objective: f64) -> Self {
        Self::with(errors, total, objective, [(1_440, 120, 3.0), (4_320, 360, 1.0)])
    }

    fn with(errors: Selector, total: Selector, objective: f64, windows: [(u64, u64, f64); 2]) -> Self {
        let minutes = |count: u64| Duration::from_secs(count * 60);
        let windows = windows.map(|(long, short, factor)| BurnWindow {
            long: minutes(long),
            short: minutes(short),
            factor,
        });
        Self {
            errors,
            total,
            objective,
            windows: windows.to_vec(),
            minimum_events: 10.0,
        }
    }

    /// How far back it looks.
    pub(crate) fn longest(&self) -> Duration {
        let windows = self.windows.iter().flat_map(|window| [window.long, window.short]);
        windows.max().unwrap_or_default()
    }

    /// The shortest of its windows.
    pub(crate) fn shortest(&self) -> Duration {
        let windows = self.windows.iter().flat_map(|window| [window.long, window.short]);
        windows.min().unwrap_or_default()
    }

    /// Judges by what the counters grew: how many times too fast the budget burns, by the window that is nearest to its
    /// limit, and whether that is a breach. `None` where nothing grew.
    pub(crate) fn judge(&self, growth: impl Fn(Duration) -> Growth) -> Option<(Verdict, f64)> {
        let budget = 1.0 - self.objective;
        let mut worst: Option<(f64, f64)> = None;
        for window in &self.windows {
            let (long, short) = (growth(window.long), growth(window.short));
            if long.total <= 0.0 {
                continue;
            }
            let evident = long.total >= self.minimum_events && short.total > 0.0;
            let speed = if evident {
                (long.errors / long.total).min(short.errors / short.total) / budget
            } else {
                0.0
            };
            let nearness = speed / window.factor;
            if worst.is_none_or(|(before, _)| nearness > before) {
                worst = Some((nearness, speed));
            }
        }
        let (nearness, speed) = worst?;
        let verdict = if nearness > 1.0 {
            Verdict::Breached
        } else {
            Verdict::Clear
        };
        Some((verdict, speed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(burn: &BurnRate, table: &[(u64, f64, f64)]) -> Option<(Verdict, f64)> {
        burn.judge(|window| {
            let row = table
                .iter()
                .find(|(minutes, ..)| *minutes * 60 == window.as_secs());
            let (_, errors, total) = row.copied().unwrap_or_default();
            Growth { errors, total }
        })
    }

    #[test]
    fn both_windows_must_burn_too_fast() {
        // Objective 99 %: 14.4 times too fast is a share of errors above 14.4 %, 6 times above 6 %.
        let burn = BurnRate::standard(Selector::new("e"), Selector::new("t"), 0.99);
        let table = [
            ([(60, 150.0, 1_000.0), (5, 15.0, 100.0)], Verdict::Breached),
            ([(60, 150.0, 1_000.0), (5, 14.0, 100.0)], Verdict::Clear),
            ([(60, 140.0, 1_000.0), (5, 15.0, 100.0)], Verdict::Clear),
            ([(60, 150.0, 1_000.0), (5, 0.0, 0.0)], Verdict::Clear),
            ([(360, 61.0, 1_000.0), (30, 7.0, 100.0)], Verdict::Breached),
            ([(360, 61.0, 1_000.0), (30, 5.9, 100.0)], Verdict::Clear),
            ([(60, 9.0, 9.0), (5, 9.0, 9.0)], Verdict::Clear), // fewer than 10 events
        ];
        for (growth, expected) in table {
            assert_eq!(judge(&burn, &growth).unwrap().0, expected, "{growth:?}");
        }
        let (_, speed) = judge(&burn, &[(60, 300.0, 1_000.0), (5, 20.0, 100.0)]).unwrap();
        assert!((speed - 20.0).abs() < 1e-9, "the slower window counts: {speed}");
        assert_eq!(judge(&burn, &[]), None);
    }

    #[test]
    fn the_windows_are_those_of_the_workbook() {
        // In minutes, and the percentage of a budget of 30 days that is gone after the long window.
        let shown = |burn: BurnRate| {
            let rows = burn.windows.iter().map(|window| {
                let share = window.factor * window.long.as_secs_f64() / (30.0 * 86_400.0);
                let minutes = [window.long, window.short].map(|window| window.as_secs() / 60);
                (minutes, format!("{:.1}", share * 100.0))
            });
            rows.collect::<Vec<_>>()
        };
        let burn = |make: fn(Selector, Selector, f64) -> BurnRate| {
            shown(make(Selector::new("e"), Selector::new("t"), 0.99))
        };
        let rows = |rows: [([u64; 2], &str); 2]| rows.map(|(minutes, share)| (minutes, share.to_owned()));
        assert_eq!(
            burn(BurnRate::standard),
            rows([([60, 5], "2.0"), ([360, 30], "5.0")])
        );
        assert_eq!(
            burn(BurnRate::ticket),
            rows([([1_440, 120], "10.0"), ([4_320, 360], "10.0")])
        );
    }
}
