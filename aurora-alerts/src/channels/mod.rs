//! The ways to tell people, one folder each.
//!
//! | channel | feature |
//! | --- | --- |
//! | [`console`] | |
//! | `email` | `email` |
//! | `opsgenie` | `opsgenie` |
//! | `pagerduty` | `pagerduty` |
//! | `webhook` | `webhook` |

pub mod console;
#[cfg(feature = "email")]
pub mod email;
#[cfg(any(feature = "email", feature = "pagerduty", feature = "opsgenie"))]
mod href;
#[cfg(any(feature = "pagerduty", feature = "opsgenie"))]
mod incident;
#[cfg(feature = "opsgenie")]
pub mod opsgenie;
#[cfg(feature = "pagerduty")]
pub mod pagerduty;
#[cfg(test)]
mod samples;
#[cfg(any(feature = "webhook", feature = "pagerduty", feature = "opsgenie"))]
mod status;
#[cfg(any(feature = "email", feature = "pagerduty", feature = "opsgenie"))]
mod text;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(any(feature = "pagerduty", feature = "opsgenie"))]
pub use incident::Dedup;
