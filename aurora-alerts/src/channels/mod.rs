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
#[cfg(any(
    feature = "discord",
    feature = "opsgenie",
    feature = "pagerduty",
    feature = "slack",
    feature = "teams",
    feature = "telegram",
    feature = "webhook"
))]
mod http;
#[cfg(any(feature = "opsgenie", feature = "pagerduty"))]
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
#[cfg(any(
    feature = "discord",
    feature = "email",
    feature = "opsgenie",
    feature = "pagerduty",
    feature = "slack",
    feature = "teams",
    feature = "telegram",
    feature = "webhook"
))]
mod settings;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(feature = "teams")]
pub mod teams;
#[cfg(feature = "telegram")]
pub mod telegram;
#[cfg(any(
    feature = "discord",
    feature = "email",
    feature = "opsgenie",
    feature = "pagerduty",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod text;
#[cfg(feature = "webhook")]
pub mod webhook;

#[cfg(any(feature = "opsgenie", feature = "pagerduty"))]
pub use incident::Dedup;
