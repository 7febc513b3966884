//! Signed links, as whoever serves the page behind them needs them.

use super::AlertEngine;
use crate::labels::Fingerprint;
use crate::link::{AckSubject, AckToken, InvalidAckToken};

impl AlertEngine {
    /// The alerts that a signed link is about.
    #[must_use]
    pub fn alerts_of(&self, subject: &AckSubject) -> Vec<Fingerprint> {
        match subject {
            AckSubject::Alerts(alerts) => alerts.clone(),
            AckSubject::Group(key) => self.brain().core.pipeline().members(key).collect(),
        }
    }

    /// What the token of a signed link says, see [`AckLinks::verify`](crate::AckLinks::verify).
    ///
    /// # Errors
    /// [`InvalidAckToken`] whatever is wrong; also where the engine signs no links.
    pub fn read_link(&self, token: &str) -> Result<AckToken, InvalidAckToken> {
        let blueprint = self.inner.blueprint();
        let links = blueprint.fixed.links.as_ref().ok_or(InvalidAckToken)?;
        links.verify(token, self.inner.now())
    }
}
