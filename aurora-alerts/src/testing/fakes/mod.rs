//! Services of others, as far as a channel can tell: they refuse what the documentation of the real ones refuses.
//!
//! | part | what it is for |
//! | --- | --- |
//! | [`FakeDiscord`], [`FakeSlack`], [`FakeTeams`], [`FakeTelegram`] | chats that enforce their limits and keep what they took |
//! | [`FakePagerDuty`], [`FakeOpsgenie`] | services that keep incidents ([`FakeIncident`]) |
//! | [`FakeServer`] | a server whose answers a closure decides |
//! | [`FakeRequest`], [`FakeResponse`] | what it gets and gives |
//! | [`RateWindow`] | how many messages are taken within a time |

mod accepted;
mod discord;
mod incidents;
mod message;
mod opsgenie;
mod pagerduty;
mod rate;
mod server;
mod slack;
mod teams;
mod telegram;
mod telegram_html;
#[cfg(test)]
mod tests;

pub use discord::FakeDiscord;
pub use incidents::{FakeIncident, FakeIncidentStatus};
pub use message::{FakeRequest, FakeResponse};
pub use opsgenie::FakeOpsgenie;
pub use pagerduty::FakePagerDuty;
pub use rate::RateWindow;
pub use server::FakeServer;
pub use slack::FakeSlack;
pub use teams::FakeTeams;
pub use telegram::FakeTelegram;
