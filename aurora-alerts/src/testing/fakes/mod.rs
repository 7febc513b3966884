//! Services of others, as far as a channel can tell: they refuse what the documentation of the real ones refuses.
//!
//! | part | what it is for |
//! | --- | --- |
//! | [`FakeServer`] | a server whose answers a closure decides |
//! | [`FakeRequest`], [`FakeResponse`] | what it gets and gives |

mod message;
mod server;

pub use message::{FakeRequest, FakeResponse};
pub use server::FakeServer;
