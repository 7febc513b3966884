//! Entries of the waiting list.

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use crate::appointments::waiting::part_of_day;
use crate::appointments::{
    Appointment, AppointmentId, AppointmentStatus, WaitingEntry, WaitingEntryId, WaitingStatus,
};
use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::{ProfessionalId, ServiceId};
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "id, client_id, service_id, professional_id, wanted_from, wanted_until, part_of_day, priority, status, appointment_id,
            offer_expires_at, offers, told_at, untold_at, version, created_at, updated_at"
    };
}

pub(super) use columns;

aurora_core::store::statements! {
    INSERT = "insert into waiting_list (workspace_id, id, client_id, service_id, professional_id, wanted_from, wanted_until,
            part_of_day, priority, status, offers, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'waiting', 0, 1, $10, $10)";
    GET = concat!("select ", columns!(), " from waiting_list where workspace_id = $1 and id = $2");
    LIST = concat!("select ", columns!(), " from waiting_list where workspace_id = $1 and status in ('waiting', 'offered')
            and (service_id = $2 or $2 is null) order by priority, created_at, id limit 200");
    /// Where somebody waits for the same already; the client is held, so nobody else adds it meanwhile.
    SAME = concat!("select ", columns!(), " from waiting_list where workspace_id = $1 and client_id = $2 and service_id = $3
            and professional_id is not distinct from $4 and part_of_day = $5 and wanted_until = $6
            and status in ('waiting', 'offered') order by created_at, id limit 1");
    REMOVE = "update waiting_list set status = 'removed', version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and status in ('waiting', 'lapsed')";
    /// Nothing that becomes free can be what they wait for.
    LAPSE = "update waiting_list set status = 'lapsed', version = version + 1, updated_at = $2 where workspace_id = $1 and id in (
            select w.id from waiting_list w where w.workspace_id = $1 and w.status = 'waiting' and w.wanted_until <= $2
            order by w.wanted_until, w.id limit 200)
        returning id";
    /// The offer was taken.
    TAKEN = "update waiting_list set status = 'booked', offer_expires_at = null, version = version + 1, updated_at = $3
        where workspace_id = $1 and appointment_id = $2 and status = 'offered'";
    /// The offer was not taken: the entry waits for another time, unless it has let as many pass as are made. One that the client was
    /// not told of was none: it does not count, and that time can be offered again.
    PASSED = "update waiting_list set status = case when offers >= $6 then 'lapsed' else 'waiting' end, appointment_id = null,
            offer_expires_at = null, told_at = null, untold_at = case when told_at is null then $3 else untold_at end,
            passed_professional_id = case when told_at is null then passed_professional_id else $4 end,
            passed_starts_at = case when told_at is null then passed_starts_at else $5 end,
            version = version + 1, updated_at = $3
        where workspace_id = $1 and appointment_id = $2 and status = 'offered'";
}

/// After so many offers that were not taken, an entry is made no more.
const MOST_OFFERS: i64 = 3;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: WaitingEntryId,
    client_id: ClientId,
    service_id: ServiceId,
    professional_id: Option<ProfessionalId>,
    wanted_from: Timestamp,
    wanted_until: Timestamp,
    part_of_day: String,
    priority: i64,
    status: String,
    appointment_id: Option<AppointmentId>,
    offer_expires_at: Option<Timestamp>,
    offers: i64,
    told_at: Option<Timestamp>,
    untold_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for WaitingEntry {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = |error: &'static str| store::Error::corrupt(error);
        Ok(Self {
            id: row.id,
            client_id: row.client_id,
            service_id: row.service_id,
            professional_id: row.professional_id,
            wanted_from: row.wanted_from,
            wanted_until: row.wanted_until,
            part_of_day: part_of_day::read(&row.part_of_day).map_err(corrupt)?,
            priority: u8::try_from(row.priority).map_err(store::Error::corrupt)?,
            status: row.status.parse().map_err(corrupt)?,
            appointment_id: row.appointment_id,
            offer_expires_at: row.offer_expires_at,
            offers: row.offers,
            told_at: row.told_at,
            untold_at: row.untold_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(in super::super) async fn add(
    store: &Store,
    context: &Context,
    mut entry: WaitingEntry,
) -> Result<WaitingEntry, Error> {
    let outcome = writing!(store, context, |tx| {
        let (now, tx) = (entry.created_at, &mut Connection::from(&mut *tx));
        entry.client_id = clients::hold(tx, context, entry.client_id).await?;
        if let Some(first) = same(tx, context, &entry).await? {
            return Ok(first);
        }
        execute_on!(
            tx,
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(entry.id)
                .bind(entry.client_id)
                .bind(entry.service_id)
                .bind(entry.professional_id)
                .bind(entry.wanted_from)
                .bind(entry.wanted_until)
                .bind(part_of_day::word(entry.part_of_day))
                .bind(i64::from(entry.priority))
                .bind(now)
        )?;
        let record = Record::new("waiting_entry.created", "waiting_entry", entry.id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(entry)
    });
    outcome.map_err(|error: Error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("service or professional"),
        _ => error,
    })
}

async fn same(
    tx: &mut Connection<'_>,
    context: &Context,
    entry: &WaitingEntry,
) -> Result<Option<WaitingEntry>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(SAME)
        .bind(context.workspace)
        .bind(entry.client_id)
        .bind(entry.service_id)
        .bind(entry.professional_id)
        .bind(part_of_day::word(entry.part_of_day))
        .bind(entry.wanted_until)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(WaitingEntry::try_from).transpose()?)
}

pub(in super::super) async fn get(
    store: &Store,
    context: &Context,
    id: WaitingEntryId,
) -> Result<WaitingEntry, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

pub(super) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: WaitingEntryId,
) -> Result<WaitingEntry, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let row = row.ok_or(Error::not_found("waiting entry"))?;
    Ok(row.try_into()?)
}

/// The first 200 that wait or have an offer, in the order in which they are served.
pub(in super::super) async fn list(
    store: &Store,
    context: &Context,
    service: Option<ServiceId>,
) -> Result<Vec<WaitingEntry>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .bind(service)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let entries = rows.into_iter().map(WaitingEntry::try_from);
    Ok(entries.collect::<Result<_, _>>()?)
}

pub(in super::super) async fn remove(
    store: &Store,
    context: &Context,
    id: WaitingEntryId,
    expected: i64,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let removed = execute_on!(
            tx,
            sqlx::query(REMOVE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(now)
        )?;
        if removed == 0 {
            let entry = get_in(tx, context, id).await?;
            return Err(not_removed(&entry, expected));
        }
        let record = Record::new("waiting_entry.removed", "waiting_entry", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

fn not_removed(entry: &WaitingEntry, expected: i64) -> Error {
    if entry.version != expected {
        return Error::conflict("waiting entry", entry.version);
    }
    let message = match entry.status {
        WaitingStatus::Offered => "it has an offer: cancel that first",
        _ => "it is not on the list any more",
    };
    crate::leads::refused("status", "not_allowed", message)
}

/// Ends up to 200 wishes whose time is over.
pub(super) async fn lapse(store: &Store, context: &Context, now: Timestamp) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let ids: Vec<WaitingEntryId> = sqlx::query_scalar(LAPSE)
            .bind(context.workspace)
            .bind(now)
            .fetch_all(&mut *tx)
            .await?;
        let record = |id| Record::new("waiting_entry.lapsed", "waiting_entry", id, now);
        let records: Vec<Record> = ids.into_iter().map(record).collect();
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(())
    })
}

/// What becomes of the entry whose offer was taken, turned down or left to expire; nothing when the hold was no offer.
pub(super) async fn settle_in(
    tx: &mut Connection<'_>,
    context: &Context,
    appointment: &Appointment,
    now: Timestamp,
) -> Result<(), Error> {
    let is_taken = matches!(
        appointment.status,
        AppointmentStatus::Requested | AppointmentStatus::Confirmed
    );
    if is_taken {
        execute_on!(
            tx,
            sqlx::query(TAKEN)
                .bind(context.workspace)
                .bind(appointment.id)
                .bind(now)
        )?;
        return Ok(());
    }
    execute_on!(
        tx,
        sqlx::query(PASSED)
            .bind(context.workspace)
            .bind(appointment.id)
            .bind(now)
            .bind(appointment.professional_id)
            .bind(appointment.starts_at)
            .bind(MOST_OFFERS)
    )?;
    Ok(())
}
