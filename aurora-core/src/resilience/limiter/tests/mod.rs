//! Tests of the limiter: against a naive model, against governor, against Redis, under threads, floods and outages.

mod differential;
mod governor;
mod guarantee;
mod headers;
mod memory;
mod model;
mod outage;
#[cfg(feature = "redis")]
mod redis;
mod reservation;
mod waiting;

use std::time::Duration;

use super::{Policies, Policy};

pub(super) fn one(policy: Policy) -> Policies {
    Policies::new([policy]).unwrap()
}

pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
