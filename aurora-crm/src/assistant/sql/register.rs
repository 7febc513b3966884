use aurora_core::store::{Connection, execute_on, on_connection};

use crate::clients::{ClientId, NewClient, within as clients};
use crate::context::Context;
use crate::conversations::ConversationId;
use crate::error::{Error, ErrorKind};
use crate::store::{Store, writing};

aurora_core::store::statements! {
    /// Locks the thread for the transaction.
    LOCK = "update assistant_threads set updated_at = updated_at
        where workspace_id = $1 and conversation_id = $2 returning client_id, client_key";
    SET = "update assistant_threads set client_id = $3, client_key = $4, updated_at = $5
        where workspace_id = $1 and conversation_id = $2";
}

/// Makes a client of the contact of a conversation, once for each call: who was made by a run of this call that died then is
/// found again. Who another call has made may be somebody else: numbers change hands.
pub(in crate::assistant) async fn client(
    store: &Store,
    context: &Context,
    conversation: ConversationId,
    key: &str,
    new: NewClient,
) -> Result<ClientId, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let (known, by): (Option<ClientId>, Option<String>) = on_connection!(tx, |tx| sqlx::query_as(LOCK)
            .bind(context.workspace)
            .bind(conversation)
            .fetch_one(&mut *tx))?;
        if let Some(known) = known.filter(|_| by.as_deref() == Some(key)) {
            match clients::hold(tx, context, known).await {
                Ok(held) => return Ok(held),
                // It was deleted since.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        let rules = clients::rules_in(tx, context).await?;
        let client = clients::check(new, now, &rules)?;
        let record = clients::insert_in(tx, context, &client).await?;
        execute_on!(
            tx,
            sqlx::query(SET)
                .bind(context.workspace)
                .bind(conversation)
                .bind(client.id)
                .bind(key)
                .bind(now)
        )?;
        store.record(tx, context, now, &[record]).await?;
        Ok(client.id)
    })
}
