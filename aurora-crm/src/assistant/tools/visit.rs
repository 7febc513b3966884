//! One run of one tool.

use aurora_core::time::Timestamp;
use aurora_llm::chat::ToolCall;
use chrono_tz::Tz;
use serde_json::{Value, json};

use super::arguments::{self, Nothing, read};
use super::{Effect, ToolName};
use crate::appointments::{Appointment, AppointmentId};
use crate::assistant::desk::{Catalogue, Desk};
use crate::assistant::language::Language;
use crate::assistant::offer::{self, Offer};
use crate::assistant::settings::AssistantSettings;
use crate::assistant::sql;
use crate::clients::ClientId;
use crate::context::Context;
use crate::conversations::Conversation;
use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// The most that a model is told of one result, in bytes.
const MOST_TOLD: usize = 8 * 1024;

/// Who visits, and with which rights: those of the contact of one conversation.
#[derive(Debug, Clone, Copy)]
pub(in crate::assistant) struct Visit<'a> {
    pub(in crate::assistant) store: &'a Store,
    pub(in crate::assistant) desk: &'a dyn Desk,
    pub(in crate::assistant) context: &'a Context,
    pub(in crate::assistant) conversation: &'a Conversation,
    pub(in crate::assistant) settings: &'a AssistantSettings,
    pub(in crate::assistant) catalogue: &'a Catalogue,
    pub(in crate::assistant) language: Language,
    pub(in crate::assistant) zone: Tz,
    /// The same whenever the same call runs again.
    pub(in crate::assistant) key: &'a str,
    pub(in crate::assistant) now: Timestamp,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::assistant) struct Ran {
    pub(in crate::assistant) result: String,
    pub(in crate::assistant) is_error: bool,
    pub(in crate::assistant) effect: Effect,
}

/// What a tool does not do: told to the model, or a failure of the house, after which the turn is tried again.
#[derive(Debug)]
pub(super) enum Refusal {
    Told(String),
    Failed(Error),
}

impl Refusal {
    pub(super) fn told(text: impl Into<String>) -> Self {
        Self::Told(text.into())
    }
}

/// What the house refuses is for the model to mend; what it cannot do now is tried again.
impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error.kind() {
            ErrorKind::Invalid => {
                let codes: Vec<&str> = error
                    .fields()
                    .iter()
                    .map(|field| field.message.as_str())
                    .collect();
                Self::Told(format!("not possible: {}", codes.join("; ")))
            }
            ErrorKind::Conflict | ErrorKind::AlreadyExists => {
                Self::Told("it is no longer free, or was changed meanwhile: look again".to_owned())
            }
            ErrorKind::NotFound => Self::Told("there is no such thing any more: look again".to_owned()),
            _ => Self::Failed(error),
        }
    }
}

pub(super) type Told = Result<(Value, Effect), Refusal>;

impl Visit<'_> {
    /// Runs a call. Whatever is wrong with it is told to the model.
    ///
    /// # Errors
    /// What the house cannot do now; the same call can run again.
    pub(in crate::assistant) async fn run(&self, call: &ToolCall) -> Result<Ran, Error> {
        let outcome = match (ToolName::of(&call.name), call.arguments_json()) {
            (Some(tool), Ok(arguments)) if self.settings.offers(tool) => self.dispatch(tool, arguments).await,
            (Some(_), Err(_)) => Err(Refusal::told("the arguments are not JSON")),
            _ => Err(Refusal::told("there is no such tool")),
        };
        let (result, is_error, effect) = match outcome {
            Ok((value, effect)) => (value.to_string(), false, effect),
            Err(Refusal::Told(why)) => (json!({ "error": why }).to_string(), true, Effect::Nothing),
            Err(Refusal::Failed(error)) => return Err(error),
        };
        Ok(Ran {
            result: cut(result),
            is_error,
            effect,
        })
    }

    async fn dispatch(&self, tool: ToolName, arguments: Value) -> Told {
        match tool {
            ToolName::FindSlots => self.find_slots(read(arguments)?).await,
            ToolName::BookAppointment => self.book(read(arguments)?).await,
            ToolName::MyAppointments => read::<Nothing>(arguments).map(drop).and(self.mine().await),
            ToolName::RescheduleAppointment => self.reschedule(read(arguments)?).await,
            ToolName::CancelAppointment => self.cancel(read(arguments)?).await,
            ToolName::ConfirmAppointment => self.confirm(read(arguments)?).await,
            ToolName::JoinWaitingList => self.wait(read(arguments)?).await,
            ToolName::LookupClient => read::<Nothing>(arguments).map(drop).and(self.lookup().await),
            ToolName::RegisterClient => self.register(read(arguments)?).await,
            ToolName::SearchKnowledge => self.search(read(arguments)?).await,
            ToolName::HandOver => {
                let arguments::HandOver { reason, note } = read(arguments)?;
                let note = note.map(|note| note.chars().take(500).collect());
                let told = json!({"handed_over": true});
                Ok((told, Effect::HandOver { why: reason, note }))
            }
        }
    }

    /// The client that the contact is: known by the conversation, never by an argument.
    pub(super) fn client(&self) -> Result<ClientId, Refusal> {
        let unknown = || {
            Refusal::told(
                "the contact is not registered yet: ask for the full name and call register_client first",
            )
        };
        self.conversation.contact.client_id.ok_or_else(unknown)
    }

    /// A time that was offered in this conversation and can still be taken.
    pub(super) async fn offer(&self, name: &str) -> Result<Offer, Refusal> {
        let found = sql::offers::find(
            self.store,
            self.context,
            self.conversation.id,
            name.trim(),
            self.now,
        )
        .await?;
        found.ok_or_else(|| {
            Refusal::told("no such time was offered in this conversation, or too long ago: call find_slots and offer again")
        })
    }

    /// One of the contact's own appointments.
    pub(super) async fn own(&self, name: &str) -> Result<Appointment, Refusal> {
        let client = self.client()?;
        let mut own = self.desk.appointments(self.context, client).await?;
        // The desk asks for this client's alone; whoever changes that must not open others' data.
        own.retain(|appointment| appointment.client_id == client && reference(appointment.id) == name.trim());
        match own.pop() {
            Some(appointment) if own.is_empty() => Ok(appointment),
            _ => Err(Refusal::told(
                "the contact has no such appointment: call my_appointments for the refs",
            )),
        }
    }

    pub(super) fn when(&self, appointment: &Appointment) -> String {
        offer::label(appointment.starts_at, appointment.time_zone, self.language)
    }

    pub(super) fn service_name(&self, appointment: &Appointment) -> String {
        let services = &self.catalogue.services;
        let found = services
            .iter()
            .find(|service| service.id == appointment.service_id);
        found.map(|service| service.name.clone()).unwrap_or_default()
    }
}

/// How an appointment is named to the model: enough of its id to tell one client's apart.
pub(in crate::assistant) fn reference(id: AppointmentId) -> String {
    let hex = id.uuid().simple().to_string();
    let tail: String = hex.chars().skip(hex.len().saturating_sub(6)).collect();
    format!("apt-{tail}")
}

fn cut(mut text: String) -> String {
    if text.len() > MOST_TOLD {
        let end = (0..=MOST_TOLD).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push_str("\n[cut off]");
    }
    text
}
