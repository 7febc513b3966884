use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::subjects;
use crate::context::Context;
use crate::error::Error;
use crate::privacy::DataSubject;
use crate::privacy::requests::{DataRequest, DataRequestId, DataRequestKind, DataRequestState, Outcome};
use crate::store::{END_OF_TIME, Store, reading, writing};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, subject_kind, subject_id, kind, state, outcome, received_at, due_at, answered_at, version
                from data_requests where workspace_id = $1 ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into data_requests (workspace_id, id, subject_kind, subject_id, kind, state, received_at, due_at, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    CLOSE = "update data_requests set state = $4, outcome = $5, answered_at = $6, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and state = 'open'";
    GET = select!("and id = $2");
    DUE = select!("and state = 'open' and due_at <= $2 order by due_at, id limit 200");
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: DataRequestId,
    subject_kind: String,
    subject_id: Uuid,
    kind: String,
    state: String,
    outcome: Option<String>,
    received_at: Timestamp,
    due_at: Timestamp,
    answered_at: Option<Timestamp>,
    version: i64,
}

impl TryFrom<Row> for DataRequest {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = || store::Error::corrupt("a request of something unknown");
        let mut kinds = DataRequestKind::ALL.into_iter();
        let mut states = DataRequestState::ALL.into_iter();
        Ok(Self {
            id: row.id,
            subject: DataSubject::read(&row.subject_kind, row.subject_id).ok_or_else(corrupt)?,
            kind: kinds.find(|kind| kind.as_str() == row.kind).ok_or_else(corrupt)?,
            state: states
                .find(|state| state.as_str() == row.state)
                .ok_or_else(corrupt)?,
            outcome: row.outcome,
            received_at: row.received_at,
            due_at: row.due_at,
            answered_at: row.answered_at,
            version: row.version,
        })
    }
}

pub(in crate::privacy) async fn insert(
    store: &Store,
    context: &Context,
    request: &DataRequest,
) -> Result<(), Error> {
    let now = store.now();
    let record = subjects::record("data_request.opened", request.subject, now)
        .detail("request", request.id.to_string())
        .detail("kind", request.kind.as_str());
    writing!(store, context, |tx| {
        subjects::check_in(&mut (&mut *tx).into(), context, request.subject).await?;
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(request.id)
            .bind(request.subject.kind())
            .bind(request.subject.uuid())
            .bind(request.kind.as_str())
            .bind(request.state.as_str())
            .bind(request.received_at)
            .bind(request.due_at)
            .bind(request.version)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(in crate::privacy) async fn close(
    store: &Store,
    context: &Context,
    id: DataRequestId,
    expected: i64,
    outcome: &Outcome,
) -> Result<DataRequest, Error> {
    let now = store.now();
    let text = outcome.check()?;
    writing!(store, context, |tx| {
        let done = sqlx::query(CLOSE)
            .bind(context.workspace)
            .bind(id)
            .bind(expected)
            .bind(outcome.state().as_str())
            .bind(&text)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        let row: Option<Row> = sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let request = DataRequest::try_from(row.ok_or(Error::not_found("data request"))?)?;
        if done.rows_affected() == 0 {
            return Err(Error::conflict("data request", request.version));
        }
        let record = subjects::record("data_request.closed", request.subject, now)
            .detail("request", id.to_string())
            .detail("state", request.state.as_str());
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(request)
    })
}

pub(in crate::privacy) async fn due(
    store: &Store,
    context: &Context,
    until: Option<Timestamp>,
) -> Result<Vec<DataRequest>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(DUE)
            .bind(context.workspace)
            .bind(until.unwrap_or(END_OF_TIME))
            .fetch_all(&mut *tx)
            .await?)
    })?;
    Ok(rows
        .into_iter()
        .map(DataRequest::try_from)
        .collect::<Result<_, _>>()?)
}
