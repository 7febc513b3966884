//! Labels of all clients.

use aurora_core::time::Timestamp;

use super::row::{Row, select_from};
use super::{SqlClients, rows};
use crate::clients::{Client, ClientId, TagCount, facets};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{START_OF_TIME, reading, writing};
use sqlx::types::{Json, Uuid};

/// How many clients one transaction changes.
const BATCH: i64 = 100;

/// Where a client comes among those with a label: when it was made, and its id.
pub(in super::super) type TagPlace = (Timestamp, ClientId);

aurora_core::store::statements! {
    /// Those of deleted clients are not counted.
    COUNTS = "select f.facet, count(*) from client_facets f cross join clients c
        where f.workspace_id = $1 and f.facet > $2 and f.facet < $3
            and c.workspace_id = $1 and c.id = f.client_id and c.deleted_at is null
        group by f.facet order by f.facet limit $4";
    WITH_TAG = select_from!("client_facets f cross join", "and f.workspace_id = $1 and f.facet = $2
        and c.id = f.client_id and (f.created_at, f.client_id) > ($4, $5) order by f.created_at, f.client_id limit $3");
    SET_TAGS = "update clients set tags = $4, version = version + 1, updated_at = $5
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
}

impl SqlClients {
    /// Labels in order with the number of clients that carry them.
    pub(in super::super) async fn tag_counts(
        &self,
        context: &Context,
        after: &str,
        limit: i64,
    ) -> Result<Vec<TagCount>, Error> {
        let counts: Vec<(String, i64)> = reading!(self.store, context, |tx| {
            Ok(sqlx::query_as(COUNTS)
                .bind(context.workspace)
                .bind(facets::tag(after))
                .bind(facets::AFTER_TAGS)
                .bind(limit)
                .fetch_all(&mut *tx)
                .await?)
        })?;
        let named = counts.into_iter().filter_map(|(facet, clients)| {
            let tag = facet.strip_prefix(facets::TAG)?.to_owned();
            Some(TagCount { tag, clients })
        });
        Ok(named.collect())
    }

    /// Changes a label of up to [`BATCH`] living clients that come after `place`, and tells how many there were and where
    /// the last one is.
    pub(in super::super) async fn replace_tag(
        &self,
        context: &Context,
        old: &str,
        new: Option<&str>,
        place: Option<TagPlace>,
        now: Timestamp,
    ) -> Result<(u64, Option<TagPlace>), Error> {
        let (after_time, after_id) = place.unwrap_or((START_OF_TIME, ClientId::from_uuid(Uuid::nil())));
        writing!(self.store, context, |tx| {
            let found: Vec<Row> = sqlx::query_as(WITH_TAG)
                .bind(context.workspace)
                .bind(facets::tag(old))
                .bind(BATCH)
                .bind(after_time)
                .bind(after_id)
                .fetch_all(&mut *tx)
                .await?;
            let last = found.last().map(|row| (row.created_at, row.id));
            let mut records = Vec::with_capacity(found.len());
            for row in found {
                let before = Client::try_from(row)?;
                let mut after = before.clone();
                after.tags = replaced(&before.tags, old, new);
                after.version = before.version.saturating_add(1);
                after.updated_at = now.max(before.updated_at);
                let done = sqlx::query(SET_TAGS)
                    .bind(context.workspace)
                    .bind(before.id)
                    .bind(before.version)
                    .bind(Json(&after.tags))
                    .bind(after.updated_at)
                    .execute(&mut *tx)
                    .await?;
                if done.rows_affected() == 0 {
                    // Somebody was faster: everything of this batch is done again.
                    return Err(Error::conflict("client", after.version));
                }
                rows::change(&mut (&mut *tx).into(), context, &before, &after).await?;
                records.push(
                    Record::new("client.updated", "client", before.id, now)
                        .with("version", after.version)
                        .with("changed", before.differences(&after)),
                );
            }
            self.store
                .record(&mut (&mut *tx).into(), context, now, &records)
                .await?;
            Ok((u64::try_from(records.len()).unwrap_or(u64::MAX), last))
        })
    }
}

fn replaced(tags: &[String], old: &str, new: Option<&str>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(tags.len());
    for tag in tags {
        let tag = if tag == old { new } else { Some(tag.as_str()) };
        if let Some(tag) = tag
            && !kept.iter().any(|present| present == tag)
        {
            kept.push(tag.to_owned());
        }
    }
    kept
}
