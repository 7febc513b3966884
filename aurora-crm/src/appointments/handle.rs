use aurora_core::time::Timestamp;

use super::sql::change::Step;
use super::sql::reschedule::Move;
use super::{Actor, Appointment, AppointmentId, AppointmentPolicy, AppointmentStatus, Booking, sql};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::leads::{OwnerId, refused};
use crate::scheduling::ProfessionalId;
use crate::store::Store;

const MAX_REASON: usize = 500;

/// What can be done with appointments; a cheap handle.
#[derive(Debug, Clone)]
pub struct Appointments {
    pub(super) store: Store,
}

impl Appointments {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Books, or holds a time. With an idempotency key the same booking again gives the first appointment as it is now.
    ///
    /// What a client books is confirmed where the service confirms itself, and otherwise waits for a person; what a person books is
    /// confirmed.
    ///
    /// # Errors
    /// `Conflict` with the code `slot_taken` when the professional or every room is taken, `key_reused` when another booking was made
    /// under the key. `NotFound` for a client, service, professional or room that there is not. `Invalid` with every wrong field, and
    /// with what [`Scheduling::check`](crate::scheduling::Scheduling::check) has against the time.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the appointment either made or not made, as with every change here.
    pub async fn book(&self, context: &Context, booking: Booking) -> Result<Appointment, Error> {
        let now = self.store.now();
        let booking = booking.check(now)?;
        let work = sql::book::book(&self.store, context, &booking, now);
        self.store.run(context, "appointments.book", work).await
    }

    /// Holds a time for as long as the workspace's policy says, or as the booking does.
    ///
    /// # Errors
    /// As [`Appointments::book`].
    pub async fn hold(&self, context: &Context, mut booking: Booking) -> Result<Appointment, Error> {
        if booking.hold_for.is_none() {
            booking.hold_for = Some(self.policy(context).await?.hold());
        }
        self.book(context, booking).await
    }

    /// Takes a step to another state, from the version that the caller has seen. A reason of up to 500 characters is kept in the
    /// history. An [`Actor::Client`] is trusted to be the client: look whose appointment it is with [`Appointments::get_of`].
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with the code `illegal_transition` when that state never follows,
    /// `not_allowed` when it is not for this actor, `too_early` or `too_late`.
    pub async fn transition(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        to: AppointmentStatus,
        actor: Actor,
        reason: Option<&str>,
    ) -> Result<Appointment, Error> {
        let reason = check_reason(reason)?;
        let step = Step {
            to,
            actor,
            reason: reason.as_deref(),
        };
        let work = sql::change::transition(&self.store, context, id, expected_version, step);
        self.store.run(context, "appointments.transition", work).await
    }

    /// Agrees to what is held or requested.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn confirm(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::Confirmed;
        self.transition(context, id, expected_version, to, actor, None)
            .await
    }

    /// The client is there.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn check_in(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::CheckedIn;
        self.transition(context, id, expected_version, to, actor, None)
            .await
    }

    /// It begins.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn begin(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::InProgress;
        self.transition(context, id, expected_version, to, actor, None)
            .await
    }

    /// It is over.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn complete(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::Completed;
        self.transition(context, id, expected_version, to, actor, None)
            .await
    }

    /// Calls it off; its time is free at once.
    ///
    /// # Errors
    /// As [`Appointments::transition`]; for clients `too_late` once the notice time of the policy has begun.
    pub async fn cancel(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
        reason: Option<&str>,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::Cancelled;
        self.transition(context, id, expected_version, to, actor, reason)
            .await
    }

    /// The client did not come; only once it has begun.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn no_show(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::NoShow;
        self.transition(context, id, expected_version, to, actor, None)
            .await
    }

    /// Does not agree to what was requested.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn reject(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
        reason: Option<&str>,
    ) -> Result<Appointment, Error> {
        let to = AppointmentStatus::Rejected;
        self.transition(context, id, expected_version, to, actor, reason)
            .await
    }

    /// A person puts right what is over, such as a no-show who came after all. The reason, 3 to 500 characters, stays in the history,
    /// and the audit log names the person.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version, or with the code `slot_taken` when the time is another's by now; `Invalid` with
    /// the code `illegal_transition` when it is not over, or `required` without a reason.
    pub async fn correct(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        to: AppointmentStatus,
        person: OwnerId,
        reason: &str,
    ) -> Result<Appointment, Error> {
        let reason = check_reason(Some(reason))?.filter(|reason| reason.chars().count() >= 3);
        let Some(reason) = reason else {
            return Err(refused("reason", "required", "must have at least 3 characters"));
        };
        let work = sql::change::correct(&self.store, context, id, expected_version, to, person, &reason);
        self.store.run(context, "appointments.correct", work).await
    }

    /// Puts what is requested or confirmed to another time, as long as before, and with another professional if one is named. It stays
    /// the same appointment; what a client moves waits for a person again where the service does not confirm itself. Working hours bind
    /// clients alone.
    ///
    /// # Errors
    /// As [`Appointments::transition`] and [`Appointments::book`].
    pub async fn reschedule(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        starts_at: Timestamp,
        professional: Option<ProfessionalId>,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let mut fields = Fields::default();
        super::booking::check_start(&mut fields, starts_at, actor, self.store.now());
        fields.finish(())?;
        let to = Move {
            starts_at,
            professional,
            actor,
        };
        let work = sql::reschedule::reschedule(&self.store, context, id, expected_version, to);
        self.store.run(context, "appointments.reschedule", work).await
    }

    /// The client says that it comes.
    ///
    /// # Errors
    /// As [`Appointments::transition`].
    pub async fn acknowledge(
        &self,
        context: &Context,
        id: AppointmentId,
        expected_version: i64,
        actor: Actor,
    ) -> Result<Appointment, Error> {
        let work = sql::change::acknowledge(&self.store, context, id, expected_version, actor);
        self.store.run(context, "appointments.acknowledge", work).await
    }

    /// Lets holds expire that have run out, and requests that nobody answered before their time; up to 400 at once. Gives how many. A
    /// booking that needs such a time does not wait for it. Wishes of the waiting list whose time is over end with it.
    ///
    /// # Errors
    /// What keeps the database from storing it.
    pub async fn expire_due(&self, context: &Context) -> Result<usize, Error> {
        let work = sql::expiry::sweep(&self.store, context);
        self.store.run(context, "appointments.expire_due", work).await
    }

    /// What the workspace allows its clients; the defaults at version 0 as long as it has said nothing.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn policy(&self, context: &Context) -> Result<AppointmentPolicy, Error> {
        let work = sql::policy::get(&self.store, context);
        self.store.run(context, "appointments.policy", work).await
    }

    /// Puts a policy in the place of the one whose version it carries.
    ///
    /// # Errors
    /// `Conflict` with the stored version; `Invalid` with every wrong field; `NotFound` when there is no such workspace.
    pub async fn set_policy(
        &self,
        context: &Context,
        policy: AppointmentPolicy,
    ) -> Result<AppointmentPolicy, Error> {
        let policy = policy.check()?;
        let work = sql::policy::set(&self.store, context, &policy);
        self.store.run(context, "appointments.set_policy", work).await
    }
}

fn check_reason(reason: Option<&str>) -> Result<Option<String>, Error> {
    let mut fields = Fields::default();
    let reason = fields.optional_line("reason", reason, MAX_REASON);
    fields.finish(reason)
}
