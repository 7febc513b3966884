//! The webhook: who sent it, whose it is, and one transaction for each workspace.

use std::collections::BTreeMap;

use super::apps::signers;
use super::keeping::Kept;
use super::sql;
use crate::channels::ChannelId;
use crate::channels::whatsapp::numbers::{Route, WhatsApp, route};
use crate::channels::whatsapp::webhook::{
    Handshake, HandshakeRefused, Item, Notification, SignatureRefused, Unreadable,
};
use crate::channels::whatsapp::{metrics, webhook as words};
use crate::context::Context;
use crate::error::Error;
use crate::workspaces::WorkspaceId;

/// The most numbers that one request may speak of: each is looked up.
const MOST_NUMBERS: usize = 1_000;

/// Takes what Meta posts; a cheap handle. [`worker`](Self::worker) then hands it to conversations.
#[derive(Debug, Clone)]
pub struct Intake {
    pub(super) whatsapp: WhatsApp,
}

/// What a request brought. Answer 200: all of it is kept, or is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Received {
    /// Kept by this call.
    pub stored: usize,
    /// Kept before: Meta delivers at least once.
    pub duplicates: usize,
    /// Of numbers that this installation does not have, or of no number.
    pub unknown: usize,
    /// Of numbers of another app than the one that signed.
    pub foreign: usize,
    /// Kept, without what it takes to know it by.
    pub malformed: usize,
}

/// Why a request is not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// It is not Meta's: answer 401. Nothing of it was read.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// It is signed, and still cannot be read: answer 400.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It could not be kept: answer 503, and Meta sends it again. What was kept of it already has no second effect.
    #[error(transparent)]
    Store(#[from] Error),
}

impl ReceiveError {
    /// The status to answer with.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::Signature(_) => 401,
            Self::Unreadable(Unreadable::TooLarge) => 413,
            Self::Unreadable(_) => 400,
            Self::Store(_) => 503,
        }
    }
}

/// What one request holds for one workspace, in its order.
type Shares = BTreeMap<WorkspaceId, Vec<(ChannelId, Kept)>>;

impl Intake {
    pub(in crate::channels::whatsapp) const fn new(whatsapp: WhatsApp) -> Self {
        Self { whatsapp }
    }

    /// What to answer to Meta's handshake, with status 200 and as plain text: see [`Handshake::answer`]. It carries no
    /// signature.
    ///
    /// # Errors
    /// [`HandshakeRefused`].
    pub fn handshake<'a>(&self, asked: &Handshake<'a>) -> Result<&'a str, HandshakeRefused> {
        let tokens = self
            .whatsapp
            .apps
            .iter()
            .flat_map(|app| app.verify_tokens.iter().cloned());
        asked.answer(&tokens.collect::<Vec<_>>())
    }

    /// Takes the body of a request as it came, with the header [`SIGNATURE_HEADER`](words::SIGNATURE_HEADER): checks who sent
    /// it, and keeps each thing in it once, in one transaction for each workspace.
    ///
    /// # Errors
    /// [`ReceiveError`], with the status to answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves each workspace's share either kept or not; Meta sends all of it again.
    pub async fn receive(&self, body: &[u8], signature: Option<&str>) -> Result<Received, ReceiveError> {
        let signers =
            signers(&self.whatsapp.apps, signature, body).inspect_err(|_| metrics::came_in("refused", 1))?;
        let notification = Notification::read(body).inspect_err(|_| metrics::came_in("unreadable", 1))?;
        let mut received = Received::default();
        let shares = self.sort(notification, &signers, &mut received).await?;
        for (workspace, share) in shares {
            let context = Context::new(workspace, "whatsapp");
            let all = share.len();
            let work = sql::keep(&self.whatsapp.store, &context, share);
            let stored = self
                .whatsapp
                .store
                .run(&context, "whatsapp.receive", work)
                .await?;
            received.stored += stored;
            received.duplicates += all.saturating_sub(stored);
        }
        metrics::came_in("stored", received.stored);
        metrics::came_in("duplicate", received.duplicates);
        metrics::came_in("unknown_number", received.unknown);
        metrics::came_in("foreign_app", received.foreign);
        metrics::came_in("malformed", received.malformed);
        Ok(received)
    }

    /// Whose each thing is.
    async fn sort(
        &self,
        notification: Notification,
        signers: &[&str],
        received: &mut Received,
    ) -> Result<Shares, Error> {
        let (mut shares, now) = (Shares::new(), self.whatsapp.store.now());
        let mut routes: BTreeMap<String, Option<Route>> = BTreeMap::new();
        for item in notification.items {
            let Some(number_id) = item.number_id.clone() else {
                note(&item);
                received.unknown += 1;
                continue;
            };
            if !routes.contains_key(&number_id) {
                let found = if routes.len() < MOST_NUMBERS {
                    route(&self.whatsapp.store, &number_id).await?
                } else {
                    None
                };
                routes.insert(number_id.clone(), found);
            }
            let Some(Some(route)) = routes.get(&number_id) else {
                received.unknown += 1;
                continue;
            };
            // Or the owner of one app could write in the name of people to a number of another's.
            if !signers.contains(&route.app.as_str()) {
                received.foreign += 1;
                continue;
            }
            received.malformed += usize::from(matches!(item.item, Item::Malformed { .. }));
            let kept = Kept::of(route.id, item, now);
            shares
                .entry(route.workspace_id)
                .or_default()
                .push((route.id, kept));
        }
        if received.foreign > 0 {
            tracing::warn!(
                items = received.foreign,
                "a webhook speaks of numbers of another app than signed it"
            );
        }
        Ok(shares)
    }
}

/// What is about an account and no number, such as that it was banned, is for operators.
fn note(item: &words::Received) {
    if let Item::Other(raw) = &item.item {
        let event = raw
            .0
            .get("event")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        let event: String = event.chars().filter(char::is_ascii_graphic).take(64).collect();
        tracing::info!(field = %item.field, event, "WhatsApp tells something about an account");
    }
}
