//! What the assistant can do: each tool acts within the data of the contact who writes, whatever its arguments say.

mod arguments;
mod booking;
mod effect;
mod facts;
mod schema;
mod times;
mod visit;

use std::fmt;

use aurora_llm::chat::Tool;
use serde::{Deserialize, Serialize};

pub(super) use self::arguments::PartOfDay;
pub(super) use self::effect::Effect;
pub(super) use self::visit::{Visit, reference};
use super::settings::AssistantSettings;

/// A tool of the assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ToolName {
    /// Finds free times and offers them.
    FindSlots,
    /// Books a time that was offered.
    BookAppointment,
    /// Lists the contact's own appointments.
    MyAppointments,
    /// Moves one of them to a time that was offered.
    RescheduleAppointment,
    /// Calls one of them off.
    CancelAppointment,
    /// Says that the contact comes.
    ConfirmAppointment,
    /// Puts the contact on the waiting list.
    JoinWaitingList,
    /// Tells what is known of the contact itself.
    LookupClient,
    /// Registers the contact as a client.
    RegisterClient,
    /// Looks something up in the workspace's knowledge.
    SearchKnowledge,
    /// Hands over to a person; always offered.
    HandOver,
}

impl ToolName {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::FindSlots,
        Self::BookAppointment,
        Self::MyAppointments,
        Self::RescheduleAppointment,
        Self::CancelAppointment,
        Self::ConfirmAppointment,
        Self::JoinWaitingList,
        Self::LookupClient,
        Self::RegisterClient,
        Self::SearchKnowledge,
        Self::HandOver,
    ];

    /// The name that a model calls it by.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FindSlots => "find_slots",
            Self::BookAppointment => "book_appointment",
            Self::MyAppointments => "my_appointments",
            Self::RescheduleAppointment => "reschedule_appointment",
            Self::CancelAppointment => "cancel_appointment",
            Self::ConfirmAppointment => "confirm_appointment",
            Self::JoinWaitingList => "join_waiting_list",
            Self::LookupClient => "lookup_client",
            Self::RegisterClient => "register_client",
            Self::SearchKnowledge => "search_knowledge",
            Self::HandOver => "hand_over",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == name)
    }
}

impl fmt::Display for ToolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The tools that a model is offered.
pub(super) fn offered(settings: &AssistantSettings) -> Vec<Tool> {
    let named = ToolName::ALL.into_iter().filter(|tool| settings.offers(*tool));
    named.map(schema::of).collect()
}
