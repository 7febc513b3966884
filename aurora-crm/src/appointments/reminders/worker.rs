//! What is to be done when its time has come leaves through the outbox.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store;
use aurora_core::store::outbox::{Delivery, Failed, Handler, Message, WorkerBuilder};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AppointmentNotice, AppointmentReminderSink};
use crate::appointments::sql::told::Telling;
use crate::appointments::waiting::WaitingEntryId;
use crate::appointments::{Appointment, AppointmentId, sql};
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::ProfessionalId;
use crate::store::Store;
use crate::workspaces::WorkspaceId;

/// The queue of the outbox that reminders, offers and expiries wait in.
pub const QUEUE: &str = "crm.appointments";

/// Who it is in the audit log.
const PRINCIPAL: &str = "appointments";

/// Sends reminders and offers, lets offers expire and gives what is free to the waiting list; a cheap handle, and a [`Handler`] of
/// the outbox.
///
/// Run it in one process or in many: each message is given to one of them.
#[derive(Debug, Clone)]
pub struct AppointmentWorker {
    store: Store,
    sink: Arc<dyn AppointmentReminderSink>,
}

impl AppointmentWorker {
    pub(in super::super) fn new(store: Store, sink: impl AppointmentReminderSink) -> Self {
        Self {
            store,
            sink: Arc::new(sink),
        }
    }

    /// Settings for a worker of the queue.
    pub fn worker(&self) -> WorkerBuilder {
        self.store.outbox().worker(QUEUE, self.clone())
    }

    /// Works until `stop` resolves, with the default settings of a worker.
    ///
    /// # Errors
    /// None with these settings.
    ///
    /// # Cancel safety
    /// Dropping the future drops what is being done; it is done again when its lease has run out.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        self.worker().build()?.run(stop).await;
        Ok(())
    }

    async fn tell(&self, context: &Context, notice: &AppointmentNotice) -> Result<(), Failed> {
        self.sink.send(context, notice).await
    }

    /// Tells the client of an offer. What cannot be told is held for nobody: it goes to the next.
    async fn offer(
        &self,
        context: &Context,
        entry: WaitingEntryId,
        held: AppointmentId,
        delivery: &Delivery,
    ) -> Result<(), Failed> {
        let notice = match sql::told::notice(&self.store, context, entry, held).await? {
            Telling::Now(notice) => notice,
            Telling::Never => return Ok(sql::told::withdraw(&self.store, context, entry, held).await?),
            Telling::Over => return Ok(()),
        };
        if let Err(failed) = self.tell(context, &notice).await {
            if failed.class() == FailureClass::Rejected {
                sql::told::withdraw(&self.store, context, entry, held).await?;
            }
            return Err(failed);
        }
        Ok(sql::told::told(&self.store, context, entry, held, delivery).await?)
    }
}

#[async_trait]
impl Handler for AppointmentWorker {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery.json()?;
        let context = Context::new(ticket.workspace, PRINCIPAL);
        match ticket.job {
            Job::Remind { reminder } => {
                let due = sql::reminders::due(&self.store, &context, reminder).await?;
                if let Some(notice) = due {
                    self.tell(&context, &notice).await?;
                    let id = notice.appointment.id;
                    sql::reminders::sent(&self.store, &context, reminder, id, delivery).await?;
                }
            }
            Job::Offer { entry, appointment } => {
                self.offer(&context, entry, appointment, delivery).await?;
            }
            Job::Lapse { appointment } => {
                sql::expiry::expire(&self.store, &context, appointment).await?;
                if let Some(left) = sql::expiry::left(&self.store, &context, appointment).await? {
                    let early = Failed::again(FailureClass::Transient, "the hold goes on");
                    return Err(early.after(left));
                }
            }
            Job::Freed(freed) => {
                sql::offers::offer(&self.store, &context, freed, delivery).await?;
            }
        }
        Ok(())
    }
}

/// A message of the outbox: ids and times. Everything else is read when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Ticket {
    pub(in super::super) workspace: WorkspaceId,
    pub(in super::super) job: Job,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(in super::super) enum Job {
    Remind {
        reminder: ReminderId,
    },
    Offer {
        entry: WaitingEntryId,
        appointment: AppointmentId,
    },
    /// The hold of an offer ends.
    Lapse {
        appointment: AppointmentId,
    },
    Freed(Freed),
}

/// A time of a professional that has become free, or what is left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) struct Freed {
    pub(in super::super) professional: ProfessionalId,
    /// When what was given up would have begun: offered first, on a step of the service or not. None of what is left of an offer.
    pub(in super::super) starts_at: Option<Timestamp>,
    pub(in super::super) from: Timestamp,
    pub(in super::super) until: Timestamp,
}

/// No appointment is shorter.
const SHORTEST: Duration = Duration::from_secs(5 * 60);

impl Freed {
    /// All that an appointment had blocked.
    pub(in super::super) const fn of(appointment: &Appointment) -> Self {
        Self {
            professional: appointment.professional_id,
            starts_at: Some(appointment.starts_at),
            from: appointment.blocked_from,
            until: appointment.blocked_until,
        }
    }

    /// What is left before and after an appointment that took some of it: less than there was, and so in the end nothing.
    pub(in super::super) fn left_by(self, taker: &Appointment) -> impl Iterator<Item = Self> {
        let spans = [
            (self.from, taker.blocked_from.min(self.until)),
            (taker.blocked_until.max(self.from), self.until),
        ];
        let spans = spans
            .into_iter()
            .filter(|(from, until)| *from + SHORTEST <= *until);
        spans.map(move |(from, until)| Self {
            starts_at: None,
            from,
            until,
            ..self
        })
    }
}

/// Names one planned reminder.
pub(in super::super) type ReminderId = aurora_core::id::Id<PlannedReminder>;

/// What a [`ReminderId`] names.
#[derive(Debug)]
pub(in super::super) struct PlannedReminder;

impl aurora_core::id::IdKind for PlannedReminder {
    const PREFIX: &'static str = "arm";
}

impl Ticket {
    pub(in super::super) fn message(
        workspace: WorkspaceId,
        job: Job,
        key: String,
        delay: Duration,
    ) -> Result<Message, store::Error> {
        Ok(Message::json(QUEUE, &Self { workspace, job })?
            .tenant(workspace)
            .idempotency_key(key)
            .delay(delay))
    }
}
