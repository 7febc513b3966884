use aurora_core::store::{Connection, execute_on};
use aurora_core::time::Timestamp;

use crate::appointments::AppointmentId;
use crate::assistant::offer::Offer;
use crate::context::Context;
use crate::conversations::ConversationId;
use crate::error::Error;
use crate::scheduling::{ProfessionalId, RoomId, ServiceId};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Takes refs that no other offer of the conversation gets, and gives the first of them.
    RESERVE = "update assistant_threads set next_ref = next_ref + $3
        where workspace_id = $1 and conversation_id = $2 returning next_ref - $3";
    INSERT = "insert into assistant_offers (workspace_id, conversation_id, ref, service_id, professional_id, room_id, starts_at,
            ends_at, label, moves, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    FIND = "select ref, service_id, professional_id, room_id, starts_at, ends_at, label, moves, expires_at from assistant_offers
        where workspace_id = $1 and conversation_id = $2 and ref = $3 and expires_at > $4";
    DROP_EXPIRED = "delete from assistant_offers where workspace_id = $1 and conversation_id = $2 and expires_at <= $3";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    r#ref: String,
    service_id: ServiceId,
    professional_id: ProfessionalId,
    room_id: Option<RoomId>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    label: String,
    moves: Option<AppointmentId>,
    expires_at: Timestamp,
}

impl From<Row> for Offer {
    fn from(row: Row) -> Self {
        Self {
            name: row.r#ref,
            service_id: row.service_id,
            professional_id: row.professional_id,
            room_id: row.room_id,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            label: row.label,
            moves: row.moves,
            expires_at: row.expires_at,
        }
    }
}

/// Reserves so many refs and gives the number of the first.
pub(in crate::assistant) async fn reserve(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    refs: u32,
) -> Result<i64, Error> {
    writing!(store, context, |tx| {
        Ok(sqlx::query_scalar(RESERVE)
            .bind(context.workspace)
            .bind(conversation)
            .bind(i64::from(refs))
            .fetch_one(&mut *tx)
            .await?)
    })
}

/// Stores offers under refs that were reserved for them, and forgets those of the conversation that have run out.
pub(in crate::assistant) async fn add(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    offers: &[Offer],
    now: Timestamp,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        execute_on!(
            tx,
            sqlx::query(DROP_EXPIRED)
                .bind(context.workspace)
                .bind(conversation)
                .bind(now)
        )?;
        for offer in offers {
            execute_on!(
                tx,
                sqlx::query(INSERT)
                    .bind(context.workspace)
                    .bind(conversation)
                    .bind(&offer.name)
                    .bind(offer.service_id)
                    .bind(offer.professional_id)
                    .bind(offer.room_id)
                    .bind(offer.starts_at)
                    .bind(offer.ends_at)
                    .bind(&offer.label)
                    .bind(offer.moves)
                    .bind(offer.expires_at)
            )?;
        }
        // No record: the step of the tool that has made them tells of them.
        Ok(())
    })
}

/// An offer of this conversation that can still be taken up.
pub(in crate::assistant) async fn find(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    name: &str,
    now: Timestamp,
) -> Result<Option<Offer>, Error> {
    if name.contains('\0') {
        return Ok(None); // which PostgreSQL takes in no text
    }
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(FIND)
            .bind(context.workspace)
            .bind(conversation)
            .bind(name)
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.map(Offer::from))
}
