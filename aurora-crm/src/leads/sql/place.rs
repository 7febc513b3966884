use aurora_core::store::{Connection, execute_on, on_connection};

use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::leads::position::{GAP, between};
use crate::leads::{LeadId, Place, StageId, refused};

// Deleted leads keep their place, and count here: they can come back.
aurora_core::store::statements! {
    FIRST = "select min(position) from leads where workspace_id = $1 and stage_id = $2 and id <> $3";
    LAST = "select max(position) from leads where workspace_id = $1 and stage_id = $2 and id <> $3";
    POSITION = "select position from leads
        where workspace_id = $1 and stage_id = $2 and id = $3 and deleted_at is null";
    ABOVE = "select position from leads
        where workspace_id = $1 and stage_id = $2 and id <> $3 and (position, id) < ($4, $5)
        order by position desc, id desc limit 1";
    BELOW = "select position from leads
        where workspace_id = $1 and stage_id = $2 and id <> $3 and (position, id) > ($4, $5)
        order by position, id limit 1";
    RENUMBER = "update leads set position = ranked.place * $3
        from (select id as ranked_id, row_number() over (order by position, id) as place from leads
            where workspace_id = $1 and stage_id = $2) ranked
        where workspace_id = $1 and stage_id = $2 and id = ranked.ranked_id";
}

/// The position of a place in a stage that is locked.
pub(super) async fn position(
    tx: &mut Connection<'_>,
    context: &Context,
    stage: StageId,
    place: Place,
    lead: LeadId,
) -> Result<i64, Error> {
    if let Some(position) = room(tx, context, stage, place, lead).await? {
        return Ok(position);
    }
    execute_on!(
        tx,
        sqlx::query(RENUMBER)
            .bind(context.workspace)
            .bind(stage)
            .bind(GAP)
    )?;
    room(tx, context, stage, place, lead)
        .await?
        .ok_or(Error::new(ErrorKind::Internal))
}

async fn room(
    tx: &mut Connection<'_>,
    context: &Context,
    stage: StageId,
    place: Place,
    lead: LeadId,
) -> Result<Option<i64>, Error> {
    let (statement, anchor) = match place {
        Place::First => (FIRST, None),
        Place::Last => (LAST, None),
        Place::Before(anchor) => (ABOVE, Some(anchor)),
        Place::After(anchor) => (BELOW, Some(anchor)),
    };
    let Some(anchor) = anchor else {
        let end: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(statement)
            .bind(context.workspace)
            .bind(stage)
            .bind(lead)
            .fetch_one(&mut *tx))?;
        return Ok(match place {
            Place::First => between(None, end),
            _ => between(end, None),
        });
    };
    if anchor == lead {
        return Err(refused("place", "invalid", "a lead cannot be its own neighbour"));
    }
    let own: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(POSITION)
        .bind(context.workspace)
        .bind(stage)
        .bind(anchor)
        .fetch_optional(&mut *tx))?;
    let own = own.ok_or(Error::not_found("neighbour"))?;
    let other: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(statement)
        .bind(context.workspace)
        .bind(stage)
        .bind(lead)
        .bind(own)
        .bind(anchor)
        .fetch_optional(&mut *tx))?;
    Ok(match place {
        Place::Before(_) => between(other, Some(own)),
        _ => between(Some(own), other),
    })
}
