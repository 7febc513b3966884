//! Services of others, as far as a channel can tell: they refuse what the documentation of the real ones refuses.
//!
//! | part | what it is for |
//! | --- | --- |
//! | [`FakeServer`] | a server whose answers a closure decides |
//! | [`FakePagerDuty`], [`FakeOpsgenie`] | services that keep incidents ([`FakeIncident`]) |
//! | [`FakeRequest`], [`FakeResponse`] | what it gets and gives |

mod incidents;
mod message;
mod opsgenie;
mod pagerduty;
mod server;

pub use incidents::{FakeIncident, FakeIncidentStatus};
pub use message::{FakeRequest, FakeResponse};
pub use opsgenie::FakeOpsgenie;
pub use pagerduty::FakePagerDuty;
pub use server::FakeServer;
