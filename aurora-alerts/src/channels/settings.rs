//! What every channel over a network can be told.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::Egress;
use aurora_core::time::{Clock, SystemClock};

use crate::error::{Error, Problem};

/// The part of a channel's builder that is the same for all.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) name: String,
    /// How long one attempt may take.
    pub(super) timeout: Duration,
    pub(super) egress: Egress,
    pub(super) clock: Arc<dyn Clock>,
}

impl Settings {
    pub(super) fn new(name: &str, timeout: Duration) -> Self {
        Self {
            name: name.to_owned(),
            timeout,
            egress: Egress::Any,
            clock: Arc::new(SystemClock),
        }
    }

    /// Every problem at once, each said of this channel.
    ///
    /// # Errors
    /// When there is one.
    pub(super) fn check(&self, details: Vec<String>) -> Result<(), Error> {
        let subject = self.subject();
        Error::check(
            details
                .into_iter()
                .map(|detail| Problem::new(subject.as_str(), detail))
                .collect(),
        )
    }

    pub(super) fn subject(&self) -> String {
        format!("channel {:?}", self.name)
    }
}

/// The methods by which a builder takes its [`Settings`].
macro_rules! settings {
    ($builder:ident, $name:literal, $timeout:literal) => {
        impl $builder {
            #[doc = concat!("The name of the channel; default `", $name, "`.")]
            pub fn name(mut self, name: impl Into<String>) -> Self {
                self.settings.name = name.into();
                self
            }

            #[doc = concat!("How long one attempt may take; default ", $timeout, ".")]
            pub fn timeout(mut self, limit: std::time::Duration) -> Self {
                self.settings.timeout = limit;
                self
            }

            /// Where the address may lead; [`PublicOnly`](aurora_core::http::Egress::PublicOnly) for addresses that
            /// users chose. Default [`Any`](aurora_core::http::Egress::Any).
            pub fn egress(mut self, egress: aurora_core::http::Egress) -> Self {
                self.settings.egress = egress;
                self
            }

            /// Where the time comes from: of time limits, of waits that end at a date, of signatures. Default the
            /// system's clock.
            pub fn clock(mut self, clock: impl aurora_core::time::Clock) -> Self {
                self.settings.clock = std::sync::Arc::new(clock);
                self
            }
        }
    };
}

pub(super) use settings;
