//! Times that were offered. A model can name one only by its ref, so that it cannot make up a time.

use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::{DateTime, Datelike as _};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::language::Language;
use crate::appointments::AppointmentId;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId, Slot};

/// How long an offer can be taken up. Whether the time is still free is seen when it is booked.
pub(super) const LIFETIME: Duration = Duration::from_secs(24 * 3_600);
/// Offers in one go: as many rows as a list has.
pub(super) const MOST: u32 = 10;
/// What a choice of an offer begins with.
const CHOICE: &str = "slot:";

/// A time that was offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offer {
    /// Its name in the conversation, such as `s1`.
    #[serde(rename = "ref")]
    pub(super) name: String,
    pub(super) service_id: ServiceId,
    pub(super) professional_id: ProfessionalId,
    pub(super) room_id: Option<RoomId>,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    /// As it was shown, such as `ter 02/12 14:30`; at most 24 characters.
    pub(super) label: String,
    /// The appointment that is to be moved there; a new one is to be made when there is none.
    pub(super) moves: Option<AppointmentId>,
    pub(super) expires_at: Timestamp,
}

impl Offer {
    pub(super) fn of(
        slot: &Slot,
        number: i64,
        label: String,
        moves: Option<AppointmentId>,
        now: Timestamp,
    ) -> Self {
        Self {
            name: format!("s{number}"),
            service_id: slot.service_id,
            professional_id: slot.professional_id,
            room_id: slot.room_id,
            starts_at: slot.starts_at,
            ends_at: slot.ends_at,
            label,
            moves,
            expires_at: now + LIFETIME,
        }
    }

    /// The id of the choice that takes it up.
    pub(super) fn choice(&self) -> String {
        format!("{CHOICE}{}", self.name)
    }
}

/// The ref that a choice names, if it takes up an offer.
pub(super) fn of_choice(id: &str) -> Option<&str> {
    let name = id.strip_prefix(CHOICE)?;
    let digits = name.strip_prefix('s')?;
    let is_ref = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    is_ref.then_some(name)
}

/// How a time is told: `ter 02/12 14:30`, `Tue 2 Dec 14:30`.
pub(super) fn label(at: Timestamp, zone: Tz, language: Language) -> String {
    let Some(time) = DateTime::from_timestamp_micros(at.as_micros()) else {
        return String::new();
    };
    let local = time.with_timezone(&zone);
    match language {
        Language::Portuguese => {
            let days = ["seg", "ter", "qua", "qui", "sex", "sáb", "dom"];
            let index = usize::try_from(local.weekday().num_days_from_monday()).unwrap_or(0);
            let day = days.get(index).copied().unwrap_or_default();
            format!("{day} {}", local.format("%d/%m %H:%M"))
        }
        Language::English => local.format("%a %-d %b %H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_names_nothing_but_a_ref() {
        assert_eq!(of_choice("slot:s12"), Some("s12"));
        for wrong in [
            "slot:",
            "slot:s",
            "slot:x1",
            "slot:s1;drop",
            "slot:s-1",
            "s1",
            "slot:s1234567890",
        ] {
            assert_eq!(of_choice(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_are_told_where_the_professional_is_and_fit_a_row() {
        let at = Timestamp::parse("2026-12-02T17:30:00Z").unwrap();
        let zone = chrono_tz::America::Sao_Paulo;
        assert_eq!(label(at, zone, Language::Portuguese), "qua 02/12 14:30");
        assert_eq!(label(at, zone, Language::English), "Wed 2 Dec 14:30");
        assert_eq!(
            label(at, chrono_tz::America::Manaus, Language::Portuguese),
            "qua 02/12 13:30"
        );
    }
}
