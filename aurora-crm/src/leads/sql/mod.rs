//! The rows of leads.

pub(super) mod convert;
pub(crate) mod history;
pub(crate) mod list;
pub(super) mod lost;
pub(crate) mod place;
pub(crate) mod scores;
pub(super) mod steps;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde_json::{Map, Value};
use sqlx::types::Json;

use super::{
    Currency, Lead, LeadId, Loss, LostReasonId, Money, OwnerId, PipelineId, Score, ScoreReason, StageId,
};
use crate::clients::ClientId;
use crate::contacts::Phone;
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading};

macro_rules! columns {
    () => {
        "id, title, contact_name, contact_email, contact_phone, client_id, company_name, cnpj, value_cents,
            value_currency, source, source_detail, owner_id, pipeline_id, stage_id, position, status, lost_reason_id,
            lost_note, expected_close, tags, custom, score, score_reasons, score_rules, scored_at, last_activity_at,
            stage_since, stage_changes, closed_at, converted_at, version, created_at, updated_at"
    };
}
macro_rules! select {
    ($rest:expr) => {
        concat!(
            "select ",
            $crate::leads::sql::columns!(),
            " from leads where workspace_id = $1 ",
            $rest
        )
    };
}
pub(super) use {columns, select};

aurora_core::store::statements! {
    GET = select!("and id = $2 and deleted_at is null");
    /// Locks the lead for the transaction, so that nobody changes it between reading and writing.
    LOCK = concat!(
        "update leads set version = version where workspace_id = $1 and id = $2 and deleted_at is null returning ",
        columns!()
    );
    LOCK_DELETED = concat!(
        "update leads set version = version where workspace_id = $1 and id = $2 and deleted_at is not null returning ",
        columns!()
    );
    INSERT = "insert into leads (workspace_id, id, title, contact_name, contact_email, contact_phone, client_id,
            company_name, cnpj, value_cents, value_currency, source, source_detail, owner_id, pipeline_id, stage_id,
            position, status, lost_reason_id, lost_note, expected_close, tags, custom, score, score_reasons,
            score_rules, scored_at, stage_since, stage_changes, closed_at, converted_at, version, updated_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
            $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34)";
    UPDATE = "update leads set title = $3, contact_name = $4, contact_email = $5, contact_phone = $6, client_id = $7,
            company_name = $8, cnpj = $9, value_cents = $10, value_currency = $11, source = $12, source_detail = $13,
            owner_id = $14, pipeline_id = $15, stage_id = $16, position = $17, status = $18, lost_reason_id = $19,
            lost_note = $20, expected_close = $21, tags = $22, custom = $23, score = $24, score_reasons = $25,
            score_rules = $26, scored_at = $27, stage_since = $28, stage_changes = $29, closed_at = $30,
            converted_at = $31, version = $32, updated_at = $33
        where workspace_id = $1 and id = $2";
    SET_DELETED = "update leads set deleted_at = $3, version = $4, updated_at = $5 where workspace_id = $1 and id = $2";
    UNTAG = "delete from lead_tags where workspace_id = $1 and lead_id = $2";
    TAG = "insert into lead_tags (workspace_id, lead_id, tag) values ($1, $2, $3)";
    LINK_ACTIVITIES = "update activities set client_id = $3
        where workspace_id = $1 and lead_id = $2 and deleted_at is null";
    SET_LAST_ACTIVITY = "update leads set last_activity_at = (
            select max(at) from activities
            where workspace_id = $1 and lead_id = $2 and deleted_at is null
        ) where workspace_id = $1 and id = $2";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: LeadId,
    title: String,
    contact_name: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    client_id: Option<ClientId>,
    company_name: Option<String>,
    cnpj: Option<String>,
    pub(super) value_cents: i64,
    value_currency: String,
    source: String,
    source_detail: Option<String>,
    owner_id: Option<OwnerId>,
    pipeline_id: PipelineId,
    stage_id: StageId,
    pub(super) position: i64,
    status: String,
    lost_reason_id: Option<LostReasonId>,
    lost_note: Option<String>,
    pub(super) expected_close: Option<Timestamp>,
    tags: Json<Vec<String>>,
    custom: Json<Map<String, Value>>,
    pub(super) score: i64,
    score_reasons: Json<Vec<ScoreReason>>,
    score_rules: Option<i64>,
    scored_at: Option<Timestamp>,
    last_activity_at: Option<Timestamp>,
    stage_since: Timestamp,
    stage_changes: i64,
    closed_at: Option<Timestamp>,
    converted_at: Option<Timestamp>,
    version: i64,
    pub(super) created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Lead {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = store::Error::corrupt;
        let currency: Currency = row.value_currency.parse().map_err(|error: &str| corrupt(error))?;
        let loss = (row.lost_reason_id.is_some() || row.lost_note.is_some()).then_some(Loss {
            reason: row.lost_reason_id,
            note: row.lost_note,
        });
        let phone = row.contact_phone.map(|text| text.parse::<Phone>());
        Ok(Self {
            id: row.id,
            title: row.title,
            contact_name: row.contact_name,
            contact_email: row
                .contact_email
                .map(|text| text.parse())
                .transpose()
                .map_err(store::Error::corrupt)?,
            contact_phone: phone.transpose().map_err(store::Error::corrupt)?,
            client_id: row.client_id,
            company_name: row.company_name,
            cnpj: row
                .cnpj
                .map(|text| text.parse())
                .transpose()
                .map_err(store::Error::corrupt)?,
            value: Money::new(row.value_cents, currency),
            source: row.source.parse().map_err(|error: &str| corrupt(error))?,
            source_detail: row.source_detail,
            owner_id: row.owner_id,
            pipeline_id: row.pipeline_id,
            stage_id: row.stage_id,
            position: row.position,
            status: row.status.parse().map_err(|error: &str| corrupt(error))?,
            loss,
            expected_close: row.expected_close,
            tags: row.tags.0,
            custom: row.custom.0,
            score: row.scored_at.map(|at| Score {
                total: row.score,
                reasons: row.score_reasons.0,
                rules_version: row.score_rules,
                at,
            }),
            last_activity_at: row.last_activity_at,
            stage_since: row.stage_since,
            stage_changes: row.stage_changes,
            closed_at: row.closed_at,
            converted_at: row.converted_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// Everything of a lead that `INSERT` and `UPDATE` write, in their order.
macro_rules! bound {
    ($sql:expr, $context:expr, $lead:expr) => {
        sqlx::query($sql)
            .bind($context.workspace)
            .bind($lead.id)
            .bind(&$lead.title)
            .bind($lead.contact_name.as_deref())
            .bind($lead.contact_email.as_ref().map(|email| email.as_str()))
            .bind($lead.contact_phone.as_ref().map(|phone| phone.as_str()))
            .bind($lead.client_id)
            .bind($lead.company_name.as_deref())
            .bind($lead.cnpj.as_ref().map(|cnpj| cnpj.plain()))
            .bind($lead.value.cents)
            .bind($lead.value.currency.as_str())
            .bind($lead.source.as_str())
            .bind($lead.source_detail.as_deref())
            .bind($lead.owner_id)
            .bind($lead.pipeline_id)
            .bind($lead.stage_id)
            .bind($lead.position)
            .bind($lead.status.as_str())
            .bind($lead.loss.as_ref().and_then(|loss| loss.reason))
            .bind($lead.loss.as_ref().and_then(|loss| loss.note.as_deref()))
            .bind($lead.expected_close)
            .bind(Json(&$lead.tags))
            .bind(Json(&$lead.custom))
            .bind($lead.score.as_ref().map_or(0, |score| score.total))
            .bind(Json($lead.score.as_ref().map_or(&[][..], |score| &score.reasons)))
            .bind($lead.score.as_ref().and_then(|score| score.rules_version))
            .bind($lead.score.as_ref().map(|score| score.at))
            .bind($lead.stage_since)
            .bind($lead.stage_changes)
            .bind($lead.closed_at)
            .bind($lead.converted_at)
            .bind($lead.version)
            .bind($lead.updated_at)
    };
}

pub(super) async fn get(store: &Store, context: &Context, id: LeadId) -> Result<Lead, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

/// One lead that is not deleted, within a transaction.
pub(crate) async fn get_in(tx: &mut Connection<'_>, context: &Context, id: LeadId) -> Result<Lead, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("lead"))?.try_into()?)
}

/// One lead that is not deleted, and nobody else's until the transaction ends. Whoever also locks a stage does so first.
pub(crate) async fn lock_in(tx: &mut Connection<'_>, context: &Context, id: LeadId) -> Result<Lead, Error> {
    lock_with(tx, context, LOCK, id).await
}

async fn lock_with(
    tx: &mut Connection<'_>,
    context: &Context,
    statement: &'static str,
    id: LeadId,
) -> Result<Lead, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(statement)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("lead"))?.try_into()?)
}

/// One lead at the version that is expected, locked.
async fn lock_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: LeadId,
    expected: i64,
) -> Result<Lead, Error> {
    let lead = lock_in(tx, context, id).await?;
    if lead.version == expected {
        Ok(lead)
    } else {
        Err(Error::conflict("lead", lead.version))
    }
}

async fn insert_in(tx: &mut Connection<'_>, context: &Context, lead: &Lead) -> Result<(), Error> {
    execute_on!(tx, bound!(INSERT, context, lead).bind(lead.created_at))?;
    tag_in(tx, context, lead).await
}

/// Puts a lead that is locked in the place of what is stored. `before` is what was.
pub(super) async fn replace_in(
    tx: &mut Connection<'_>,
    context: &Context,
    before: &Lead,
    lead: &Lead,
) -> Result<(), Error> {
    execute_on!(tx, bound!(UPDATE, context, lead))?;
    if before.tags != lead.tags {
        execute_on!(tx, sqlx::query(UNTAG).bind(context.workspace).bind(lead.id))?;
        tag_in(tx, context, lead).await?;
    }
    if before.client_id != lead.client_id && lead.client_id.is_some() {
        execute_on!(
            tx,
            sqlx::query(LINK_ACTIVITIES)
                .bind(context.workspace)
                .bind(lead.id)
                .bind(lead.client_id)
        )?;
    }
    if before.stage_changes != lead.stage_changes {
        history::add_in(tx, context, Some(before), lead).await?;
    }
    Ok(())
}

async fn tag_in(tx: &mut Connection<'_>, context: &Context, lead: &Lead) -> Result<(), Error> {
    for tag in &lead.tags {
        execute_on!(
            tx,
            sqlx::query(TAG)
                .bind(context.workspace)
                .bind(lead.id)
                .bind(tag.as_str())
        )?;
    }
    Ok(())
}

/// After an activity on it was added, changed or deleted: the last one, and the score that may follow from it.
pub(crate) async fn activity_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: LeadId,
    now: Timestamp,
) -> Result<(), Error> {
    execute_on!(
        tx,
        sqlx::query(SET_LAST_ACTIVITY).bind(context.workspace).bind(id)
    )?;
    let Some(rules) = scores::rules_in(tx, context).await? else {
        return Ok(());
    };
    let lead = get_in(tx, context, id).await?;
    scores::store_in(tx, context, &lead, &rules.score(&lead, now)).await?;
    Ok(())
}
