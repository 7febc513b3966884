//! Clients that may be the same as another.

use super::SqlClients;
use super::row::{Row, select};
use crate::clients::similarity::{self, BANDS};
use crate::clients::{Client, reach};
use crate::context::Context;
use crate::error::Error;
use crate::store::reading;

/// How many addresses and numbers are looked for: as many as a client can have.
const CONTACTS: usize = 21;

aurora_core::store::statements! {
    SAME_CONTACT = select!("and c.id in (select k.client_id from client_contacts k
        where k.workspace_id = $1 and k.deleted_at is null and k.key in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            $14, $15, $16, $17, $18, $19, $20, $21, $22)) order by c.id limit 50");
    SAME_ROOT = select!("and c.cnpj >= $2 and c.cnpj < $3 order by c.cnpj limit 50");
    SAME_CPF = select!("and c.cpf = $2");
    /// Those that share the most bands.
    SIMILAR_NAME = select!("and c.id in (select b.client_id from (
            select k.client_id, count(*) as shared from client_bands k
            where k.workspace_id = $1 and k.band in ($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
            group by k.client_id order by shared desc, k.client_id limit 200
        ) b)");
}

impl SqlClients {
    /// Living clients that are worth comparing with `client`, which need not be stored.
    pub(in super::super) async fn comparable(
        &self,
        context: &Context,
        client: &Client,
    ) -> Result<Vec<Client>, Error> {
        let contacts: Vec<String> = reach::of_client(client)
            .into_iter()
            .map(|contact| contact.key)
            .collect();
        let names = std::iter::once(client.legal_name.as_str()).chain(client.trade_name.as_deref());
        let bands: Vec<Vec<i64>> = names
            .map(similarity::bands)
            .filter(|bands| bands.len() == BANDS)
            .collect();
        let mut rows: Vec<Row> = reading!(self.store, context, |tx| {
            let mut rows: Vec<Row> = Vec::new();
            if !contacts.is_empty() {
                let mut query = sqlx::query_as(SAME_CONTACT).bind(context.workspace);
                for slot in 0..CONTACTS {
                    query = query.bind(contacts.get(slot).map_or("", String::as_str));
                }
                rows.extend(query.fetch_all(&mut *tx).await?);
            }
            if let Some(cnpj) = &client.cnpj {
                let query = sqlx::query_as(SAME_ROOT)
                    .bind(context.workspace)
                    .bind(cnpj.root())
                    .bind(format!("{}~", cnpj.root()));
                rows.extend(query.fetch_all(&mut *tx).await?);
            }
            if let Some(cpf) = &client.cpf {
                let query = sqlx::query_as(SAME_CPF).bind(context.workspace).bind(cpf.plain());
                rows.extend(query.fetch_all(&mut *tx).await?);
            }
            for bands in &bands {
                let mut query = sqlx::query_as(SIMILAR_NAME).bind(context.workspace);
                for band in bands {
                    query = query.bind(*band);
                }
                rows.extend(query.fetch_all(&mut *tx).await?);
            }
            Ok(rows)
        })?;
        rows.sort_by_key(|row| row.id);
        rows.dedup_by_key(|row| row.id);
        let others = rows.into_iter().filter(|row| row.id != client.id);
        Ok(others.map(Client::try_from).collect::<Result<_, _>>()?)
    }
}
