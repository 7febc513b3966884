//! Recognising clients by how they reach the workspace.

use aurora_core::store;
use aurora_core::time::Timestamp;

use super::merge::hold;
use super::{SqlClients, rows};
use crate::clients::ClientId;
use crate::clients::reach::{ContactId, Reach};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{reading, writing};

/// The most clients that are named for one address or number.
const LIMIT: i64 = 20;

aurora_core::store::statements! {
    BY_KEY = "select distinct client_id from client_contacts
        where workspace_id = $1 and key in ($2, $3) and deleted_at is null order by client_id limit $4";
    HOLDER = "select client_id from client_contacts
        where workspace_id = $1 and key = $2 and channel = 'whatsapp' and deleted_at is null";
}

impl SqlClients {
    /// The living clients that can be reached so, the oldest id first.
    pub(in super::super) async fn reached(
        &self,
        context: &Context,
        reach: &Reach,
    ) -> Result<Vec<ClientId>, Error> {
        reach.check()?;
        let keys = reach.keys();
        let first = keys.first().map_or("", String::as_str);
        let second = keys.get(1).map_or("", String::as_str);
        reading!(self.store, context, |tx| {
            Ok(sqlx::query_scalar(BY_KEY)
                .bind(context.workspace)
                .bind(first)
                .bind(second)
                .bind(LIMIT)
                .fetch_all(&mut *tx)
                .await?)
        })
    }

    /// Notes what a channel knows a living client by; nothing happens when it is noted already.
    pub(in super::super) async fn link(
        &self,
        context: &Context,
        client: ClientId,
        reach: &Reach,
        now: Timestamp,
    ) -> Result<(), Error> {
        reach.check()?;
        let contact = reach.contact();
        let outcome: Result<(), Error> = writing!(self.store, context, |tx| {
            let client = hold(&mut (&mut *tx).into(), context, client).await?;
            let id = ContactId::new(now);
            rows::add_contact(&mut (&mut *tx).into(), context, client, id, &contact).await?;
            let record = Record::new("client.linked", "client", client, now).with("kind", contact.kind);
            self.store
                .record(&mut (&mut *tx).into(), context, now, &[record])
                .await?;
            Ok(())
        });
        let Err(refused) = outcome else { return Ok(()) };
        if refused.stored().map(store::Error::kind) != Some(store::ErrorKind::Conflict) {
            return Err(refused);
        }
        let holder: Option<ClientId> = reading!(self.store, context, |tx| {
            Ok(sqlx::query_scalar(HOLDER)
                .bind(context.workspace)
                .bind(&contact.key)
                .fetch_optional(&mut *tx)
                .await?)
        })?;
        match holder {
            Some(holder) if holder == client || self.get(context, client).await?.id == holder => Ok(()),
            Some(holder) => Err(Error::already_exists("client", holder)),
            None => Err(refused),
        }
    }
}
