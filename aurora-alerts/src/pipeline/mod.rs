//! From a decision to a delivery, one stage per file.
//!
//! | stage | what it does |
//! | --- | --- |
//! | `outbox` | keeps what a channel has still to send: bounded, worst first, one alert's messages in order |
//! | `deliver` | sends one at a time within a limit, and puts failures back by `retry` |
//! | `record` | the bounded log of what became of every attempt |
//!
//! Every channel has its own outbox and its own worker: one that is slow or broken holds up no other.

mod deliver;
mod outbox;
mod record;
mod retry;

pub(crate) use deliver::{Channel, Courier};
pub(crate) use record::Ring;
pub use record::{ChannelStatus, DeliveryRecord, Outcome};
pub(crate) use retry::patient;
