//! Arguments as a model writes them: read strictly, and told back to it when they do not fit.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::visit::Refusal;

/// A part of a day, where the professional is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::assistant) enum PartOfDay {
    #[default]
    Any,
    /// Before 12:00.
    Morning,
    /// From 12:00 to 18:00.
    Afternoon,
    /// From 18:00.
    Evening,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FindSlots {
    pub(super) service: String,
    pub(super) professional: Option<String>,
    pub(super) from: NaiveDate,
    pub(super) until: Option<NaiveDate>,
    #[serde(default)]
    pub(super) part_of_day: PartOfDay,
    pub(super) moves: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JoinWaitingList {
    pub(super) service: String,
    pub(super) professional: Option<String>,
    pub(super) from: NaiveDate,
    pub(super) until: Option<NaiveDate>,
    #[serde(default)]
    pub(super) part_of_day: PartOfDay,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BookAppointment {
    pub(super) slot: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RescheduleAppointment {
    pub(super) appointment: String,
    pub(super) slot: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CancelAppointment {
    pub(super) appointment: String,
    pub(super) reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmAppointment {
    pub(super) appointment: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterClient {
    pub(super) name: String,
    pub(super) agrees: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SearchKnowledge {
    pub(super) query: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HandOver {
    pub(super) reason: HandOverReason,
    pub(super) note: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::assistant) enum HandOverReason {
    Asked,
    Unsure,
    Complaint,
    Medical,
    Other,
}

/// No arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Reads arguments. What a reader of JSON says is about names and kinds, and is for the model alone.
pub(super) fn read<T: DeserializeOwned>(arguments: Value) -> Result<T, Refusal> {
    serde_json::from_value(arguments).map_err(|error| {
        let told: String = error.to_string().chars().take(200).collect();
        Refusal::told(format!("the arguments do not fit: {told}"))
    })
}
