//! A Graph API on a real socket, for tests without Meta: it remembers what came, answers as documented, fails on order,
//! and posts signed webhooks.

#![expect(
    clippy::indexing_slicing,
    reason = "what a JSON value does not have reads as null"
)]

mod answers;
mod fake;
mod files;
mod http;
mod webhooks;

pub use self::fake::{FakeGraph, Fault, Seen};
pub use self::webhooks::{Posted, Webhooks};
