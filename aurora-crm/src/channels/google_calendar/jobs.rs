//! What the worker is told to do. Everything else is read when its time has come.

use std::time::Duration;

use aurora_core::store;
use aurora_core::store::outbox::Message;
use serde::{Deserialize, Serialize};

use super::link::CalendarLinkId;
use crate::appointments::AppointmentId;
use crate::workspaces::WorkspaceId;

/// The queue of the outbox that goes to Google.
pub const QUEUE: &str = "crm.google_calendar";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Job {
    /// Bring the event of an appointment to where the appointment is.
    Push { appointment: AppointmentId },
    /// Read what has changed in a calendar.
    Sync { link: CalendarLinkId, run: i64 },
    /// Look whether it is time to read, or to open another channel, and come again.
    Poll {
        link: CalendarLinkId,
        polls: i64,
        turn: u64,
    },
    /// Open a channel and close those before it.
    Watch { link: CalendarLinkId },
    /// Write all appointments that are to come.
    Fill { link: CalendarLinkId, polls: i64 },
    /// Close the channels of a link that has ended, and forget its credentials.
    End { link: CalendarLinkId },
}

/// A job of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) workspace: WorkspaceId,
    pub(super) job: Job,
}

impl Ticket {
    /// The message of a job that nobody else makes under this key.
    fn message(
        workspace: WorkspaceId,
        job: Job,
        order: impl std::fmt::Display,
        key: impl std::fmt::Display,
    ) -> Result<Message, store::Error> {
        let message = Message::json(QUEUE, &Self { workspace, job })?;
        Ok(message
            .tenant(workspace)
            .ordering_key(order)
            .idempotency_key(key)
            .max_attempts(50))
    }

    /// `cause` is what makes it another push than the one before.
    pub(super) fn push(
        workspace: WorkspaceId,
        appointment: AppointmentId,
        cause: impl std::fmt::Display,
    ) -> Result<Message, store::Error> {
        let job = Job::Push { appointment };
        Self::message(
            workspace,
            job,
            appointment,
            format_args!("push/{appointment}/{cause}"),
        )
    }

    /// All that ask before the run has begun ask for one run.
    pub(super) fn sync(
        workspace: WorkspaceId,
        link: CalendarLinkId,
        run: i64,
    ) -> Result<Message, store::Error> {
        let job = Job::Sync { link, run };
        Self::message(workspace, job, link, format_args!("sync/{link}/{run}"))
    }

    pub(super) fn poll(
        workspace: WorkspaceId,
        link: CalendarLinkId,
        (polls, turn): (i64, u64),
        delay: Duration,
    ) -> Result<Message, store::Error> {
        let job = Job::Poll { link, polls, turn };
        let key = format_args!("poll/{link}/{polls}/{turn}").to_string();
        // A queue of its own kind: what waits for its time would hold up what is due.
        let message = Self::message(workspace, job, format_args!("poll/{link}"), key)?;
        Ok(message.delay(delay).max_attempts(1_000))
    }

    pub(super) fn watch(
        workspace: WorkspaceId,
        link: CalendarLinkId,
        cause: impl std::fmt::Display,
    ) -> Result<Message, store::Error> {
        let key = format_args!("watch/{link}/{cause}").to_string();
        // The next poll asks for it again.
        let message = Self::message(workspace, Job::Watch { link }, format_args!("watch/{link}"), key)?;
        Ok(message.max_attempts(5))
    }

    pub(super) fn fill(
        workspace: WorkspaceId,
        link: CalendarLinkId,
        polls: i64,
    ) -> Result<Message, store::Error> {
        let key = format_args!("fill/{link}/{polls}").to_string();
        Self::message(workspace, Job::Fill { link, polls }, link, key)
    }

    pub(super) fn end(workspace: WorkspaceId, link: CalendarLinkId) -> Result<Message, store::Error> {
        let key = format_args!("end/{link}").to_string();
        Self::message(workspace, Job::End { link }, format_args!("watch/{link}"), key)
    }
}
