use std::collections::BTreeMap;
use std::time::Duration;

use aurora_core::time::Timestamp;

use super::over;
use crate::analytics::figures::{ResponseTimes, StageFigures, StageValue};
use crate::analytics::period::Period;
use crate::context::Context;
use crate::error::Error;
use crate::leads::{PipelineId, StageId};
use crate::store::{Store, reading};

aurora_core::store::statements! {
    STAGES = "select id, name from stages where workspace_id = $1 and pipeline_id = $2 and removed_at is null
        order by position, id";
    ENTERED = "select c.to_stage_id, count(*), count(distinct c.lead_id) from lead_stage_changes c
        join leads l on l.workspace_id = c.workspace_id and l.id = c.lead_id and l.deleted_at is null
        where c.workspace_id = $1 and c.at >= $2 and c.at < $3 and c.pipeline_id = $4 group by c.to_stage_id";
    ADVANCED = "select c.to_stage_id, count(distinct c.lead_id) from lead_stage_changes c
        join stages s on s.workspace_id = c.workspace_id and s.id = c.to_stage_id
        join leads l on l.workspace_id = c.workspace_id and l.id = c.lead_id and l.deleted_at is null
        where c.workspace_id = $1 and c.at >= $2 and c.at < $3 and c.pipeline_id = $4
            and exists (select 1 from lead_stage_changes d
                join stages t on t.workspace_id = d.workspace_id and t.id = d.to_stage_id
                where d.workspace_id = c.workspace_id and d.lead_id = c.lead_id and d.seq > c.seq and d.at < $3
                    and d.pipeline_id = c.pipeline_id
                    and (t.kind = 'won' or (t.kind = 'open' and t.position > s.position)))
        group by c.to_stage_id";
    /// The middle one of those that left each stage, and the one that nine of ten are not above.
    TIMES = "select stage_id, n, place, from_since, at from (
            select c.from_stage_id as stage_id, c.from_since, c.at,
                row_number() over (partition by c.from_stage_id order by c.at - c.from_since, c.lead_id, c.seq) as place,
                count(*) over (partition by c.from_stage_id) as n
            from lead_stage_changes c join stages s on s.workspace_id = c.workspace_id and s.id = c.from_stage_id
            join leads l on l.workspace_id = c.workspace_id and l.id = c.lead_id and l.deleted_at is null
            where c.workspace_id = $1 and c.at >= $2 and c.at < $3 and s.pipeline_id = $4 and c.from_since is not null
        ) left_stage where place = (n + 1) / 2 or place = (n * 9 + 9) / 10";
    VALUES = "select s.id, l.value_currency, count(*), cast(sum(l.value_cents) as bigint),
            cast(sum(l.value_cents * s.probability) as bigint)
        from leads l join stages s on s.workspace_id = l.workspace_id and s.id = l.stage_id
        where l.workspace_id = $1 and l.pipeline_id = $2 and l.status = 'open' and l.deleted_at is null
        group by s.id, s.position, l.value_currency order by s.position, s.id, l.value_currency";
    /// The middle one of those that had an activity, and the one that nine of ten are not above.
    RESPONSES = "select n, place, created_at, first_at from (
            select created_at, first_at, row_number() over (order by first_at - created_at, id) as place,
                count(*) over () as n
            from (select l.id, l.created_at, (select min(a.at) from activities a where a.workspace_id = l.workspace_id
                        and a.lead_id = l.id and a.lead_id is not null and a.deleted_at is null
                        and a.at >= l.created_at) as first_at
                from leads l where l.workspace_id = $1 and l.created_at >= $2 and l.created_at < $3
                    and l.deleted_at is null) created
            where first_at is not null
        ) answered where place = (n + 1) / 2 or place = (n * 9 + 9) / 10";
}

/// How many, the median, and what nine of ten are not above.
type Ranked = (i64, Option<Duration>, Option<Duration>);

/// Reads a row at its place among `n`.
fn rank(ranked: &mut Ranked, n: i64, place: i64, from: Timestamp, to: Timestamp) {
    let time = to.since(from);
    ranked.0 = n;
    if place == n.saturating_add(1) / 2 {
        ranked.1 = Some(time);
    }
    if place == n.saturating_mul(9).saturating_add(9) / 10 {
        ranked.2 = Some(time);
    }
}

pub(in crate::analytics) async fn funnel(
    store: &Store,
    context: &Context,
    pipeline: PipelineId,
    period: Period,
) -> Result<Vec<StageFigures>, Error> {
    reading!(store, context, |tx| {
        let stages: Vec<(StageId, String)> = sqlx::query_as(STAGES)
            .bind(context.workspace)
            .bind(pipeline)
            .fetch_all(&mut *tx)
            .await?;
        let entered: Vec<(StageId, i64, i64)> = over!(ENTERED, context, period)
            .bind(pipeline)
            .fetch_all(&mut *tx)
            .await?;
        let advanced: Vec<(StageId, i64)> = over!(ADVANCED, context, period)
            .bind(pipeline)
            .fetch_all(&mut *tx)
            .await?;
        let times: Vec<(StageId, i64, i64, Timestamp, Timestamp)> = over!(TIMES, context, period)
            .bind(pipeline)
            .fetch_all(&mut *tx)
            .await?;
        let entered: BTreeMap<StageId, (i64, i64)> = entered
            .into_iter()
            .map(|(stage, times, leads)| (stage, (times, leads)))
            .collect();
        let advanced: BTreeMap<StageId, i64> = advanced.into_iter().collect();
        let mut left: BTreeMap<StageId, Ranked> = BTreeMap::new();
        for (stage, n, place, from, to) in times {
            rank(left.entry(stage).or_default(), n, place, from, to);
        }
        let figures = |(stage, name): (StageId, String)| {
            let (entered, leads) = entered.get(&stage).copied().unwrap_or_default();
            let (left, median, p90) = left.get(&stage).copied().unwrap_or_default();
            StageFigures {
                stage,
                name,
                entered,
                leads,
                advanced: advanced.get(&stage).copied().unwrap_or(0),
                left,
                median,
                p90,
            }
        };
        Ok(stages.into_iter().map(figures).collect())
    })
}

pub(in crate::analytics) async fn values(
    store: &Store,
    context: &Context,
    pipeline: PipelineId,
) -> Result<Vec<StageValue>, Error> {
    let rows: Vec<(StageId, String, i64, i64, i64)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(VALUES)
            .bind(context.workspace)
            .bind(pipeline)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let read = |(stage, currency, leads, cents, percents): (StageId, String, i64, i64, i64)| StageValue {
        stage,
        currency,
        leads,
        cents,
        weighted_cents: percents.saturating_add(50) / 100,
    };
    Ok(rows.into_iter().map(read).collect())
}

pub(in crate::analytics) async fn response_times(
    store: &Store,
    context: &Context,
    period: Period,
) -> Result<ResponseTimes, Error> {
    let rows: Vec<(i64, i64, Timestamp, Timestamp)> = reading!(store, context, |tx| {
        Ok(over!(RESPONSES, context, period).fetch_all(&mut *tx).await?)
    })?;
    let mut ranked = Ranked::default();
    for (n, place, created, first) in rows {
        rank(&mut ranked, n, place, created, first);
    }
    let (answered, median, p90) = ranked;
    Ok(ResponseTimes {
        answered,
        median,
        p90,
    })
}
