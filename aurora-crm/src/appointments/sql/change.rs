//! Steps from one state to another, each one statement that only succeeds from the version and state that was decided on.

use aurora_core::store::{Connection, on_connection};
use aurora_core::time::Timestamp;

use super::follow::{Change, follow, plans_anew};
use super::row::{Row, columns};
use super::{Stored, get_in, policy, taken};
use crate::appointments::states::{Question, correction};
use crate::appointments::{Actor, Appointment, AppointmentId, AppointmentPolicy, AppointmentStatus};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::OwnerId;
use crate::scheduling::ServiceId;
use crate::store::{Store, writing};

aurora_core::store::statements! {
    STEP = concat!(
        "update appointments set status = $4, version = version + 1, updated_at = $5, hold_expires_at = null, reason = $6,
            fee_due = $7, plan = plan + $8
        where workspace_id = $1 and id = $2 and version = $3 and status = $9 returning ",
        columns!()
    );
    ACKNOWLEDGE = concat!(
        "update appointments set acknowledged_at = $4, updated_at = $4, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and status = 'confirmed' returning ",
        columns!()
    );
    CONFIRMS_ITSELF = "select confirms_itself from services where workspace_id = $1 and id = $2";
}

/// A step that somebody wants to take.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Step<'a> {
    pub(in super::super) to: AppointmentStatus,
    pub(in super::super) actor: Actor,
    pub(in super::super) reason: Option<&'a str>,
}

/// What a decision about an appointment depends on beside it.
pub(super) struct Circumstances {
    pub(super) policy: AppointmentPolicy,
    confirms_itself: bool,
}

impl Circumstances {
    pub(super) async fn read(
        tx: &mut Connection<'_>,
        context: &Context,
        service: ServiceId,
    ) -> Result<Self, Error> {
        let confirms_itself: Option<bool> = on_connection!(tx, |tx| sqlx::query_scalar(CONFIRMS_ITSELF)
            .bind(context.workspace)
            .bind(service)
            .fetch_optional(&mut *tx))?;
        Ok(Self {
            policy: policy::get_in(tx, context).await?,
            confirms_itself: confirms_itself.unwrap_or(false),
        })
    }

    pub(super) const fn question(
        &self,
        appointment: &Appointment,
        actor: Actor,
        now: Timestamp,
    ) -> Question<'_> {
        Question {
            status: appointment.status,
            starts_at: appointment.starts_at,
            hold_expires_at: appointment.hold_expires_at,
            actor,
            now,
            policy: &self.policy,
            confirms_itself: self.confirms_itself,
        }
    }
}

pub(in super::super) async fn transition(
    store: &Store,
    context: &Context,
    id: AppointmentId,
    expected: i64,
    step: Step<'_>,
) -> Result<Appointment, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let before = at_version(tx, context, id, expected).await?;
        let (after, record) = step_in(store, tx, context, &before, step, now).await?;
        store.record(tx, context, now, &[record]).await?;
        Ok(after.appointment)
    })
}

/// Makes an appointment of a hold, as far as its client may.
pub(in super::super) async fn take(
    store: &Store,
    context: &Context,
    id: AppointmentId,
    expected: i64,
) -> Result<Appointment, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let before = at_version(tx, context, id, expected).await?;
        let around = Circumstances::read(tx, context, before.appointment.service_id).await?;
        let to = if around.confirms_itself {
            AppointmentStatus::Confirmed
        } else {
            AppointmentStatus::Requested
        };
        let step = Step {
            to,
            actor: Actor::Client,
            reason: None,
        };
        let (after, record) = step_in(store, tx, context, &before, step, now).await?;
        store.record(tx, context, now, &[record]).await?;
        Ok(after.appointment)
    })
}

/// Takes a step in the caller's transaction.
pub(super) async fn step_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Stored,
    step: Step<'_>,
    now: Timestamp,
) -> Result<(Stored, Record), Error> {
    let appointment = &before.appointment;
    let around = Circumstances::read(tx, context, appointment.service_id).await?;
    around.question(appointment, step.actor, now).step(step.to)?;
    let fee = step.to == AppointmentStatus::NoShow && around.policy.no_show_fee;
    enact(store, tx, context, appointment, step, fee, now).await
}

/// Takes a step that was decided on, in the caller's transaction.
pub(super) async fn enact(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Appointment,
    step: Step<'_>,
    fee: bool,
    now: Timestamp,
) -> Result<(Stored, Record), Error> {
    let after = write(tx, context, before, step, fee, now).await?;
    let change = Change {
        before: Some(before),
        action: action(step.to),
        actor: step.actor,
        reason: step.reason,
        now,
    };
    let record = follow(store, tx, context, &after, &change).await?;
    Ok((after, record))
}

/// A person puts right what is over.
pub(in super::super) async fn correct(
    store: &Store,
    context: &Context,
    id: AppointmentId,
    expected: i64,
    to: AppointmentStatus,
    person: OwnerId,
    reason: &str,
) -> Result<Appointment, Error> {
    let now = store.now();
    let outcome = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let before = at_version(tx, context, id, expected).await?;
        let appointment = &before.appointment;
        correction(appointment.status, to)?;
        let step = Step {
            to,
            actor: Actor::Staff(person),
            reason: Some(reason),
        };
        let fee = to == AppointmentStatus::NoShow && policy::get_in(tx, context).await?.no_show_fee;
        let after = write(tx, context, appointment, step, fee, now).await?;
        let change = Change {
            before: Some(appointment),
            action: "appointment.corrected",
            actor: step.actor,
            reason: step.reason,
            now,
        };
        let record = follow(store, tx, context, &after, &change)
            .await?
            .detail("person", person.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(after.appointment)
    });
    outcome.map_err(taken)
}

pub(in super::super) async fn acknowledge(
    store: &Store,
    context: &Context,
    id: AppointmentId,
    expected: i64,
    actor: Actor,
) -> Result<Appointment, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        let before = at_version(tx, context, id, expected).await?.appointment;
        let around = Circumstances::read(tx, context, before.service_id).await?;
        around.question(&before, actor, now).acknowledge()?;
        let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(ACKNOWLEDGE)
            .bind(context.workspace)
            .bind(id)
            .bind(expected)
            .bind(now)
            .fetch_optional(&mut *tx))?;
        let after = changed(tx, context, id, row).await?;
        let change = Change {
            before: Some(&before),
            action: "appointment.acknowledged",
            actor,
            reason: None,
            now,
        };
        let record = follow(store, tx, context, &after, &change).await?;
        store.record(tx, context, now, &[record]).await?;
        Ok(after.appointment)
    })
}

async fn write(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Appointment,
    step: Step<'_>,
    fee: bool,
    now: Timestamp,
) -> Result<Stored, Error> {
    use AppointmentStatus::{Cancelled, Rejected};
    let plan = i64::from(plans_anew(Some(before), step.to, before.starts_at));
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(STEP)
        .bind(context.workspace)
        .bind(before.id)
        .bind(before.version)
        .bind(step.to.as_str())
        .bind(now.max(before.updated_at))
        .bind(step.reason.filter(|_| matches!(step.to, Cancelled | Rejected)))
        .bind(fee)
        .bind(plan)
        .bind(before.status.as_str())
        .fetch_optional(&mut *tx))?;
    changed(tx, context, before.id, row).await
}

/// The appointment, if it is at the version that the caller has seen.
pub(super) async fn at_version(
    tx: &mut Connection<'_>,
    context: &Context,
    id: AppointmentId,
    expected: i64,
) -> Result<Stored, Error> {
    let stored = get_in(tx, context, id)
        .await?
        .ok_or(Error::not_found("appointment"))?;
    if stored.appointment.version == expected {
        Ok(stored)
    } else {
        Err(Error::conflict("appointment", stored.appointment.version))
    }
}

/// What a statement has changed; when it found nothing, somebody was faster.
pub(super) async fn changed(
    tx: &mut Connection<'_>,
    context: &Context,
    id: AppointmentId,
    row: Option<Row>,
) -> Result<Stored, Error> {
    match row {
        Some(row) => Ok(Stored::try_from(row)?),
        None => Err(match get_in(tx, context, id).await? {
            Some(stored) => Error::conflict("appointment", stored.appointment.version),
            None => Error::not_found("appointment"),
        }),
    }
}

const fn action(to: AppointmentStatus) -> &'static str {
    match to {
        AppointmentStatus::Held => "appointment.held",
        AppointmentStatus::Requested => "appointment.requested",
        AppointmentStatus::Confirmed => "appointment.confirmed",
        AppointmentStatus::CheckedIn => "appointment.checked_in",
        AppointmentStatus::InProgress => "appointment.started",
        AppointmentStatus::Completed => "appointment.completed",
        AppointmentStatus::Cancelled => "appointment.cancelled",
        AppointmentStatus::NoShow => "appointment.no_show",
        AppointmentStatus::Rejected => "appointment.rejected",
        AppointmentStatus::Expired => "appointment.expired",
    }
}
