use crate::clients::{ClientId, within as clients};
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading};

/// Whether the data of a client may not be used.
pub(in crate::assistant) async fn is_blocked(
    store: &Store,
    context: &Context,
    client: ClientId,
) -> Result<bool, Error> {
    reading!(store, context, |tx| {
        clients::is_blocked_in(&mut (&mut *tx).into(), context, client.uuid()).await
    })
}
