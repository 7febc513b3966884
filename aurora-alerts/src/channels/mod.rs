//! The ways to tell people, one folder each.
//!
//! | channel | feature |
//! | --- | --- |
//! | [`console`] | |
//! | `discord` | `discord` |
//! | `slack` | `slack` |
//! | `teams` | `teams` |
//! | `telegram` | `telegram` |
//! | `webhook` | `webhook` |

pub mod console;
#[cfg(feature = "discord")]
pub mod discord;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod http;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod message;
#[cfg(feature = "slack")]
pub mod slack;
#[cfg(any(
    feature = "webhook",
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod status;
#[cfg(feature = "teams")]
pub mod teams;
#[cfg(feature = "telegram")]
pub mod telegram;
#[cfg(any(
    feature = "discord",
    feature = "slack",
    feature = "teams",
    feature = "telegram"
))]
mod text;
#[cfg(feature = "webhook")]
pub mod webhook;
