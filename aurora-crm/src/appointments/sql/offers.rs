//! A time that has become free is offered to who waits for it: the first fitting entry gets it held, and a message.

use std::collections::HashMap;
use std::time::Duration;

use aurora_core::store::outbox::{Delivery, Message};
use aurora_core::store::{Connection, execute_on};
use aurora_core::time::Timestamp;

use super::waiting::{Row, columns};
use super::{book, list, policy};
use crate::appointments::reminders::{Freed, Job, Ticket, quiet_end};
use crate::appointments::waiting::part_of_day;
use crate::appointments::{Actor, Appointment, Booking, WaitingEntry, WaitingEntryId};
use crate::clients::within as clients;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::Record;
use crate::scheduling::{Scheduling, ServiceId, SlotQuery};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Who waits for a time within this one with this professional, first come first served within a priority; not who has let pass some
    /// of it, who could not be told of an offer a moment ago, or whose data may not be used.
    CANDIDATES = concat!("select ", columns!(), " from waiting_list where workspace_id = $1 and status = 'waiting'
            and wanted_from < $4 and wanted_until > $3 and (professional_id = $2 or professional_id is null)
            and not (passed_professional_id is not null and passed_professional_id = $2
                and passed_starts_at >= $3 and passed_starts_at < $4)
            and (untold_at is null or untold_at <= $5)
            and service_id in (select sp.service_id from service_professionals sp
                where sp.workspace_id = $1 and sp.professional_id = $2)
            and not exists (select 1 from clients c
                where c.workspace_id = $1 and c.id = waiting_list.client_id and c.blocked_at is not null)
        order by priority, created_at, id limit 50");
    /// The entry is this offer's, unless it has another by now or is gone.
    OFFER = "update waiting_list set status = 'offered', appointment_id = $4, offer_expires_at = $5, told_at = null,
            version = version + 1, updated_at = $6
        where workspace_id = $1 and id = $2 and version = $3 and status = 'waiting'";
}

/// What begins sooner is offered to nobody: who is told could not come.
const SOONEST: Duration = Duration::from_secs(15 * 60);
/// So long nothing is offered to who could not be told of the last offer.
const UNTOLD_PAUSE: Duration = Duration::from_secs(60 * 60);

/// Offers a time to the first entry that some of it fits, and what is left of it to others. Entries are taken one after the other,
/// each in a transaction of its own: one that somebody else has served meanwhile is passed over.
pub(in super::super) async fn offer(
    store: &Store,
    context: &Context,
    freed: Freed,
    delivery: &Delivery,
) -> Result<(), Error> {
    let now = store.now();
    let earliest = freed.from.max(now + SOONEST);
    if earliest >= freed.until {
        return Ok(());
    }
    let zone = list::zone(store, context, freed.professional).await?;
    let quiet = policy::get(store, context).await?.quiet;
    if let Some(end) = quiet_end(now, quiet, zone) {
        return put_off(store, context, freed, delivery, end.since(now)).await;
    }
    let turn = Turn { freed, delivery, now };
    let mut free = Free::new(store, earliest, freed);
    for entry in candidates(store, context, freed, now).await? {
        let fits = |time: &Timestamp| {
            let is_wanted = entry.wanted_from <= *time && *time < entry.wanted_until;
            is_wanted && part_of_day::holds(entry.part_of_day, *time, zone)
        };
        let same = freed.starts_at.filter(|time| *time >= earliest && fits(time));
        let first = free
            .of(context, entry.service_id)
            .await?
            .iter()
            .copied()
            .find(fits);
        for time in same.into_iter().chain(first.filter(|time| Some(*time) != same)) {
            if offer_to(store, context, &entry, time, &turn).await? {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn candidates(
    store: &Store,
    context: &Context,
    freed: Freed,
    now: Timestamp,
) -> Result<Vec<WaitingEntry>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(CANDIDATES)
            .bind(context.workspace)
            .bind(freed.professional)
            .bind(freed.from)
            .bind(freed.until)
            .bind(now - UNTOLD_PAUSE)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let entries = rows.into_iter().map(WaitingEntry::try_from);
    Ok(entries.collect::<Result<_, _>>()?)
}

/// Nobody is written to now: it is looked at again at the end of the quiet hours.
async fn put_off(
    store: &Store,
    context: &Context,
    freed: Freed,
    delivery: &Delivery,
    wait: Duration,
) -> Result<(), Error> {
    let key = format!("freed/{}/later", delivery.id);
    let message = Ticket::message(context.workspace, Job::Freed(freed), key, wait)?;
    store.outbox().enqueue(&message).await?;
    Ok(())
}

/// At which times within what has become free each service can begin.
struct Free {
    scheduling: Scheduling,
    earliest: Timestamp,
    freed: Freed,
    found: HashMap<ServiceId, Vec<Timestamp>>,
}

impl Free {
    fn new(store: &Store, earliest: Timestamp, freed: Freed) -> Self {
        Self {
            scheduling: Scheduling::new(store.clone()),
            earliest,
            freed,
            found: HashMap::new(),
        }
    }

    async fn of(&mut self, context: &Context, service: ServiceId) -> Result<&[Timestamp], Error> {
        if !self.found.contains_key(&service) {
            let query = SlotQuery::new(service, self.earliest, self.freed.until)
                .professional(self.freed.professional)
                .most(500);
            let times = match self.scheduling.free_slots(context, &query).await {
                Ok(slots) => slots.iter().map(|slot| slot.starts_at).collect(),
                Err(error) if is_unfit(&error) => Vec::new(),
                Err(error) => return Err(error),
            };
            self.found.insert(service, times);
        }
        Ok(self.found.get(&service).map_or(&[], Vec::as_slice))
    }
}

/// One look at what has become free.
struct Turn<'a> {
    freed: Freed,
    delivery: &'a Delivery,
    now: Timestamp,
}

/// Whether the entry has this time as its offer now.
async fn offer_to(
    store: &Store,
    context: &Context,
    entry: &WaitingEntry,
    time: Timestamp,
    turn: &Turn<'_>,
) -> Result<bool, Error> {
    let outcome = writing!(store, context, |tx| {
        offer_in(store, &mut (&mut *tx).into(), context, entry, time, turn).await
    });
    match outcome {
        Ok(()) => Ok(true),
        // Taken, outside of hours, or the client or entry is gone: nothing for this one.
        Err(error) if is_unfit(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_unfit(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Conflict | ErrorKind::Invalid | ErrorKind::NotFound
    )
}

async fn offer_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    entry: &WaitingEntry,
    time: Timestamp,
    turn: &Turn<'_>,
) -> Result<(), Error> {
    let now = turn.now;
    let client = clients::hold(tx, context, entry.client_id).await?;
    let hold = policy::get_in(tx, context).await?.offer().min(time.since(now));
    let professional = turn.freed.professional;
    let booking = Booking::new(client, entry.service_id, professional, time, Actor::Client).hold_for(hold);
    let (held, mut records) = book::make(store, tx, context, &booking, client, now).await?;
    let offered = execute_on!(
        tx,
        sqlx::query(OFFER)
            .bind(context.workspace)
            .bind(entry.id)
            .bind(entry.version)
            .bind(held.id)
            .bind(now + hold)
            .bind(now)
    )?;
    if offered == 0 {
        return Err(Error::conflict("waiting entry", entry.version));
    }
    let messages = messages(context, entry.id, &held, turn.freed, hold)?;
    store.outbox().enqueue_all_in(tx, &messages).await?;
    store.outbox().done_in(tx, turn.delivery).await?;
    records.push(
        Record::new("waiting_entry.offered", "waiting_entry", entry.id, now)
            .with("appointment", held.id.to_string()),
    );
    store.record(tx, context, now, &records).await?;
    Ok(())
}

/// What follows from an offer: the client is told, it ends, and what it leaves is offered too.
fn messages(
    context: &Context,
    entry: WaitingEntryId,
    held: &Appointment,
    freed: Freed,
    hold: Duration,
) -> Result<Vec<Message>, Error> {
    let (id, workspace) = (held.id, context.workspace);
    let tell = Job::Offer {
        entry,
        appointment: id,
    };
    let lapse = Job::Lapse { appointment: id };
    let mut messages = vec![
        Ticket::message(workspace, tell, format!("offer/{id}"), Duration::ZERO)?,
        Ticket::message(workspace, lapse, format!("lapse/{id}"), hold)?,
    ];
    for left in freed.left_by(held) {
        let key = format!("freed/{id}/left/{}", left.from.as_micros());
        messages.push(Ticket::message(workspace, Job::Freed(left), key, Duration::ZERO)?);
    }
    Ok(messages)
}
