//! Notifications of Google: <https://developers.google.com/workspace/calendar/api/guides/push#receive>.

use aurora_core::secret::Secret;
use aurora_core::store::Connection;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::handle::GoogleCalendar;
use super::jobs::Ticket;
use super::link::ChannelId;
use super::sql::{channels, links};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::{reading, writing};
use crate::workspaces::WorkspaceId;

/// Who it is in records.
const PRINCIPAL: &str = "google calendar";

/// The name of a channel: the workspace and the channel, 64 characters together, as many as Google takes.
pub(super) fn name(workspace: WorkspaceId, channel: ChannelId) -> String {
    format!("{}{}", workspace.uuid().as_simple(), channel.uuid().as_simple())
}

fn read_name(name: &str) -> Option<(WorkspaceId, ChannelId)> {
    let (workspace, channel) = name
        .split_at_checked(32)
        .filter(|(_, channel)| channel.len() == 32)?;
    let workspace = Uuid::try_parse(workspace).ok()?;
    let channel = Uuid::try_parse(channel).ok()?;
    Some((WorkspaceId::from_uuid(workspace), ChannelId::from_uuid(channel)))
}

/// What is kept of the token of a channel: it has 256 bits of its own, so that one round is enough.
pub(super) fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl GoogleCalendar {
    /// Takes a notification by its headers, in whatever order and case; its body is empty. It only says that something has
    /// changed: the calendar is read soon after, once for all notifications that come until then, so that repeated, late and
    /// shuffled ones do no harm.
    ///
    /// Answer 200 when it is taken, 401 to `Unauthenticated`, and 503 to anything else, upon which Google repeats it.
    ///
    /// # Errors
    /// `Unauthenticated` when there is no such channel, or its token is another; what keeps the database from storing it.
    pub async fn receive_notification<N: AsRef<str>, V: AsRef<str>>(
        &self,
        headers: impl IntoIterator<Item = (N, V)> + Send,
    ) -> Result<(), Error> {
        let (mut id, mut token, mut resource, mut state) = (None, None, None, None);
        for (header, value) in headers {
            let place = match header.as_ref().to_ascii_lowercase().as_str() {
                "x-goog-channel-id" => &mut id,
                "x-goog-channel-token" => &mut token,
                "x-goog-resource-id" => &mut resource,
                "x-goog-resource-state" => &mut state,
                _ => continue,
            };
            *place = Some(value.as_ref().to_owned());
        }
        let refused = || Error::new(ErrorKind::Unauthenticated);
        let (workspace, channel) = id.as_deref().and_then(read_name).ok_or_else(refused)?;
        let shown = hash(token.as_deref().unwrap_or_default());
        let context = Context::new(workspace, PRINCIPAL);
        let work = async {
            // What anybody may send must not take the one writer of SQLite.
            let found = reading!(self.store, &context, |tx| {
                Ok(channels::get(&mut (&mut *tx).into(), &context, channel).await?)
            })?;
            let kept = found.as_ref().map_or("", |channel| channel.token_hash.as_str());
            // Compared in a time that tells nothing, also where there is no channel.
            let is_genuine = Secret::new(kept).matches(&shown);
            let Some(found) = found.filter(|_| is_genuine) else {
                return Err(refused());
            };
            if found.resource_id.is_some() && found.resource_id != resource {
                return Err(refused());
            }
            if state.as_deref() == Some("sync") {
                // Only that the channel is open.
                return Ok(());
            }
            writing!(self.store, &context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                if let Some(stored) = links::find(&mut tx, &context, found.link_id).await? {
                    let message = Ticket::sync(workspace, found.link_id, stored.syncs)?;
                    self.store.outbox().enqueue_in(&mut tx, &message).await?;
                }
                Ok(())
            })
        };
        self.store
            .run(&context, "calendar.receive_notification", work)
            .await?;
        self.store.outbox().wake();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_channel_fits_and_leads_back() {
        let (workspace, channel) = (Uuid::from_u128(u128::MAX), Uuid::from_u128(7));
        let name = name(WorkspaceId::from_uuid(workspace), ChannelId::from_uuid(channel));
        assert_eq!(name.len(), 64);
        let (one, two) = read_name(&name).unwrap();
        assert_eq!((one.uuid(), two.uuid()), (workspace, channel));
        for bad in [
            "",
            "x",
            name.get(1..).unwrap(),
            &format!("{name}0"),
            &name.replace('f', "g"),
        ] {
            assert!(read_name(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_hash_is_sha_256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(
            hash("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
