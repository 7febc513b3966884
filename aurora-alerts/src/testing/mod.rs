//! Notifiers for tests, and the suite that every notifier must pass.
//!
//! | part | what it is for |
//! | --- | --- |
//! | [`Recorder`] | a channel that remembers what it was told |
//! | [`Failing`] | a channel that fails as it is told to, then works |
//! | [`notifier_contract`] | what every [`Notifier`](crate::Notifier) must hold |
//! | [`fakes`] | services of others that enforce their limits |
//! | [`sample_notification`], [`sample_alert`] | something to send |

mod contract;
mod doubles;
pub mod fakes;

pub use contract::notifier_contract;
pub use doubles::{Failing, Recorder, sample_alert, sample_notification};
