//! What clients are called.

use std::collections::HashMap;

use super::SqlClients;
use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;
use crate::store::reading;

/// How many clients are named in a statement.
const AT_ONCE: usize = 50;

aurora_core::store::statements! {
    NAMES = "select id, coalesce(trade_name, legal_name) from clients
        where workspace_id = $1 and deleted_at is null and blocked_at is null and id in (
            $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40,
            $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51)";
}

impl SqlClients {
    /// The names of those of these clients that are shown.
    pub(in super::super) async fn names(
        &self,
        context: &Context,
        ids: &[ClientId],
    ) -> Result<HashMap<ClientId, String>, Error> {
        let mut wanted = ids.to_vec();
        wanted.sort_unstable();
        wanted.dedup();
        if wanted.is_empty() {
            return Ok(HashMap::new());
        }
        reading!(self.store, context, |tx| {
            let mut names = HashMap::with_capacity(wanted.len());
            for some in wanted.chunks(AT_ONCE) {
                let mut query = sqlx::query_as(NAMES).bind(context.workspace);
                // What is null is nobody's id.
                for slot in 0..AT_ONCE {
                    query = query.bind(some.get(slot).copied());
                }
                let rows: Vec<(ClientId, String)> = query.fetch_all(&mut *tx).await?;
                names.extend(rows);
            }
            Ok(names)
        })
    }
}
