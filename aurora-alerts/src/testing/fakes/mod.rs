//! Services of others, as far as a channel can tell: they refuse what the documentation of the real ones refuses.
//!
//! | part | what it is for |
//! | --- | --- |
//! | [`FakeDiscord`], [`FakeSlack`], [`FakeTeams`], [`FakeTelegram`] | chats that enforce their limits and keep what they took |
//! | [`FakeServer`] | a server whose answers a closure decides |
//! | [`FakeRequest`], [`FakeResponse`] | what it gets and gives |
//! | [`RateWindow`] | how many messages are taken within a time |

mod accepted;
mod discord;
mod message;
mod rate;
mod server;
mod slack;
mod teams;
mod telegram;
mod telegram_html;
#[cfg(test)]
mod tests;

pub use discord::FakeDiscord;
pub use message::{FakeRequest, FakeResponse};
pub use rate::RateWindow;
pub use server::FakeServer;
pub use slack::FakeSlack;
pub use teams::FakeTeams;
pub use telegram::FakeTelegram;
