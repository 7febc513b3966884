use std::fmt;

use async_trait::async_trait;
use aurora_core::store::outbox::Failed;

use super::Language;
use crate::appointments::Appointment;
use crate::context::Context;
use crate::conversations::{Choice, Content};

/// What a client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NoticeKind {
    /// That it has an appointment.
    Reminder,
    /// That a time is free that it waits for.
    Offer,
}

/// Something to tell the client of an appointment, whose time has come.
///
/// `Debug` shows neither text nor names.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct AppointmentNotice {
    /// What it is.
    pub kind: NoticeKind,
    /// The appointment as it is now; of an offer the time that is held.
    pub appointment: Appointment,
    /// The language that the client is written to in.
    pub language: Language,
    /// The words.
    pub text: String,
    /// The buttons: their ids are read by [`answer_of`](super::answer_of).
    pub choices: Vec<Choice>,
    /// The approved template, for when free texts are not allowed.
    pub template: Option<String>,
    /// What its places are filled with: client, service, professional, day and time; of an offer also until when it is kept.
    pub template_body: Vec<String>,
    /// The same each time for the same notice.
    pub idempotency_key: String,
}

impl AppointmentNotice {
    /// As a question with buttons.
    #[must_use]
    pub fn content(&self) -> Content {
        Content::Buttons {
            body: self.text.clone(),
            choices: self.choices.clone(),
        }
    }

    /// As a template, where there is one.
    #[must_use]
    pub fn template_content(&self) -> Option<Content> {
        Some(Content::Template {
            name: self.template.clone()?,
            language: self.language.template_code().to_owned(),
            body: self.template_body.clone(),
            payloads: self.choices.iter().map(|choice| choice.id.clone()).collect(),
            text: self.text.clone(),
        })
    }
}

impl fmt::Debug for AppointmentNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppointmentNotice")
            .field("kind", &self.kind)
            .field("appointment", &self.appointment)
            .finish_non_exhaustive()
    }
}

/// Tells clients about their appointments: by a message, by mail.
#[async_trait]
pub trait AppointmentReminderSink: fmt::Debug + Send + Sync + 'static {
    /// Sends one notice. It can be called again for the same one, when the process dies or the database is gone between sending and
    /// writing down that it was sent: hand [`AppointmentNotice::idempotency_key`] to whoever sends.
    ///
    /// # Errors
    /// [`Failed::again`] is tried again, [`Failed::rejected`] is not.
    async fn send(&self, context: &Context, notice: &AppointmentNotice) -> Result<(), Failed>;
}
