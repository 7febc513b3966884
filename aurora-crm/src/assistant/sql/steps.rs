use aurora_core::money::NanoUsd;
use aurora_core::page::{Page, PageRequest};
use aurora_core::store;
use aurora_core::time::Timestamp;

use super::turns::Open;
use crate::assistant::step::{Step, TurnId, Used, Written};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::conversations::ConversationId;
use crate::error::Error;
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "turn_id, through_position, ordinal, body, model, input_tokens, output_tokens, cost_nanos, at"
    };
}

aurora_core::store::statements! {
    INSERT = "insert into assistant_steps (workspace_id, turn_id, ordinal, conversation_id, through_position, kind, body, model,
            input_tokens, output_tokens, cost_nanos, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
        on conflict (workspace_id, turn_id, ordinal) do nothing";
    OF_TURN = concat!("select ", columns!(), " from assistant_steps where workspace_id = $1 and turn_id = $2 order by ordinal");
    PAGE = concat!(
        "select ",
        columns!(),
        " from assistant_steps where workspace_id = $1 and conversation_id = $2 and (through_position, ordinal) < ($3, $4)
            order by through_position desc, ordinal desc limit $5"
    );
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    turn_id: TurnId,
    through_position: i64,
    ordinal: i64,
    body: String,
    model: Option<String>,
    input_tokens: i64,
    output_tokens: i64,
    cost_nanos: Option<i64>,
    at: Timestamp,
}

impl TryFrom<Row> for Written {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let step: Step = serde_json::from_str(&row.body)
            .map_err(|_| store::Error::corrupt("a step of a turn is not what it was"))?;
        Ok(Self {
            turn: row.turn_id,
            through: row.through_position,
            ordinal: row.ordinal,
            step,
            used: Used {
                model: row.model,
                input_tokens: row.input_tokens,
                output_tokens: row.output_tokens,
                cost: row.cost_nanos.map(NanoUsd::from_nanos),
            },
            at: row.at,
        })
    }
}

/// Writes a step down. `false` when its place is taken: somebody else works on the turn, and has come further.
pub(in crate::assistant) async fn add(
    store: &Store,
    context: &Context,
    turn: &Open,
    ordinal: i64,
    step: &Step,
    used: &Used,
) -> Result<bool, Error> {
    let body = serde_json::to_string(step)
        .map_err(|_| store::Error::corrupt("a step of a turn cannot be written"))?;
    let now = store.now();
    writing!(store, context, |tx| {
        let done = sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(turn.id)
            .bind(ordinal)
            .bind(turn.conversation)
            .bind(turn.through)
            .bind(step.kind().as_str())
            .bind(&body)
            .bind(used.model.as_deref())
            .bind(used.input_tokens)
            .bind(used.output_tokens)
            .bind(used.cost.map(NanoUsd::nanos))
            .bind(now)
            .execute(&mut *tx)
            .await?;
        // No record: steps are a log themselves.
        Ok(done.rows_affected() == 1)
    })
}

pub(in crate::assistant) async fn of_turn(
    store: &Store,
    context: &Context,
    turn: TurnId,
) -> Result<Vec<Written>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(OF_TURN)
            .bind(context.workspace)
            .bind(turn)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    Ok(rows
        .into_iter()
        .map(Written::try_from)
        .collect::<Result<_, _>>()?)
}

/// The latest first.
pub(in crate::assistant) async fn page(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    request: &PageRequest,
) -> Result<Page<Written>, Error> {
    let scope = format!("assistant_steps/{}/{conversation}", context.workspace);
    let (through, ordinal): (i64, i64) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (i64::MAX, i64::MAX),
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(conversation)
            .bind(through)
            .bind(ordinal)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| (row.through_position, row.ordinal))
        .map_err(wrong_cursor)?;
    let items = page.items.into_iter().map(Written::try_from);
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}
