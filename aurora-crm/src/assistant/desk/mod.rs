//! Everything that a turn asks of the rest of the house, in one place.
//!
//! A turn works through this alone, always for one workspace and one conversation, so that what the assistant can reach is
//! what is written here. The tests have a second desk that fails and takes over at chosen moments.

mod house;

use std::fmt;

use async_trait::async_trait;
use aurora_core::time::Timestamp;
use chrono_tz::Tz;

use crate::appointments::Appointment;
use crate::clients::{Client, ClientId};
use crate::context::Context;
use crate::conversations::{ContactId, Content, Conversation, ConversationId, Message, MessageId};
use crate::error::Error;
use crate::knowledge::Hit;
use crate::scheduling::{Professional, ProfessionalId, Service, ServiceId, Slot};

use super::offer::Offer;
use super::tools::PartOfDay;

pub(super) use self::house::House;

/// What can be booked, and with whom; the active ones.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    pub(super) services: Vec<Service>,
    pub(super) professionals: Vec<Professional>,
}

/// Which times are wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    pub(super) service: ServiceId,
    pub(super) professional: Option<ProfessionalId>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) part: PartOfDay,
    pub(super) most: u32,
}

#[async_trait]
pub(super) trait Desk: fmt::Debug + Send + Sync + 'static {
    async fn conversation(&self, context: &Context, id: ConversationId) -> Result<Conversation, Error>;

    /// The latest messages, the oldest of them first.
    async fn recent(&self, context: &Context, id: ConversationId, most: u32) -> Result<Vec<Message>, Error>;

    /// Sends once for each key.
    async fn post(
        &self,
        context: &Context,
        id: ConversationId,
        content: &Content,
        key: &str,
    ) -> Result<MessageId, Error>;

    /// Lets the conversation wait for a person, at the version that the caller has seen; the reason is for the people who look
    /// after it.
    async fn release(
        &self,
        context: &Context,
        id: ConversationId,
        version: i64,
        reason: &str,
    ) -> Result<(), Error>;

    async fn link(&self, context: &Context, contact: ContactId, client: ClientId) -> Result<(), Error>;

    async fn client(&self, context: &Context, id: ClientId) -> Result<Client, Error>;

    /// Whether the data of a client may not be used (LGPD, art. 18, IV).
    async fn is_blocked(&self, context: &Context, client: ClientId) -> Result<bool, Error>;

    /// Writes down that a client has agreed to a text, unless it has already.
    async fn agree(&self, context: &Context, client: ClientId, text: &str) -> Result<(), Error>;

    /// The zone that the workspace lives in.
    async fn zone(&self, context: &Context) -> Result<Tz, Error>;

    async fn catalogue(&self, context: &Context) -> Result<Catalogue, Error>;

    async fn free(&self, context: &Context, wanted: &Wanted) -> Result<Vec<Slot>, Error>;

    /// Appointments of a client that are to come, and the latest ones that have ended; at most 50.
    async fn appointments(&self, context: &Context, client: ClientId) -> Result<Vec<Appointment>, Error>;

    /// Books once for each key.
    async fn book(
        &self,
        context: &Context,
        client: ClientId,
        offer: &Offer,
        key: &str,
    ) -> Result<Appointment, Error>;

    async fn reschedule(
        &self,
        context: &Context,
        appointment: &Appointment,
        offer: &Offer,
    ) -> Result<Appointment, Error>;

    async fn cancel(
        &self,
        context: &Context,
        appointment: &Appointment,
        reason: Option<&str>,
    ) -> Result<Appointment, Error>;

    /// Writes down that the client says it comes.
    async fn confirm(&self, context: &Context, appointment: &Appointment) -> Result<Appointment, Error>;

    /// Puts a client on the waiting list, unless it waits for the same.
    async fn wait(&self, context: &Context, client: ClientId, wanted: &Wanted) -> Result<(), Error>;

    async fn search(&self, context: &Context, text: &str, most: u32) -> Result<Vec<Hit>, Error>;
}
