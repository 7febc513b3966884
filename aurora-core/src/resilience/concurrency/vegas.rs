//! How many calls at once are right, from how long they take.

use std::time::Duration;

/// The shortest time is measured anew after so many answers for each call that may be under way.
const PROBE: f64 = 30.0;

/// TCP Vegas for calls: what takes longer than the fastest call did must have waited somewhere.
#[derive(Debug)]
pub(super) struct Vegas {
    limit: f64,
    floor: f64,
    ceiling: f64,
    fastest: Option<Duration>,
    answers: f64,
    window: Window,
}

/// The answers since the limit was last judged: as many as it admits at once.
#[derive(Debug, Default)]
struct Window {
    answers: f64,
    fastest: Duration,
    under_way: f64,
}

impl Vegas {
    pub(super) fn new(floor: u32, ceiling: u32) -> Self {
        let floor = f64::from(floor.max(1));
        let ceiling = f64::from(ceiling).max(floor);
        Self {
            limit: 20_f64.clamp(floor, ceiling),
            floor,
            ceiling,
            fastest: None,
            answers: 0.0,
            window: Window::default(),
        }
    }

    pub(super) const fn limit(&self) -> f64 {
        self.limit
    }

    /// Notes a call that took `elapsed` while so many were under way; `dropped` is one that came too late or was refused.
    pub(super) fn sample(&mut self, elapsed: Duration, under_way: f64, dropped: bool) {
        let step = self.limit.log10().max(1.0);
        if dropped {
            return self.set(self.limit - step);
        }
        self.answers += 1.0;
        let anew = self.answers >= PROBE * self.limit;
        let Some(fastest) = self.fastest.filter(|fastest| *fastest <= elapsed && !anew) else {
            if anew {
                self.answers = 0.0;
            }
            self.fastest = Some(elapsed);
            return;
        };
        let window = &mut self.window;
        window.fastest = if window.answers > 0.0 {
            window.fastest.min(elapsed)
        } else {
            elapsed
        };
        window.under_way = window.under_way.max(under_way);
        window.answers += 1.0;
        if window.answers < self.limit {
            return;
        }
        let Window {
            fastest: elapsed,
            under_way,
            ..
        } = std::mem::take(window);
        // Few calls say nothing about how many would be too many.
        if under_way * 2.0 < self.limit || elapsed.is_zero() {
            return;
        }
        let waiting = (self.limit * (1.0 - fastest.as_secs_f64() / elapsed.as_secs_f64())).ceil();
        if waiting <= step {
            self.set(self.limit + 6.0 * step);
        } else if waiting < 3.0 * step {
            self.set(self.limit + step);
        } else if waiting > 6.0 * step {
            self.set(self.limit - step);
        }
    }

    const fn set(&mut self, limit: f64) {
        self.limit = limit.clamp(self.floor, self.ceiling);
    }
}
