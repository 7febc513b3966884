use std::collections::BTreeMap;

use aurora_core::store::{self, Connection, execute, execute_on, on_connection, on_writer};
use aurora_core::time::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use sqlx::types::{Json, Uuid};

use super::{hex, holdings, holds, subjects};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::privacy::erasure::{Anonymisation, ErasureId, ErasureReport, Kept};
use crate::privacy::registry::{Holding, When, holdings};
use crate::privacy::{DataSubject, LegalHold, RecordClass};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into erasures (workspace_id, id, subject_kind, subject_id, report, report_hash, at)
        values ($1, $2, $3, $4, $5, $6, $7)";
    LIST = "select report, report_hash from erasures where workspace_id = $1 and subject_id = $2 order by id desc limit 200";
}

type Addresses = Vec<Map<String, Value>>;

/// What of an address stays with the city.
const PLACE: &[&str] = &["city", "state", "ibge_code", "country"];

/// Refuses what cannot be made anonymous now, and tells what has files that are to go.
pub(in crate::privacy) async fn check(
    store: &Store,
    context: &Context,
    subject: DataSubject,
    how: &Anonymisation,
) -> Result<Vec<(String, Uuid)>, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        check_in(&mut (&mut *tx).into(), context, subject, how, now).await?;
        if how.keep.contains(&RecordClass::Files) {
            return Ok(Vec::new());
        }
        Ok(sqlx::query_as(holdings::FILE_SUBJECTS)
            .bind(context.workspace)
            .bind(subject.uuid())
            .fetch_all(&mut *tx)
            .await?)
    })
}

/// The holds in force, if all of them are kept.
async fn check_in(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
    how: &Anonymisation,
    now: Timestamp,
) -> Result<Vec<LegalHold>, Error> {
    subjects::check_person_in(tx, context, subject).await?;
    let holds = holds::in_force_in(tx, context, subject, now).await?;
    let mut fields = Fields::default();
    for hold in holds.iter().filter(|hold| !how.keep.contains(&hold.class)) {
        let class = hold.class.as_str();
        let message = format!(
            "{class} is under the legal hold {}: keep it, or release the hold",
            hold.id
        );
        fields.refuse("keep", "legal_hold", message);
    }
    fields.finish(holds)
}

pub(in crate::privacy) async fn erase(
    store: &Store,
    context: &Context,
    subject: DataSubject,
    how: &Anonymisation,
    files: u64,
) -> Result<ErasureReport, Error> {
    let now = store.now();
    writing!(store, context, |tx| {
        let mut tx: Connection<'_> = (&mut *tx).into();
        subjects::lock_in(&mut tx, context, subject).await?;
        let holds = check_in(&mut tx, context, subject, how, now).await?;
        let mut rows = BTreeMap::from([("files".to_owned(), files)]);
        // What finds the rest goes by `clients`, `leads` and their ids, which stay: the order does not matter.
        for holding in holdings().filter(|holding| !is_kept(holding, how)) {
            let count = erase_holding(&mut tx, context, subject, how, holding, now).await?;
            if count > 0 {
                *rows.entry(holding.table.to_owned()).or_default() += count;
            }
        }
        if how.keep_place && !how.keep.contains(&RecordClass::Client) {
            coarsen(&mut tx, context, subject).await?;
        }
        rows.retain(|_, count| *count > 0);
        let mut report = ErasureReport {
            id: ErasureId::new(now),
            subject: subject.to_string(),
            at: now,
            signed_by: context.principal.clone(),
            rows,
            kept: kept(how, &holds),
            tags_kept: how.keep_tags,
            place_kept: how.keep_place,
            sha256: String::new(),
            log_emptied: None,
        };
        let text = serde_json::to_string(&report).map_err(|_| Error::new(ErrorKind::Internal))?;
        let hash = Sha256::digest(text.as_bytes()).to_vec();
        report.sha256 = hex(&hash);
        execute_on!(
            &mut tx,
            sqlx::query(INSERT)
                .bind(context.workspace)
                .bind(report.id)
                .bind(subject.kind())
                .bind(subject.uuid())
                .bind(&text)
                .bind(&hash)
                .bind(now)
        )?;
        let record = subjects::record("subject.anonymised", subject, now)
            .detail("erasure", report.id.to_string())
            .detail("report_sha256", report.sha256.as_str());
        store.record(&mut tx, context, now, &[record]).await?;
        Ok(report)
    })
}

fn is_kept(holding: &Holding, how: &Anonymisation) -> bool {
    holding.class.is_some_and(|class| how.keep.contains(&class))
}

async fn erase_holding(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
    how: &Anonymisation,
    holding: &Holding,
    now: Timestamp,
) -> Result<u64, store::Error> {
    let mut most = 0;
    for (when, statement) in holding.erasure {
        let skipped = match when {
            When::Always => false,
            When::WithoutTags => how.keep_tags,
            When::WithoutPlace => how.keep_place,
        };
        if skipped {
            continue;
        }
        let count = if statement.contains("$3") {
            execute_on!(
                &mut *tx,
                sqlx::query(*statement)
                    .bind(context.workspace)
                    .bind(subject.uuid())
                    .bind(now)
            )?
        } else {
            execute_on!(
                &mut *tx,
                sqlx::query(*statement)
                    .bind(context.workspace)
                    .bind(subject.uuid())
            )?
        };
        most = most.max(count);
    }
    Ok(most)
}

/// Leaves of each address what says in which city it is.
async fn coarsen(
    tx: &mut Connection<'_>,
    context: &Context,
    subject: DataSubject,
) -> Result<(), store::Error> {
    let found: Vec<(Uuid, Json<Addresses>)> =
        on_connection!(&mut *tx, |tx| sqlx::query_as(holdings::ADDRESSES)
            .bind(context.workspace)
            .bind(subject.uuid())
            .fetch_all(&mut *tx))?;
    for (id, Json(mut addresses)) in found {
        for (key, value) in addresses.iter_mut().flatten() {
            if !PLACE.contains(&key.as_str()) {
                *value = Value::Null;
            }
        }
        execute_on!(
            &mut *tx,
            sqlx::query(holdings::SET_ADDRESSES)
                .bind(context.workspace)
                .bind(id)
                .bind(Json(addresses))
        )?;
    }
    Ok(())
}

fn kept(how: &Anonymisation, holds: &[LegalHold]) -> Vec<Kept> {
    let mut kept: Vec<Kept> = holds
        .iter()
        .map(|hold| Kept {
            class: hold.class,
            basis: Some(hold.basis.clone()),
            until: hold.until,
        })
        .collect();
    let by_will = how
        .keep
        .iter()
        .filter(|class| holds.iter().all(|hold| hold.class != **class));
    kept.extend(by_will.map(|class| Kept {
        class: *class,
        basis: None,
        until: None,
    }));
    kept
}

pub(in crate::privacy) async fn list(
    store: &Store,
    context: &Context,
    subject: DataSubject,
) -> Result<Vec<ErasureReport>, Error> {
    let found: Vec<(String, Vec<u8>)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .bind(subject.uuid())
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let read = |(text, hash): (String, Vec<u8>)| {
        let mut report: ErasureReport = serde_json::from_str(&text).map_err(store::Error::corrupt)?;
        report.sha256 = hex(&hash);
        Ok(report)
    };
    found.into_iter().map(read).collect()
}

/// Moves SQLite's log into the file, where the new bytes overwrite the old ones, and empties it.
pub(in crate::privacy) async fn empty_log(store: &Store) -> Result<Option<bool>, Error> {
    let database = store.database();
    if database.engine_name() != "sqlite" {
        return Ok(None);
    }
    let (busy, _, _): (i64, i64, i64) =
        on_writer!(database, |pool| sqlx::query_as("pragma wal_checkpoint(truncate)")
            .fetch_one(pool))?;
    Ok(Some(busy == 0))
}

pub(in crate::privacy) async fn scrub(store: &Store) -> Result<(), Error> {
    let database = store.database();
    if database.engine_name() != "sqlite" {
        return Ok(());
    }
    execute!(database, sqlx::query("vacuum"))?;
    empty_log(store).await.map(drop)
}
