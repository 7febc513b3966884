//! Parts of the day as the waiting list keeps them; none is any.

use aurora_core::time::Timestamp;
use chrono::Timelike as _;
use chrono_tz::Tz;

use crate::appointments::reminders::local;
use crate::scheduling::PartOfDay;

pub(in super::super) const fn word(part: Option<PartOfDay>) -> &'static str {
    match part {
        None => "any",
        Some(PartOfDay::Morning) => "morning",
        Some(PartOfDay::Afternoon) => "afternoon",
        Some(PartOfDay::Evening) => "evening",
    }
}

pub(in super::super) fn read(word: &str) -> Result<Option<PartOfDay>, &'static str> {
    match word {
        "any" => Ok(None),
        "morning" => Ok(Some(PartOfDay::Morning)),
        "afternoon" => Ok(Some(PartOfDay::Afternoon)),
        "evening" => Ok(Some(PartOfDay::Evening)),
        _ => Err("not a part of the day"),
    }
}

/// Whether this time, on the clocks of `zone`, is in it.
pub(in super::super) fn holds(part: Option<PartOfDay>, time: Timestamp, zone: Tz) -> bool {
    let hour = local(time, zone).hour();
    match part {
        None => true,
        Some(PartOfDay::Morning) => hour < 12,
        Some(PartOfDay::Afternoon) => (12..18).contains(&hour),
        Some(PartOfDay::Evening) => hour >= 18,
    }
}
