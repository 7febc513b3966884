//! Reminders are planned with the change that makes them due, and looked at again when their time has come.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use aurora_core::store::outbox::Delivery;
use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::{Stored, get_in, policy, rules};
use crate::appointments::reminders::{Decision, Job, Language, ReminderId, Ticket, Words, at_hand, minutes};
use crate::appointments::{
    Appointment, AppointmentId, AppointmentNotice, AppointmentStatus, NoticeKind, QuietHours, ReminderRule,
    ReminderRuleId, due_at,
};
use crate::clients::within as clients;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into appointment_reminders (workspace_id, id, appointment_id, plan, rule_id, due_at, state)
        values ($1, $2, $3, $4, $5, $6, 'planned') on conflict (workspace_id, appointment_id, plan, rule_id) do nothing";
    FIND = "select appointment_id, plan, rule_id, due_at from appointment_reminders
        where workspace_id = $1 and id = $2 and state = 'planned'";
    /// The next one of the same plan.
    NEXT = "select min(due_at) from appointment_reminders
        where workspace_id = $1 and appointment_id = $2 and plan = $3 and due_at > $4";
    SETTLE = "update appointment_reminders set state = $3, settled_at = $4
        where workspace_id = $1 and id = $2 and state = 'planned'";
    REMINDED = "update appointments set reminded_at = $3 where workspace_id = $1 and id = $2";
    WORDS = "select w.locale, coalesce(c.trade_name, c.legal_name), s.name, p.name
        from appointments a
        join workspaces w on w.id = a.workspace_id
        join clients c on c.workspace_id = a.workspace_id and c.id = a.client_id
        join services s on s.workspace_id = a.workspace_id and s.id = a.service_id
        join professionals p on p.workspace_id = a.workspace_id and p.id = a.professional_id
        where a.workspace_id = $1 and a.id = $2";
}

/// Plans the reminders of an appointment that is agreed.
pub(super) async fn plan_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    stored: &Stored,
    now: Timestamp,
) -> Result<(), Error> {
    let appointment = &stored.appointment;
    let rules = rules::in_force(tx, context, appointment.service_id).await?;
    if rules.is_empty() {
        return Ok(());
    }
    let quiet = policy::get_in(tx, context).await?.quiet;
    for (due, rule) in planned(rules, appointment, quiet, now) {
        plan_one(store, tx, context, stored, &rule, due, now).await?;
    }
    Ok(())
}

/// When which rule reminds. Of rules that quiet hours put to the same moment only the one that is nearest to the beginning does.
fn planned(
    mut rules: Vec<ReminderRule>,
    appointment: &Appointment,
    quiet: QuietHours,
    now: Timestamp,
) -> BTreeMap<Timestamp, ReminderRule> {
    rules.sort_unstable_by_key(|rule| Reverse(rule.minutes_before));
    let due = |rule: &ReminderRule| {
        due_at(
            appointment.starts_at,
            minutes(rule.minutes_before),
            rule.shift,
            quiet,
            appointment.time_zone,
            now,
        )
    };
    let planned = rules.into_iter().filter_map(|rule| Some((due(&rule)?, rule)));
    planned.collect()
}

async fn plan_one(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    stored: &Stored,
    rule: &ReminderRule,
    due: Timestamp,
    now: Timestamp,
) -> Result<(), Error> {
    let reminder = ReminderId::new(now);
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(reminder)
            .bind(stored.appointment.id)
            .bind(stored.plan)
            .bind(rule.id)
            .bind(due)
    )?;
    let message = Ticket::message(
        context.workspace,
        Job::Remind { reminder },
        format!("remind/{reminder}"),
        due.since(now),
    )?;
    store.outbox().enqueue_in(tx, &message).await?;
    Ok(())
}

/// A reminder that is still to be sent, with all that was true when it was looked at.
struct Due {
    appointment: Appointment,
    rule: ReminderRule,
    decision: Decision,
    words: Words,
}

/// The reminder of a message, if it is to be sent now. One that is to wait is put off; one that is of no use is settled.
pub(in super::super) async fn due(
    store: &Store,
    context: &Context,
    reminder: ReminderId,
) -> Result<Option<AppointmentNotice>, Error> {
    let now = store.now();
    let found = reading!(store, context, |tx| {
        find(&mut (&mut *tx).into(), context, reminder, now).await
    })?;
    let Some(due) = found else {
        settle(store, context, reminder, "skipped", now).await?;
        return Ok(None);
    };
    match due.decision {
        Decision::Skip => settle(store, context, reminder, "skipped", now).await?,
        Decision::Wait(until) => {
            let job = Job::Remind { reminder };
            let key = format!("remind/{reminder}/{}", until.as_micros());
            let message = Ticket::message(context.workspace, job, key, until.since(now))?;
            store.outbox().enqueue(&message).await?;
        }
        Decision::Send => {
            let own = match due.words.language {
                Language::Portuguese => due.rule.text_pt.as_deref(),
                Language::English => due.rule.text_en.as_deref(),
            };
            return Ok(Some(AppointmentNotice {
                kind: NoticeKind::Reminder,
                language: due.words.language,
                text: due.words.reminder(own),
                choices: due.words.choices(due.appointment.id),
                template: due.rule.template,
                template_body: due.words.body(),
                appointment: due.appointment,
                idempotency_key: format!("{KEY}/{reminder}"),
            }));
        }
    }
    Ok(None)
}

/// Keys of notices begin with it, so that no other sender has the same.
const KEY: &str = "appointment-reminder";

/// Nothing when the appointment was moved or called off since, the rule is gone, or the client's data may not be used.
async fn find(
    tx: &mut Connection<'_>,
    context: &Context,
    reminder: ReminderId,
    now: Timestamp,
) -> Result<Option<Due>, Error> {
    let row: Option<(AppointmentId, i64, ReminderRuleId, Timestamp)> =
        on_connection!(tx, |tx| sqlx::query_as(FIND)
            .bind(context.workspace)
            .bind(reminder)
            .fetch_optional(&mut *tx))?;
    let Some((id, plan, rule, due_at)) = row else {
        return Ok(None);
    };
    let (Some(stored), Some(rule)) = (
        get_in(tx, context, id).await?,
        rules::find(tx, context, rule).await?,
    ) else {
        return Ok(None);
    };
    let appointment = stored.appointment;
    if stored.plan != plan || appointment.status != AppointmentStatus::Confirmed {
        return Ok(None);
    }
    if clients::is_blocked_in(tx, context, appointment.client_id.uuid()).await? {
        return Ok(None);
    }
    let next: Option<Timestamp> = on_connection!(tx, |tx| sqlx::query_scalar(NEXT)
        .bind(context.workspace)
        .bind(id)
        .bind(plan)
        .bind(due_at)
        .fetch_one(&mut *tx))?;
    let quiet = policy::get_in(tx, context).await?.quiet;
    let decision = at_hand(
        due_at,
        next,
        appointment.starts_at,
        quiet,
        appointment.time_zone,
        now,
    );
    let words = words(tx, context, &appointment).await?;
    Ok(Some(Due {
        appointment,
        rule,
        decision,
        words,
    }))
}

/// What fills the places of a text about an appointment.
pub(super) async fn words(
    tx: &mut Connection<'_>,
    context: &Context,
    appointment: &Appointment,
) -> Result<Words, Error> {
    let (locale, client, service, professional): (String, String, String, String) =
        on_connection!(tx, |tx| sqlx::query_as(WORDS)
            .bind(context.workspace)
            .bind(appointment.id)
            .fetch_one(&mut *tx))?;
    let first_name = client.split_whitespace().next().unwrap_or_default();
    Ok(Words {
        language: Language::of(&locale),
        client: first_name.to_owned(),
        service,
        professional,
        starts_at: appointment.starts_at,
        zone: appointment.time_zone,
        until: appointment.hold_expires_at,
    })
}

async fn settle(
    store: &Store,
    context: &Context,
    reminder: ReminderId,
    state: &'static str,
    now: Timestamp,
) -> Result<(), Error> {
    // Ids and a state: a reminder that was not sent changes nothing that anybody is told of.
    writing!(store, context, |tx| {
        execute_on!(
            &mut Connection::from(&mut *tx),
            sqlx::query(SETTLE)
                .bind(context.workspace)
                .bind(reminder)
                .bind(state)
                .bind(now)
        )?;
        Ok(())
    })
}

/// Writes down that a reminder was sent, and ends its message with it.
pub(in super::super) async fn sent(
    store: &Store,
    context: &Context,
    reminder: ReminderId,
    appointment: AppointmentId,
    delivery: &Delivery,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        execute_on!(
            tx,
            sqlx::query(REMINDED)
                .bind(context.workspace)
                .bind(appointment)
                .bind(now)
        )?;
        execute_on!(
            tx,
            sqlx::query(SETTLE)
                .bind(context.workspace)
                .bind(reminder)
                .bind("sent")
                .bind(now)
        )?;
        store.outbox().done_in(tx, delivery).await?;
        let record = Record::new("appointment.reminded", "appointment", appointment, now)
            .with("reminder", reminder.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}
