use std::collections::HashMap;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{Row, columns, select};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::leads::pipelines::sql as pipelines;
use crate::leads::{
    Board, BoardColumn, Currency, Lead, LeadFilter, LeadId, LeadOrder, Money, OwnerId, Pipeline, PipelineId,
    StageId, Total, refused,
};
use crate::store::{Store, TIMES, reading};

/// The filter; what is not wanted is bound as null. It begins with the comparison, by which PostgreSQL learns the type.
macro_rules! filtered {
    ($rest:expr) => {
        select!(concat!(
            "and deleted_at is null and (pipeline_id = $5 or $5 is null) and (stage_id = $6 or $6 is null)
            and (owner_id = $7 or $7 is null) and (client_id = $8 or $8 is null) and (source = $9 or $9 is null)
            and (status = $10 or $10 is null) and (value_cents >= $11 or $11 is null)
            and (value_cents <= $12 or $12 is null) and (value_currency = $13 or $13 is null)
            and (expected_close >= $14 or $14 is null) and (expected_close < $15 or $15 is null)
            and (exists (select 1 from lead_tags t where t.workspace_id = $1 and t.lead_id = leads.id and t.tag = $16)
                or $16 is null) ",
            $rest
        ))
    };
}

macro_rules! newest_of {
    ($whom:literal) => {
        filtered!(concat!(
            $whom,
            "and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4"
        ))
    };
}
/// In an order whose own index would lead through the whole workspace: an expression has no index.
macro_rules! sorted_of {
    ($whom:literal, $number:literal) => {
        filtered!(concat!(
            $whom,
            "and (",
            $number,
            ", id) < ($2, $3) order by ",
            $number,
            " desc, id desc limit $4"
        ))
    };
}
/// Those without such a time compare as unknown, and are left out.
macro_rules! by_close_of {
    ($whom:literal) => {
        filtered!(concat!(
            $whom,
            "and (coalesce(expected_close, expected_close), id) > ($2, $3)
            order by coalesce(expected_close, expected_close), id limit $4"
        ))
    };
}

aurora_core::store::statements! {
    BY_NEWEST = filtered!("and (created_at, id) < ($2, $3) order by created_at desc, id desc limit $4");
    BY_VALUE = filtered!("and (value_cents, id) < ($2, $3) order by value_cents desc, id desc limit $4");
    BY_SCORE = filtered!("and (score, id) < ($2, $3) order by score desc, id desc limit $4");
    BY_CLOSE = filtered!("and expected_close is not null and (expected_close, id) > ($2, $3)
        order by expected_close, id limit $4");
    BY_POSITION = filtered!("and stage_id = $6 and (position, id) > ($2, $3) order by position, id limit $4");
    /// The leads of a client or of an owner are read from an index of theirs; but for the newest they are sorted then.
    CLIENT_NEWEST = newest_of!("and client_id = $8 ");
    CLIENT_VALUE = sorted_of!("and client_id = $8 ", "value_cents + 0");
    CLIENT_SCORE = sorted_of!("and client_id = $8 ", "score + 0");
    CLIENT_CLOSE = by_close_of!("and client_id = $8 ");
    OWNER_NEWEST = newest_of!("and owner_id = $7 ");
    OWNER_VALUE = sorted_of!("and owner_id = $7 ", "value_cents + 0");
    OWNER_SCORE = sorted_of!("and owner_id = $7 ", "score + 0");
    OWNER_CLOSE = by_close_of!("and owner_id = $7 ");
    BOARD_LEADS = concat!(
        "select ", columns!(), " from (select ", columns!(), ",
            row_number() over (partition by stage_id order by position, id) as place
            from leads where workspace_id = $1 and pipeline_id = $2 and deleted_at is null
                and (owner_id = $4 or $4 is null)) ranked
        where place <= $3 order by stage_id, position, id"
    );
    BOARD_TOTALS = "select stage_id, value_currency, count(*), cast(sum(value_cents) as bigint) from leads
        where workspace_id = $1 and pipeline_id = $2 and deleted_at is null and (owner_id = $3 or $3 is null)
        group by stage_id, value_currency order by stage_id, value_currency";
}

/// The key of a row in an order: a number, or the microseconds of a time.
fn key(order: LeadOrder, row: &Row) -> (i64, LeadId) {
    let number = match order {
        LeadOrder::Newest => row.created_at.as_micros(),
        LeadOrder::Value => row.value_cents,
        LeadOrder::Score => row.score,
        LeadOrder::ExpectedClose => row.expected_close.map_or(0, Timestamp::as_micros),
        LeadOrder::Position => row.position,
    };
    (number, row.id)
}

/// Where the list begins.
fn start(order: LeadOrder) -> (i64, LeadId) {
    let (first, last) = (LeadId::from_uuid(Uuid::nil()), LeadId::from_uuid(Uuid::max()));
    match order {
        LeadOrder::Newest => (*TIMES.end(), last),
        LeadOrder::Value | LeadOrder::Score => (i64::MAX, last),
        LeadOrder::ExpectedClose => (*TIMES.start(), first),
        LeadOrder::Position => (i64::MIN, first),
    }
}

/// By the index of what is likely the rarest.
const fn statement(filter: &LeadFilter) -> &'static str {
    let (is_of_client, is_of_owner) = (filter.client.is_some(), filter.owner.is_some());
    match (filter.order, is_of_client, is_of_owner) {
        (LeadOrder::Newest, true, _) => CLIENT_NEWEST,
        (LeadOrder::Newest, false, true) => OWNER_NEWEST,
        (LeadOrder::Newest, false, false) => BY_NEWEST,
        (LeadOrder::Value, true, _) => CLIENT_VALUE,
        (LeadOrder::Value, false, true) => OWNER_VALUE,
        (LeadOrder::Value, false, false) => BY_VALUE,
        (LeadOrder::Score, true, _) => CLIENT_SCORE,
        (LeadOrder::Score, false, true) => OWNER_SCORE,
        (LeadOrder::Score, false, false) => BY_SCORE,
        (LeadOrder::ExpectedClose, true, _) => CLIENT_CLOSE,
        (LeadOrder::ExpectedClose, false, true) => OWNER_CLOSE,
        (LeadOrder::ExpectedClose, false, false) => BY_CLOSE,
        (LeadOrder::Position, _, _) => BY_POSITION,
    }
}

pub(in crate::leads) async fn page(
    store: &Store,
    context: &Context,
    filter: &LeadFilter,
    request: &PageRequest,
) -> Result<Page<Lead>, Error> {
    let order = filter.order;
    let currency = match (filter.value_from, filter.value_to) {
        (Some(from), Some(to)) if from.currency != to.currency => {
            return Err(refused(
                "value_to",
                "invalid",
                "must be of the same currency as value_from",
            ));
        }
        (Some(value), _) | (None, Some(value)) => Some(value.currency),
        (None, None) => None,
    };
    if order == LeadOrder::Position && filter.stage.is_none() {
        return Err(refused(
            "stage",
            "required",
            "leads have a position within one stage",
        ));
    }
    if let Some(range) = &filter.expected_close
        && !(TIMES.contains(&range.start.as_micros()) && TIMES.contains(&range.end.as_micros()))
    {
        return Err(refused(
            "expected_close",
            "invalid",
            "must be within the years 1 to 9999",
        ));
    }
    if filter.tag.as_ref().is_some_and(|tag| tag.contains('\0')) {
        return Ok(Page {
            items: Vec::new(),
            next: None,
        }); // no tag has it
    }
    let scope = format!("leads/{}/{filter:?}", context.workspace);
    let is_time = matches!(order, LeadOrder::Newest | LeadOrder::ExpectedClose);
    let (number, id) = match request.cursor() {
        Some(cursor) => {
            let key: (i64, LeadId) = cursor.key(&scope).map_err(wrong_cursor)?;
            if is_time && !TIMES.contains(&key.0) {
                return Err(wrong_cursor(aurora_core::page::InvalidCursor));
            }
            key
        }
        None => start(order),
    };
    let statement = statement(filter);
    let limit = i64::from(request.limit()) + 1;
    let close = filter.expected_close.as_ref();
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(statement).bind(context.workspace);
        let query = if is_time {
            query.bind(Timestamp::from_micros(number))
        } else {
            query.bind(number)
        };
        Ok(query
            .bind(id)
            .bind(limit)
            .bind(filter.pipeline)
            .bind(filter.stage)
            .bind(filter.owner)
            .bind(filter.client)
            .bind(filter.source.map(|source| source.as_str()))
            .bind(filter.status.map(|status| status.as_str()))
            .bind(filter.value_from.map(|value| value.cents))
            .bind(filter.value_to.map(|value| value.cents))
            .bind(currency.as_ref().map(Currency::as_str))
            .bind(close.map(|range| range.start))
            .bind(close.map(|range| range.end))
            .bind(filter.tag.as_deref())
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| key(order, row)).map_err(wrong_cursor)?;
    let items = page.items.into_iter().map(Lead::try_from);
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}

pub(in crate::leads) async fn board(
    store: &Store,
    context: &Context,
    id: PipelineId,
    owner: Option<OwnerId>,
    most: u32,
) -> Result<Board, Error> {
    type Totals = Vec<(StageId, String, i64, i64)>;
    let most = i64::from(most.clamp(1, PageRequest::MAX_LIMIT));
    let (pipeline, rows, totals): (Pipeline, Vec<Row>, Totals) = reading!(store, context, |tx| {
        let pipeline = pipelines::get_in(&mut (&mut *tx).into(), context, id).await?;
        let rows = sqlx::query_as(BOARD_LEADS)
            .bind(context.workspace)
            .bind(id)
            .bind(most)
            .bind(owner)
            .fetch_all(&mut *tx)
            .await?;
        let totals = sqlx::query_as(BOARD_TOTALS)
            .bind(context.workspace)
            .bind(id)
            .bind(owner)
            .fetch_all(&mut *tx)
            .await?;
        Ok((pipeline, rows, totals))
    })?;
    let mut leads: HashMap<StageId, Vec<Lead>> = HashMap::new();
    for row in rows {
        let lead = Lead::try_from(row)?;
        leads.entry(lead.stage_id).or_default().push(lead);
    }
    let mut columns = Vec::with_capacity(pipeline.stages.len());
    for stage in &pipeline.stages {
        let mut column = BoardColumn {
            stage: stage.clone(),
            count: 0,
            totals: Vec::new(),
            leads: leads.remove(&stage.id).unwrap_or_default(),
        };
        for (_, currency, count, sum) in totals.iter().filter(|total| total.0 == stage.id) {
            let currency = currency
                .parse()
                .map_err(|error: &str| store::Error::corrupt(error))?;
            column.count += count;
            column
                .totals
                .push(Total::new(*count, Money::new(*sum, currency), stage));
        }
        columns.push(column);
    }
    Ok(Board { pipeline, columns })
}
