//! The ways to tell people, one folder each.
//!
//! | channel | feature |
//! | --- | --- |
//! | [`console`] | |
//! | `discord` | `discord` |
//! | `email` | `email` |
//! | `opsgenie` | `opsgenie` |
//! | `pagerduty` | `pagerduty` |
//! | `slack` | `slack` |
//! | `teams` | `teams` |
//! | `telegram` | `telegram` |
//! | `webhook` | `webhook` |

pub mod console;
#[cfg(feature = "discord")]
pub mod discord;
#[cfg(feature = "email")]
pub mod email;
#[cfg(any(feature = "email", feature = "pagerduty", feature = "opsgenie"))]
mod href;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod http;
#[cfg(any(feature = "pagerduty", feature = "opsgenie"))]
mod incident;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod message;
#[cfg(feature = "opsgenie")]
pub mod opsgenie;
#[cfg(feature = "pagerduty")]
pub mod pagerduty;
#[cfg(test)]
mod samples;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(any(
    feature = "webhook",
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram",
    feature = "pagerduty",
    feature = "opsgenie"
))]
mod status;
#[cfg(feature = "teams")]
pub mod teams;
#[cfg(feature = "telegram")]
pub mod telegram;
#[cfg(any(
    feature = "email",
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram",
    feature = "pagerduty",
    feature = "opsgenie"
))]
mod text;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(any(feature = "pagerduty", feature = "opsgenie"))]
pub use incident::Dedup;
