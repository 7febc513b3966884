//! What one attempt of a stream uses, booked when it ends, whichever way.

use std::task::{Context, Poll};

use super::unit::{Renewal, Unit};
use crate::chat::StreamEvent;
use crate::usage::Usage;

/// Counts what a provider's stream hands out, and books it at its end, at its error, or when it is dropped.
pub(in crate::client) struct Meter {
    unit: Option<Unit>,
    renewal: Option<Renewal>,
    usage: Option<Usage>,
    /// Bytes that were said.
    said: usize,
}

impl Meter {
    pub(super) fn new(unit: Unit) -> Self {
        Self {
            renewal: unit.renewal(),
            unit: Some(unit),
            usage: None,
            said: 0,
        }
    }

    /// Takes note of an event as the provider gave it.
    pub(in crate::client) fn note(&mut self, event: &StreamEvent) {
        self.said = self.said.saturating_add(event.size());
        match event {
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { usage, .. } => {
                if usage.is_some() {
                    self.usage.clone_from(usage);
                }
                self.renewal = None;
                if let Some(unit) = self.unit.take() {
                    unit.ended(self.usage.as_ref(), self.said);
                }
            }
            _ => {}
        }
    }

    /// Books what was used until the stream broke or was given up.
    pub(in crate::client) fn cut(&mut self) {
        self.renewal = None;
        if let Some(unit) = self.unit.take() {
            unit.cut(self.usage.as_ref(), self.said);
        }
    }

    /// Keeps the reservation alive while the stream is read.
    pub(in crate::client) fn keep(&mut self, cx: &mut Context<'_>) {
        if let Some(renewal) = &mut self.renewal
            && let Poll::Ready(never) = renewal.as_mut().poll(cx)
        {
            match never {}
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.cut();
    }
}
