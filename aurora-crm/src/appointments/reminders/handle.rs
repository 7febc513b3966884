use super::{
    Answer, Answered, AppointmentReminderSink, AppointmentWorker, NewReminderRule, ReminderRule,
    ReminderRuleId,
};
use crate::appointments::{Actor, Appointment, AppointmentId, AppointmentStatus, Appointments, sql};
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// How often an answer is tried again when the appointment changes at the same moment.
const ATTEMPTS: usize = 3;

/// Reminders, and what clients answer to them.
impl Appointments {
    /// Makes a rule. It holds for what is confirmed or moved from then on.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, or `too_many` beyond 10; `Conflict` with the code `in_use` when there is one at that time
    /// already; `NotFound` for a service that there is not.
    pub async fn add_reminder_rule(
        &self,
        context: &Context,
        new: NewReminderRule,
    ) -> Result<ReminderRule, Error> {
        let rule = new.check(self.store.now())?;
        let work = sql::rules::add(&self.store, context, rule);
        self.store
            .run(context, "appointments.add_reminder_rule", work)
            .await
    }

    /// All rules: those of every service first, then by service.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn reminder_rules(&self, context: &Context) -> Result<Vec<ReminderRule>, Error> {
        let work = sql::rules::list(&self.store, context);
        self.store.run(context, "appointments.reminder_rules", work).await
    }

    /// Removes a rule. Reminders that were planned by it are not sent.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove_reminder_rule(&self, context: &Context, id: ReminderRuleId) -> Result<(), Error> {
        let work = sql::rules::remove(&self.store, context, id);
        self.store
            .run(context, "appointments.remove_reminder_rule", work)
            .await
    }

    /// What sends reminders and offers through `sink`, once it is run; one for all workspaces.
    #[must_use]
    pub fn worker(&self, sink: impl AppointmentReminderSink) -> AppointmentWorker {
        AppointmentWorker::new(self.store.clone(), sink)
    }

    /// Does what a client has answered, if the appointment is this client's. The same answer again changes nothing.
    ///
    /// # Errors
    /// `NotFound`, also when it is somebody else's; `Invalid` when it cannot be done any more, with the codes of
    /// [`Appointments::transition`]; `Conflict` when the appointment is being changed all the time.
    pub async fn respond(
        &self,
        context: &Context,
        client: ClientId,
        id: AppointmentId,
        answer: Answer,
    ) -> Result<Answered, Error> {
        let mut attempt = 1;
        loop {
            let appointment = self.get_of(context, client, id).await?;
            match self.apply(context, appointment, answer).await {
                Err(error) if error.kind() == ErrorKind::Conflict && attempt < ATTEMPTS => attempt += 1,
                outcome => return outcome,
            }
        }
    }

    async fn apply(
        &self,
        context: &Context,
        appointment: Appointment,
        answer: Answer,
    ) -> Result<Answered, Error> {
        use AppointmentStatus::{Cancelled, Confirmed, Held, Requested};
        let (id, version, actor) = (appointment.id, appointment.version, Actor::Client);
        match (answer, appointment.status) {
            (Answer::Move, _) => Ok(Answered::WantsToMove(appointment)),
            (Answer::Cancel, Cancelled) => Ok(Answered::Cancelled(appointment)),
            (Answer::Cancel, _) => {
                let cancelled = self.cancel(context, id, version, actor, None).await?;
                Ok(Answered::Cancelled(cancelled))
            }
            (Answer::Confirm, Held) => self.take(context, id, version).await.map(Answered::Taken),
            (Answer::Confirm, Requested) => Ok(Answered::Taken(appointment)),
            (Answer::Confirm, Confirmed) if appointment.acknowledged_at.is_some() => {
                Ok(Answered::Acknowledged(appointment))
            }
            (Answer::Confirm, _) => {
                let acknowledged = self.acknowledge(context, id, version, actor).await?;
                Ok(Answered::Acknowledged(acknowledged))
            }
        }
    }

    /// Takes a held time: confirmed where the service confirms itself, and requested otherwise.
    ///
    /// # Errors
    /// As [`Appointments::transition`]; `too_late` when the hold has expired.
    pub async fn take(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
    ) -> Result<Appointment, Error> {
        let work = sql::change::take(&self.store, context, id, expected_version);
        self.store.run(context, "appointments.take", work).await
    }
}
