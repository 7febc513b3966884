//! Channels: opening one before the last ends, and closing those that are not needed.

use std::time::Duration;

use aurora_core::access;
use aurora_core::resilience::Deadline;
use aurora_core::store::Connection;

use super::client::{GoogleClient, GoogleError, GoogleErrorKind, NewChannel};
use super::handle::GoogleCalendar;
use super::link::{CalendarLinkId, ChannelId, LinkState};
use super::notify::{hash, name};
use super::sql::channels::{self, Channel};
use super::sql::links::{self, Stored};
use super::worker::{Trouble, is_waited_for};
use crate::context::Context;
use crate::error::Error;
use crate::store::{reading, writing};

/// How long a channel is asked for; Google may give less.
const LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);
/// How long a channel is listened to of which no answer came.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(24 * 3_600);

impl GoogleCalendar {
    /// Opens a channel and closes those before it: for a moment there are two, so that nothing is missed.
    pub(super) async fn watch(&self, context: &Context, link: CalendarLinkId) -> Result<(), Trouble> {
        let is_read = |stored: &Stored| stored.is_active() && stored.link.direction.reads();
        let Some(stored) = self.stored(context, link).await?.filter(is_read) else {
            return Ok(());
        };
        let Some(address) = self.settings.address.clone() else {
            return Ok(());
        };
        let outcome = self.open(context, &stored, address).await;
        self.tell(context, outcome).await
    }

    async fn open(&self, context: &Context, stored: &Stored, address: String) -> Result<(), Trouble> {
        let client = self.clients.of(context.workspace, stored).await?;
        let (link, now) = (stored.link.id, self.store.now());
        let (id, token) = (ChannelId::new(now), access::token().map_err(Error::from)?);
        let before = writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            channels::forget(&mut tx, context, link, now - FORGOTTEN_AFTER).await?;
            let before = channels::of_link(&mut tx, context, link).await?;
            // Before it is asked for: a notification may come before the answer does.
            channels::insert(&mut tx, context, (id, link), &hash(token.expose()), now).await?;
            Ok(before)
        })?;
        let new = NewChannel {
            id: name(context.workspace, id),
            address,
            token,
            expires_at: now + LIFE,
        };
        let opened = match client.watch(&stored.link.calendar_id, &new, Deadline::NONE).await {
            Ok(opened) => opened,
            Err(error) => {
                // One that may be open is listened to.
                if error.is_undone() {
                    self.drop_channel(context, id).await?;
                }
                let is_of_the_link = matches!(error.kind(), GoogleErrorKind::Grant | GoogleErrorKind::App);
                if is_of_the_link || error.is_retryable() {
                    return Err(Trouble::of(stored)(error));
                }
                // Such as an address that Google does not send to. Polling goes on.
                tracing::warn!(%link, %error, "Google opens no channel for a calendar");
                return Ok(());
            }
        };
        let expires_at = opened.expires_at.unwrap_or(new.expires_at);
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            channels::opened(&mut tx, context, id, (&opened.resource_id, expires_at)).await?;
            Ok(())
        })?;
        self.close(context, stored, &client, before).await
    }

    /// Closes channels; one that has ended already is closed.
    async fn close(
        &self,
        context: &Context,
        stored: &Stored,
        client: &GoogleClient,
        channels: Vec<Channel>,
    ) -> Result<(), Trouble> {
        for channel in channels {
            // One of which no answer came cannot be closed.
            if let Some(resource) = &channel.resource_id {
                let name = name(context.workspace, channel.id);
                let stopped = client.stop(&name, resource, Deadline::NONE).await;
                match stopped.as_ref().map_err(GoogleError::kind) {
                    Ok(()) | Err(GoogleErrorKind::NotFound | GoogleErrorKind::Invalid) => {}
                    Err(_) => stopped.map_err(Trouble::of(stored))?,
                }
            }
            self.drop_channel(context, channel.id).await?;
        }
        Ok(())
    }

    async fn drop_channel(&self, context: &Context, id: ChannelId) -> Result<(), Trouble> {
        writing!(self.store, context, |tx| {
            channels::delete(&mut (&mut *tx).into(), context, id).await?;
            Ok(())
        })
        .map_err(Trouble::House)
    }

    /// Closes what an ended link has open and forgets its credentials; with the last attempt also when Google does not answer.
    pub(super) async fn end(
        &self,
        context: &Context,
        link: CalendarLinkId,
        is_last: bool,
    ) -> Result<(), Trouble> {
        let (stored, open) = reading!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            let stored = links::find(&mut tx, context, link).await?;
            Ok((stored, channels::of_link(&mut tx, context, link).await?))
        })?;
        let is_ended =
            |stored: &Stored| stored.link.state == LinkState::Ended && !stored.credentials.is_empty();
        let Some(stored) = stored.filter(is_ended) else {
            return Ok(());
        };
        if let Ok(client) = self.clients.of(context.workspace, &stored).await {
            match self.close(context, &stored, &client, open).await {
                // Refused: they end by themselves, and nobody listens to them any more.
                Err(Trouble::Google(_, error)) if !is_waited_for(&error) || is_last => {}
                outcome => outcome?,
            }
        }
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            channels::forget(&mut tx, context, link, now).await?;
            links::forget(&mut tx, context, link, now).await?;
            Ok(())
        })
        .map_err(Trouble::House)
    }
}
