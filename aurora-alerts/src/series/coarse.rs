use std::collections::VecDeque;
use std::time::Duration;

use aurora_core::time::Timestamp;

const MINUTE: i64 = 60_000_000;

/// How much a counter grew in each of the last minutes, for windows that are too long for single samples.
#[derive(Debug)]
pub(crate) struct Coarse {
    /// The minute of the last bucket, counted from the epoch.
    minute: i64,
    buckets: VecDeque<f64>,
    capacity: usize,
    last: Option<f64>,
    began_at: Option<Timestamp>,
}

impl Coarse {
    pub(crate) const fn new(capacity: usize) -> Self {
        Self {
            minute: 0,
            buckets: VecDeque::new(),
            capacity,
            last: None,
            began_at: None,
        }
    }

    /// Takes the next value of the counter. The first one tells nothing about growth; a smaller one than the last
    /// began anew at zero.
    pub(crate) fn push(&mut self, at: Timestamp, value: f64) {
        let grown = match self.last.replace(value) {
            None => 0.0,
            Some(last) if value < last => value,
            Some(last) => value - last,
        };
        let began_at = self.began_at.get_or_insert(at);
        *began_at = (*began_at).min(at);
        let minute = at.as_micros().div_euclid(MINUTE);
        self.advance(minute);
        if let Some(bucket) = self.buckets.back_mut() {
            *bucket += grown;
        }
    }

    fn advance(&mut self, minute: i64) {
        if self.buckets.is_empty() {
            self.minute = minute;
            self.buckets.push_back(0.0);
        }
        // A clock that was set back takes the buckets along: what they hold is as old as it was.
        self.minute = self.minute.min(minute);
        if usize::try_from(minute - self.minute).is_ok_and(|gap| gap >= self.capacity) {
            self.buckets.clear();
            self.buckets.push_back(0.0);
            self.minute = minute;
        }
        while self.minute < minute {
            self.buckets.push_back(0.0);
            self.minute += 1;
        }
        while self.buckets.len() > self.capacity {
            self.buckets.pop_front();
        }
    }

    /// How much it grew in the minutes that `window` before `now` touches: at most a minute more than the window.
    pub(crate) fn growth(&self, window: Duration, now: Timestamp) -> f64 {
        let oldest = (now - window).as_micros().div_euclid(MINUTE);
        let kept = usize::try_from(self.minute - oldest + 1).unwrap_or(0);
        self.buckets.iter().rev().take(kept).sum()
    }

    /// Since when it is known.
    pub(crate) const fn began_at(&self) -> Option<Timestamp> {
        self.began_at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(600_000 + secs)
    }

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn growth_is_summed_by_the_minute_and_a_reset_is_no_decrease() {
        let mut coarse = Coarse::new(10);
        // Minutes:            0            1            2 (reset)  4
        for (second, value) in [(0, 100.0), (59, 110.0), (60, 115.0), (125, 4.0), (250, 10.0)] {
            coarse.push(at(second), value);
        }
        assert_eq!(coarse.growth(secs(60), at(299)), 6.0, "minutes 3 and 4");
        assert_eq!(coarse.growth(secs(180), at(299)), 15.0, "minutes 1 to 4");
        assert_eq!(coarse.growth(secs(3_600), at(299)), 25.0);
        assert_eq!(coarse.growth(secs(60), at(900)), 0.0, "all of it is old");
    }

    #[test]
    fn what_is_older_than_it_holds_is_gone() {
        let mut coarse = Coarse::new(3);
        for minute in 0..6 {
            coarse.push(at(minute * 60), f64::from(u8::try_from(minute).unwrap()));
        }
        assert_eq!(coarse.growth(secs(3_600), at(300)), 3.0);
        coarse.push(at(86_400), 9.0);
        assert_eq!(coarse.growth(secs(3_600), at(86_400)), 4.0);
    }

    #[test]
    fn a_clock_set_back_keeps_what_was_seen() {
        let mut coarse = Coarse::new(100);
        coarse.push(at(6_000), 0.0);
        coarse.push(at(6_060), 5.0);
        coarse.push(at(0), 7.0);
        assert_eq!(coarse.growth(secs(120), at(0)), 7.0);
    }
}
