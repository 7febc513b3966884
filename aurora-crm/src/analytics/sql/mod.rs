//! Figures from rows: the only part of analytics that knows sqlx.

pub(super) mod funnel;
pub(super) mod usage;

use std::collections::BTreeMap;

use super::figures::{
    AppointmentFigures, ClientFigures, FileFigures, LeadFigures, Overview, OwnerFigures, Point,
    SourceFigures, TaskFigures, WebhookFigures,
};
use super::period::Period;
use crate::context::Context;
use crate::error::Error;
use crate::leads::{LeadStatus, OwnerId};
use crate::store::{Store, reading};

/// Every statement, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: &[(&str, &[(&str, &str)])] = &[
    ("analytics", ALL),
    ("analytics::funnel", funnel::ALL),
    ("analytics::usage", usage::ALL),
];

aurora_core::store::statements! {
    CLIENTS_CREATED = "select coalesce(source, ''), count(*) from clients
        where workspace_id = $1 and created_at >= $2 and created_at < $3 and deleted_at is null
        group by coalesce(source, '')";
    CLIENTS_TOTAL = "select kind, count(*) from clients
        where workspace_id = $1 and created_at < $2 and deleted_at is null group by kind";
    CLIENTS_COUNT = "select count(*) from clients
        where workspace_id = $1 and created_at >= $2 and created_at < $3 and deleted_at is null";
    LEADS_CREATED = "select source, count(*) from leads
        where workspace_id = $1 and created_at >= $2 and created_at < $3 and deleted_at is null group by source";
    LEADS_COUNT = "select count(*) from leads
        where workspace_id = $1 and created_at >= $2 and created_at < $3 and deleted_at is null";
    LEADS_CLOSED = "select source, status, count(*) from leads
        where workspace_id = $1 and closed_at >= $2 and closed_at < $3 and closed_at is not null and deleted_at is null
        group by source, status";
    LEADS_CLOSED_COUNT = "select status, count(*) from leads
        where workspace_id = $1 and closed_at >= $2 and closed_at < $3 and closed_at is not null and deleted_at is null
        group by status";
    OWNERS = "select owner_id, value_currency, status, count(*), cast(sum(value_cents) as bigint) from leads
        where workspace_id = $1 and closed_at >= $2 and closed_at < $3 and closed_at is not null and deleted_at is null
        group by owner_id, value_currency, status";
    TASKS_DONE = "select count(*), cast(coalesce(sum(case when ended_at > due_at then 1 else 0 end), 0) as bigint) from tasks
        where workspace_id = $1 and ended_at >= $2 and ended_at < $3 and ended_at is not null and status = 'done'
            and deleted_at is null";
    TASKS_OVERDUE = "select count(*) from tasks
        where workspace_id = $1 and status = 'open' and due_at < $2 and deleted_at is null";
    FILES = "select count(*), cast(coalesce(sum(size), 0) as bigint) from files
        where workspace_id = $1 and created_at >= $2 and created_at < $3 and deleted_at is null";
    APPOINTMENTS = "select status, count(*) from appointments
        where workspace_id = $1 and starts_at >= $2 and starts_at < $3 group by status";
    WEBHOOKS = "select state, count(*) from webhook_deliveries
        where workspace_id = $1 and finished_at >= $2 and finished_at < $3 and finished_at is not null group by state";
}

/// Binds workspace and period to a statement that gives rows of these types.
macro_rules! over {
    ($statement:expr, $context:expr, $period:expr) => {
        sqlx::query_as($statement)
            .bind($context.workspace)
            .bind($period.from)
            .bind($period.to)
    };
}

pub(in crate::analytics) use over;

pub(super) async fn overview(store: &Store, context: &Context, period: Period) -> Result<Overview, Error> {
    let now = store.now();
    reading!(store, context, |tx| {
        let by_source: Vec<(String, i64)> = over!(CLIENTS_CREATED, context, period)
            .fetch_all(&mut *tx)
            .await?;
        let by_kind: Vec<(String, i64)> = sqlx::query_as(CLIENTS_TOTAL)
            .bind(context.workspace)
            .bind(period.to)
            .fetch_all(&mut *tx)
            .await?;
        let (created,): (i64,) = over!(LEADS_COUNT, context, period).fetch_one(&mut *tx).await?;
        let closed: Vec<(String, i64)> = over!(LEADS_CLOSED_COUNT, context, period)
            .fetch_all(&mut *tx)
            .await?;
        let (done, done_late): (i64, i64) = over!(TASKS_DONE, context, period).fetch_one(&mut *tx).await?;
        let overdue: i64 = sqlx::query_scalar(TASKS_OVERDUE)
            .bind(context.workspace)
            .bind(period.to.min(now))
            .fetch_one(&mut *tx)
            .await?;
        let (count, bytes): (i64, i64) = over!(FILES, context, period).fetch_one(&mut *tx).await?;
        let deliveries: Vec<(String, i64)> = over!(WEBHOOKS, context, period).fetch_all(&mut *tx).await?;
        let deliveries: BTreeMap<String, i64> = deliveries.into_iter().collect();
        Ok(Overview {
            clients: ClientFigures {
                created: by_source.iter().map(|(_, count)| count).sum(),
                total: by_kind.iter().map(|(_, count)| count).sum(),
                by_kind: by_kind.into_iter().collect(),
                by_source: by_source.into_iter().collect(),
            },
            leads: leads(created, &closed),
            tasks: TaskFigures {
                done,
                done_late,
                overdue,
            },
            files: FileFigures { count, bytes },
            webhooks: WebhookFigures {
                delivered: deliveries.get("delivered").copied().unwrap_or(0),
                failed: deliveries.get("failed").copied().unwrap_or(0),
            },
        })
    })
}

pub(super) async fn series(store: &Store, context: &Context, pieces: &[Period]) -> Result<Vec<Point>, Error> {
    reading!(store, context, |tx| {
        let mut points = Vec::with_capacity(pieces.len());
        for period in pieces {
            let (clients_created,): (i64,) =
                over!(CLIENTS_COUNT, context, period).fetch_one(&mut *tx).await?;
            let (created,): (i64,) = over!(LEADS_COUNT, context, period).fetch_one(&mut *tx).await?;
            let closed: Vec<(String, i64)> = over!(LEADS_CLOSED_COUNT, context, period)
                .fetch_all(&mut *tx)
                .await?;
            points.push(Point {
                period: *period,
                clients_created,
                leads: leads(created, &closed),
            });
        }
        Ok(points)
    })
}

fn leads(created: i64, closed: &[(String, i64)]) -> LeadFigures {
    let of = |status: LeadStatus| {
        let matching = closed.iter().filter(|(name, _)| name == status.as_str());
        matching.map(|(_, count)| count).sum()
    };
    LeadFigures {
        created,
        won: of(LeadStatus::Won),
        lost: of(LeadStatus::Lost),
    }
}

pub(super) async fn sources(
    store: &Store,
    context: &Context,
    period: Period,
) -> Result<Vec<SourceFigures>, Error> {
    let (created, closed) = reading!(store, context, |tx| {
        let created: Vec<(String, i64)> = over!(LEADS_CREATED, context, period).fetch_all(&mut *tx).await?;
        let closed: Vec<(String, String, i64)> =
            over!(LEADS_CLOSED, context, period).fetch_all(&mut *tx).await?;
        Ok((created, closed))
    })?;
    let mut found: BTreeMap<String, LeadFigures> = BTreeMap::new();
    for (source, count) in created {
        found.entry(source).or_default().created = count;
    }
    for (source, status, count) in closed {
        let figures = found.entry(source).or_default();
        if status == LeadStatus::Won.as_str() {
            figures.won = count;
        } else {
            figures.lost = count;
        }
    }
    let mut sources: Vec<SourceFigures> = found
        .into_iter()
        .map(|(source, leads)| SourceFigures { source, leads })
        .collect();
    sources.sort_by_key(|source| std::cmp::Reverse((source.leads.won, source.leads.created)));
    Ok(sources)
}

pub(super) async fn appointments(
    store: &Store,
    context: &Context,
    period: Period,
) -> Result<AppointmentFigures, Error> {
    let rows: Vec<(String, i64)> = reading!(store, context, |tx| {
        Ok(over!(APPOINTMENTS, context, period).fetch_all(&mut *tx).await?)
    })?;
    Ok(AppointmentFigures {
        total: rows.iter().map(|(_, count)| count).sum(),
        by_status: rows.into_iter().collect(),
    })
}

pub(super) async fn owners(
    store: &Store,
    context: &Context,
    period: Period,
) -> Result<Vec<OwnerFigures>, Error> {
    let rows: Vec<(Option<OwnerId>, String, String, i64, i64)> = reading!(store, context, |tx| {
        Ok(over!(OWNERS, context, period).fetch_all(&mut *tx).await?)
    })?;
    let mut found: BTreeMap<(Option<OwnerId>, String), OwnerFigures> = BTreeMap::new();
    for (owner, currency, status, count, cents) in rows {
        let figures = found
            .entry((owner, currency.clone()))
            .or_insert_with(|| OwnerFigures {
                owner,
                currency,
                won: 0,
                won_cents: 0,
                lost: 0,
            });
        if status == LeadStatus::Won.as_str() {
            (figures.won, figures.won_cents) = (count, cents);
        } else {
            figures.lost = count;
        }
    }
    let mut owners: Vec<OwnerFigures> = found.into_values().collect();
    owners.sort_by_key(|owner| std::cmp::Reverse((owner.won_cents, owner.won)));
    Ok(owners)
}
