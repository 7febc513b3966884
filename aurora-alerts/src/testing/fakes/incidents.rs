//! What a service for incidents remembers.

use std::sync::{Mutex, PoisonError};

/// The most incidents that are remembered; what would be one more is refused.
const REMEMBERED: usize = 10_000;

/// How it stands with an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FakeIncidentStatus {
    /// It waits for somebody.
    Open,
    /// Somebody works on it.
    Acknowledged,
    /// It is over; the next alert with its key is a new incident.
    Closed,
}

/// An incident as a fake service keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FakeIncident {
    /// By which it is told apart.
    pub key: String,
    /// Its headline.
    pub title: String,
    /// How it stands with it.
    pub status: FakeIncidentStatus,
    /// How often it was opened, the first time included.
    pub opened: u32,
}

/// Incidents by the rules that PagerDuty and Opsgenie share: one is open per key, and what is done to a key without an
/// open incident changes nothing.
#[derive(Debug, Default)]
pub(super) struct Incidents(Mutex<Vec<FakeIncident>>);

impl Incidents {
    pub(super) fn all(&self) -> Vec<FakeIncident> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether there was room for it.
    pub(super) fn open(&self, key: &str, title: &str) -> bool {
        let mut incidents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = incidents
            .iter_mut()
            .find(|incident| incident.key == key && incident.status != FakeIncidentStatus::Closed);
        if let Some(known) = known {
            known.opened += 1;
            return true;
        }
        if incidents.len() >= REMEMBERED {
            return false;
        }
        incidents.push(FakeIncident {
            key: key.to_owned(),
            title: title.to_owned(),
            status: FakeIncidentStatus::Open,
            opened: 1,
        });
        true
    }

    pub(super) fn mark(&self, key: &str, status: FakeIncidentStatus) {
        let mut incidents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = incidents
            .iter_mut()
            .find(|incident| incident.key == key && incident.status != FakeIncidentStatus::Closed);
        if let Some(incident) = open {
            incident.status = status;
        }
    }
}
