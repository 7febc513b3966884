mod calls;
mod numbers;
mod pressure;

use super::*;
use crate::time::ManualClock;

const MINUTE: Duration = Duration::from_secs(60);

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn within(value: Option<f64>, want: f64) -> bool {
    (value.unwrap() - want).abs() <= want * 0.035
}
