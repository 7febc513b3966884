use aurora_core::store::{self, Connection, execute_on, on_connection};
use sqlx::types::{Json, Uuid};

use super::{Row, select};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::{Lead, LeadId, LeadScorer, PipelineId, Rescored, RuleSet, Score, ScoreRule};
use crate::store::{Store, reading, writing};

/// How many leads one batch scores.
const BATCH: usize = 100;

aurora_core::store::statements! {
    RULES = "select version, rules from score_rule_sets where workspace_id = $1 order by version desc limit 1";
    INSERT_RULES = "insert into score_rule_sets (workspace_id, version, rules, created_at, principal)
        values ($1, $2, $3, $4, $5) on conflict (workspace_id, version) do nothing";
    BATCH_OF = select!("and pipeline_id = $2 and id > $3 and deleted_at is null order by id limit $4");
    STORE = "update leads set score = $4, score_reasons = $5, score_rules = $6, scored_at = $7
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
}

pub(in crate::leads) async fn rules(store: &Store, context: &Context) -> Result<Option<RuleSet>, Error> {
    reading!(store, context, |tx| {
        rules_in(&mut (&mut *tx).into(), context).await
    })
}

/// The workspace's rules, within a transaction.
pub(super) async fn rules_in(tx: &mut Connection<'_>, context: &Context) -> Result<Option<RuleSet>, Error> {
    let found: Option<(i64, Json<Vec<ScoreRule>>)> = on_connection!(tx, |tx| sqlx::query_as(RULES)
        .bind(context.workspace)
        .fetch_optional(&mut *tx))?;
    Ok(found.map(|(version, rules)| RuleSet {
        version,
        rules: rules.0,
    }))
}

pub(in crate::leads) async fn set_rules(
    store: &Store,
    context: &Context,
    expected: i64,
    rules: &RuleSet,
) -> Result<(), Error> {
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        set_rules_in(store, &mut (&mut *tx).into(), context, expected, rules).await
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

async fn set_rules_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    expected: i64,
    rules: &RuleSet,
) -> Result<(), Error> {
    let now = store.now();
    let present = async |tx: &mut Connection<'_>| -> Result<i64, Error> {
        Ok(rules_in(tx, context).await?.map_or(0, |rules| rules.version))
    };
    let current = present(tx).await?;
    if current != expected {
        return Err(Error::conflict("score rules", current));
    }
    let stored = execute_on!(
        tx,
        sqlx::query(INSERT_RULES)
            .bind(context.workspace)
            .bind(rules.version)
            .bind(Json(&rules.rules))
            .bind(now)
            .bind(&context.principal)
    )?;
    if stored == 0 {
        return Err(Error::conflict("score rules", present(tx).await?));
    }
    let record = Record::new("score_rules.replaced", "workspace", context.workspace, now)
        .with("version", rules.version)
        .with("rules", rules.rules.len());
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

/// Stores the score of a lead that is still at its version.
pub(super) async fn store_in(
    tx: &mut Connection<'_>,
    context: &Context,
    lead: &Lead,
    score: &Score,
) -> Result<bool, Error> {
    let touched = execute_on!(
        tx,
        sqlx::query(STORE)
            .bind(context.workspace)
            .bind(lead.id)
            .bind(lead.version)
            .bind(score.total)
            .bind(Json(&score.reasons))
            .bind(score.rules_version)
            .bind(score.at)
    )?;
    Ok(touched > 0)
}

pub(in crate::leads) async fn rescore(
    store: &Store,
    context: &Context,
    pipeline: PipelineId,
    scorer: &dyn LeadScorer,
    after: Option<LeadId>,
) -> Result<Rescored, Error> {
    let after = after.unwrap_or(LeadId::from_uuid(Uuid::nil()));
    let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
    let (rules, rows): (Option<RuleSet>, Vec<Row>) = reading!(store, context, |tx| {
        let rules = rules_in(&mut (&mut *tx).into(), context).await?;
        let rows = sqlx::query_as(BATCH_OF)
            .bind(context.workspace)
            .bind(pipeline)
            .bind(after)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?;
        Ok((rules, rows))
    })?;
    let (now, seen) = (store.now(), rows.len());
    let next = rows.last().filter(|_| seen == BATCH).map(|row| row.id);
    let mut scores = Vec::with_capacity(seen);
    for row in rows {
        let lead = Lead::try_from(row)?;
        if let Some(score) = scorer.score(context, &lead, rules.as_ref(), now).await? {
            let is_same = lead.score.as_ref().is_some_and(|old| {
                Score {
                    at: old.at,
                    ..score.clone()
                } == *old
            });
            if !is_same {
                scores.push((lead, score));
            }
        }
    }
    let stored = if scores.is_empty() {
        0
    } else {
        writing!(store, context, |tx| {
            let mut stored = 0;
            for (lead, score) in &scores {
                let is_stored = store_in(&mut (&mut *tx).into(), context, lead, score).await?;
                stored += usize::from(is_stored);
            }
            let record = Record::new("pipeline.rescored", "pipeline", pipeline, now)
                .with("leads", stored)
                .without_event();
            store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(stored)
        })?
    };
    Ok(Rescored { seen, stored, next })
}
