use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::subjects;
use crate::context::Context;
use crate::error::Error;
use crate::privacy::DataSubject;
use crate::privacy::sharing::{DataShare, DataShareId};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into data_shares (workspace_id, id, subject_kind, subject_id, recipient, purpose, categories, at, principal)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    LIST = "select id, subject_kind, subject_id, recipient, purpose, categories, at, principal from data_shares
        where workspace_id = $1 and (subject_id = $2 or subject_id in (select c.id from clients c
            where c.workspace_id = $1 and c.merged_into = $2))
        order by id desc limit 200";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: DataShareId,
    subject_kind: String,
    subject_id: Uuid,
    recipient: String,
    purpose: String,
    categories: Json<Vec<String>>,
    at: Timestamp,
    principal: String,
}

pub(in crate::privacy) async fn insert(
    store: &Store,
    context: &Context,
    share: &DataShare,
) -> Result<(), Error> {
    let now = share.at;
    let record = subjects::record("subject.shared", share.subject, now).detail("share", share.id.to_string());
    writing!(store, context, |tx| {
        subjects::check_in(&mut (&mut *tx).into(), context, share.subject).await?;
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(share.id)
            .bind(share.subject.kind())
            .bind(share.subject.uuid())
            .bind(&share.recipient)
            .bind(&share.purpose)
            .bind(Json(&share.categories))
            .bind(now)
            .bind(&share.principal)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(in crate::privacy) async fn list(
    store: &Store,
    context: &Context,
    subject: DataSubject,
) -> Result<Vec<DataShare>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(LIST)
            .bind(context.workspace)
            .bind(subject.uuid())
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let read = |row: Row| {
        Ok(DataShare {
            id: row.id,
            subject: DataSubject::read(&row.subject_kind, row.subject_id)
                .ok_or_else(|| store::Error::corrupt("a share of something unknown"))?,
            recipient: row.recipient,
            purpose: row.purpose,
            categories: row.categories.0,
            at: row.at,
            principal: row.principal,
        })
    };
    rows.into_iter().map(read).collect()
}
