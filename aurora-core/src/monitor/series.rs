//! One target's record: a ring of five-second slots over the last minute.

use std::fmt;
use std::time::Duration;

use hdrhistogram::Histogram;

use super::Summary;

const SLOT: u64 = 5;
const SLOTS: usize = 12;
/// Longer calls are counted as this long: one hour, in microseconds.
const LONGEST: u64 = 3_600_000_000;

#[derive(Default)]
pub(super) struct Series {
    total: u64,
    failed: u64,
    slots: [Slot; SLOTS],
}

#[derive(Default)]
struct Slot {
    /// Which five seconds the slot holds, counted from the clock's origin.
    epoch: u64,
    total: u64,
    failed: u64,
    micros: u128,
    latency: Option<Histogram<u32>>,
}

impl Series {
    pub(super) fn record(&mut self, now: Duration, success: bool, elapsed: Duration) {
        let failed = u64::from(!success);
        self.total += 1;
        self.failed += failed;
        let epoch = now.as_secs() / SLOT;
        let at = usize::try_from(epoch).unwrap_or(0) % SLOTS;
        let Some(slot) = self.slots.get_mut(at) else {
            return;
        };
        if slot.epoch != epoch {
            slot.epoch = epoch;
            (slot.total, slot.failed, slot.micros) = (0, 0, 0);
            if let Some(latency) = &mut slot.latency {
                latency.clear();
            }
        }
        let micros = u64::try_from(elapsed.as_micros())
            .unwrap_or(LONGEST)
            .clamp(1, LONGEST);
        slot.total += 1;
        slot.failed += failed;
        slot.micros += u128::from(micros);
        if slot.latency.is_none() {
            slot.latency = histogram();
        }
        if let Some(latency) = &mut slot.latency {
            latency.saturating_record(micros);
        }
    }

    pub(super) fn summary(&self, target: &str, now: Duration) -> Summary {
        let epoch = now.as_secs() / SLOT;
        let oldest = (epoch + 1).saturating_sub(SLOTS as u64);
        let live = || {
            self.slots
                .iter()
                .filter(move |slot| slot.total > 0 && (oldest..=epoch).contains(&slot.epoch))
        };
        let (mut requests, mut failed, mut micros) = (0, 0, 0_u128);
        let mut latency = histogram();
        for slot in live() {
            requests += slot.total;
            failed += slot.failed;
            micros += slot.micros;
            if let (Some(all), Some(part)) = (&mut latency, &slot.latency) {
                // Both have the same bounds, so every value fits.
                all.add(part).ok();
            }
        }
        // The slot that is being filled would read low, so the last whole one tells the rate once there is one.
        let recent = live()
            .find(|slot| slot.epoch + 1 == epoch)
            .or_else(|| live().find(|slot| slot.epoch == epoch));
        let some = |value: f64| (requests > 0).then_some(value);
        let percentile = |percent: f64| {
            latency
                .as_ref()
                .filter(|all| !all.is_empty())
                .map(|all| ms(all.value_at_percentile(percent) as f64))
        };
        let error_rate = failed as f64 * 100.0 / requests.max(1) as f64;
        Summary {
            target: target.to_owned(),
            total: self.total,
            failed: self.failed,
            requests_per_minute: requests,
            requests_per_second: recent.map_or(0.0, |slot| slot.total as f64 / SLOT as f64),
            success_rate: some(100.0 - error_rate),
            error_rate: some(error_rate),
            mean_ms: some(ms(micros as f64 / requests.max(1) as f64)),
            p50_ms: percentile(50.0),
            p95_ms: percentile(95.0),
            p99_ms: percentile(99.0),
        }
    }
}

fn ms(micros: f64) -> f64 {
    (micros / 10.0).round() / 100.0
}

/// Two significant digits: 1 % exact, some kilobytes.
fn histogram() -> Option<Histogram<u32>> {
    Histogram::new_with_bounds(1, LONGEST, 2).ok()
}

impl fmt::Debug for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Series")
            .field("total", &self.total)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}
