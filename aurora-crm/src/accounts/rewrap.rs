//! A change of the system's keys, while everything goes on.

use aurora_core::access::{
    self,
    seal::{Place, Sealed},
};

use super::sql::{self, Sealing};
use super::{Accounts, of_installation, place, provider_keys};
use crate::context::Context;
use crate::error::Error;
use crate::webhooks::{self, EndpointId};
use crate::workspaces::Workspaces;

/// Rows that are looked at in one go.
const BATCH: u32 = 100;

/// What came of wrapping everything anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Rewrapped {
    /// Secrets that are wrapped with the current key now.
    pub rewrapped: u64,
    /// Secrets that were so already, or were replaced meanwhile.
    pub left: u64,
    /// Secrets that the keys do not open: they stay as they are. Keep the old key until there are none.
    pub failed: u64,
}

impl Accounts {
    /// Wraps every sealed secret with the current key of the system: those of sessions and second factors, and the
    /// provider keys, webhook secrets, webhook headers and calendar credentials of all workspaces, a hundred at a time, while they are used. Once it has run with none failed, the
    /// old key can go.
    ///
    /// # Errors
    /// `Unavailable` when the keeper of the keys does not answer; call it again, what is done is done.
    ///
    /// # Cancel safety
    /// Drop it at any time; each secret is wrapped with one key or the other.
    pub async fn rewrap(&self, context: &Context) -> Result<Rewrapped, Error> {
        let context = &of_installation(context);
        let work = async {
            let mut sum = Rewrapped::default();
            self.rewrap_table(context, Sealing::Sessions, &mut sum).await?;
            self.rewrap_table(context, Sealing::Factors, &mut sum).await?;
            let workspaces = Workspaces::new(self.inner.store.clone());
            let mut after = None;
            loop {
                let ids = workspaces.ids(after).await?;
                let Some(last) = ids.last() else { break };
                after = Some(*last);
                for workspace in ids {
                    let mine = Context {
                        workspace,
                        ..context.clone()
                    };
                    for table in [
                        Sealing::ProviderKeys,
                        Sealing::WebhookSecrets,
                        Sealing::PreviousWebhookSecrets,
                        Sealing::WebhookHeaders,
                        Sealing::Calendars,
                    ] {
                        self.rewrap_table(&mine, table, &mut sum).await?;
                    }
                }
            }
            Ok(sum)
        };
        self.inner.store.run(context, "accounts.rewrap", work).await
    }

    async fn rewrap_table(
        &self,
        context: &Context,
        table: Sealing,
        sum: &mut Rewrapped,
    ) -> Result<(), Error> {
        let mut after = None;
        loop {
            let rows = sql::sealed(&self.inner.store, context, table, after, BATCH).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.id);
            for row in rows {
                let place = match table {
                    Sealing::Sessions => place("sessions", sql::session_name(row.id), "refresh_key"),
                    Sealing::Factors => place("second_factors", row.id, "secret"),
                    Sealing::ProviderKeys => provider_keys::place_of(context.workspace, &row.name),
                    Sealing::WebhookSecrets | Sealing::PreviousWebhookSecrets => {
                        webhooks::place(context.workspace, EndpointId::from_uuid(row.id), "secret")
                    }
                    Sealing::WebhookHeaders => {
                        webhooks::place(context.workspace, EndpointId::from_uuid(row.id), "headers")
                    }
                    // Also in a program that is built without calendars.
                    Sealing::Calendars => {
                        let link = format!("clk_{}", row.id.as_simple());
                        Place::new("calendar_links", context.workspace, link, "credentials")
                    }
                };
                let sealed = match table {
                    Sealing::Sessions | Sealing::Factors | Sealing::ProviderKeys => {
                        Sealed::from_bytes(&row.secret)
                    }
                    _ => String::from_utf8_lossy(&row.secret).parse(),
                };
                match self.rewrap_one(&place, sealed).await? {
                    Outcome::Current => sum.left += 1,
                    Outcome::Unsealable => sum.failed += 1,
                    Outcome::Anew(sealed) => {
                        if sql::replace_sealed(&self.inner.store, context, table, &row, &sealed).await? {
                            sum.rewrapped += 1;
                        } else {
                            sum.left += 1;
                        }
                    }
                }
            }
        }
    }

    async fn rewrap_one(
        &self,
        place: &Place,
        stored: Result<Sealed, access::Error>,
    ) -> Result<Outcome, Error> {
        let sealer = &self.inner.sealer;
        let Ok(sealed) = stored else {
            return Ok(Outcome::Unsealable);
        };
        if !sealer.needs_rotation(&sealed) {
            return Ok(Outcome::Current);
        }
        match sealer.rewrap(place, &sealed).await {
            Ok(anew) => Ok(Outcome::Anew(anew)),
            Err(error) if error.is_retryable() => Err(error.into()),
            Err(_) => Ok(Outcome::Unsealable),
        }
    }
}

enum Outcome {
    Current,
    Anew(Sealed),
    Unsealable,
}
