//! Endpoints: what can be done with them.

use std::fmt;
use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::secret::Secret;
use aurora_core::store::{self, Connection, outbox};

use super::input::{EndpointChange, NewEndpoint, Rules};
use super::secrets::Secrets;
use super::sql::endpoints::{self as sql, SealedParts, Step};
use super::worker::Attempts;
use super::{DisabledReason, Endpoint, EndpointId, QUEUE};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::journal::Record;
use crate::store::{Store, reading, writing};
use crate::workspaces::hold;

/// The most endpoints of a workspace.
const MOST_ENDPOINTS: i64 = 50;
/// What an attempt may take besides the request.
const MARGIN: Duration = Duration::from_secs(15);
const KIND: &str = "webhook_endpoint";

/// What can be done with webhooks; a cheap handle.
///
/// Changes are recorded in the audit log without addresses, secrets and values of headers.
#[derive(Clone)]
pub struct Webhooks {
    pub(super) store: Store,
    pub(super) secrets: Secrets,
    pub(super) rules: Rules,
    pub(super) secret_overlap: Duration,
    pub(super) attempts: Attempts,
    pub(super) concurrency: u32,
    pub(super) timeout: Duration,
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}

/// An endpoint with a secret that is shown this once.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct NewSecret {
    /// The endpoint as it is now.
    pub endpoint: Endpoint,
    /// What its receiver verifies with, `whsec_…`.
    pub secret: Secret,
}

impl Webhooks {
    /// Makes an endpoint, enabled, with a new secret.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, also when there are 50 endpoints already; `NotFound` when the workspace does not
    /// exist; `Unavailable` when the keeper of the keys does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the endpoint either made or not made; its secret is lost then, and can be changed.
    pub async fn create(&self, context: &Context, new: NewEndpoint) -> Result<NewSecret, Error> {
        let work = async {
            let now = self.store.now();
            let (id, checked) = (EndpointId::new(now), new.check(self.rules)?);
            let (secret, sealed) = self.secrets.generate(context.workspace, id).await?;
            let headers = checked.headers.as_deref().unwrap_or_default();
            let sealed = SealedParts {
                secret: sealed,
                headers: self.secrets.seal_headers(context.workspace, id, headers).await?,
            };
            let endpoint = writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                hold(&mut tx, context).await?;
                if sql::count(&mut tx, context).await? >= MOST_ENDPOINTS {
                    return Err(refused("endpoints", "too_many", "there are 50 endpoints already"));
                }
                sql::insert(&mut tx, context, now, id, &checked, &sealed)
                    .await
                    .map_err(no_workspace)?;
                let endpoint = sql::get(&mut tx, context, id).await?;
                let record = Record::new("webhook_endpoint.created", KIND, id, now).without_event();
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(endpoint)
            })?;
            Ok(NewSecret { endpoint, secret })
        };
        self.store.run(context, "webhooks.create", work).await
    }

    /// One endpoint.
    ///
    /// # Errors
    /// `NotFound` when there is no such endpoint in the workspace, or it is deleted.
    pub async fn get(&self, context: &Context, id: EndpointId) -> Result<Endpoint, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::get(&mut (&mut *tx).into(), context, id).await
            })
        };
        self.store.run(context, "webhooks.get", work).await
    }

    /// One page of endpoints, the oldest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<Endpoint>, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::page(&mut (&mut *tx).into(), context, page).await
            })
        };
        self.store.run(context, "webhooks.list", work).await
    }

    /// Changes an endpoint that is still at the version that the caller has seen. Deliveries that are under way go to
    /// where it is when they are sent.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Invalid` with every wrong field.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the endpoint either changed or not changed.
    pub async fn update(
        &self,
        context: &Context,
        id: EndpointId,
        expected_version: i64,
        change: EndpointChange,
    ) -> Result<Endpoint, Error> {
        let work = async {
            let names = change.names();
            let checked = change.check(&self.get(context, id).await?, self.rules)?;
            let headers = checked.headers.as_deref().unwrap_or_default();
            let sealed = self.secrets.seal_headers(context.workspace, id, headers).await?;
            let step = Step::Update(&checked, sealed.as_deref());
            let record = |record: Record| record.detail("fields", names.clone());
            self.step(
                context,
                id,
                expected_version,
                &step,
                "webhook_endpoint.updated",
                record,
            )
            .await
        };
        self.store.run(context, "webhooks.update", work).await
    }

    /// Sends nothing to it any more. What is under way fails, and can be replayed later.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    pub async fn disable(
        &self,
        context: &Context,
        id: EndpointId,
        expected_version: i64,
    ) -> Result<Endpoint, Error> {
        let step = Step::Disable(DisabledReason::Manual);
        let name = "webhook_endpoint.disabled";
        let record = |record: Record| record.detail("reason", DisabledReason::Manual.as_str());
        let work = self.step(context, id, expected_version, &step, name, record);
        self.store.run(context, "webhooks.disable", work).await
    }

    /// Sends to it again, from the next event on. What failed meanwhile is sent by
    /// [`replay_failed`](Self::replay_failed).
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    pub async fn enable(
        &self,
        context: &Context,
        id: EndpointId,
        expected_version: i64,
    ) -> Result<Endpoint, Error> {
        let name = "webhook_endpoint.enabled";
        let work = self.step(context, id, expected_version, &Step::Enable, name, |record| {
            record
        });
        self.store.run(context, "webhooks.enable", work).await
    }

    /// Gives it a new secret. The one before it signs as well for the overlap, 24 hours unless set; one that was before
    /// that ends at once.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Unavailable` when the keeper of the keys
    /// does not answer.
    pub async fn rotate_secret(
        &self,
        context: &Context,
        id: EndpointId,
        expected_version: i64,
    ) -> Result<NewSecret, Error> {
        let work = async {
            let (secret, sealed) = self.secrets.generate(context.workspace, id).await?;
            let step = Step::Rotate {
                secret: &sealed,
                until: self.store.now() + self.secret_overlap,
            };
            let name = "webhook_endpoint.secret_rotated";
            let endpoint = self
                .step(context, id, expected_version, &step, name, |record| record)
                .await?;
            Ok(NewSecret { endpoint, secret })
        };
        self.store.run(context, "webhooks.rotate_secret", work).await
    }

    /// Deletes it, its address, secrets and headers. What is under way fails; the log of deliveries stays.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    pub async fn delete(
        &self,
        context: &Context,
        id: EndpointId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = async {
            let now = self.store.now();
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                sql::step(&mut tx, context, now, (id, expected_version), &Step::Delete).await?;
                let record = Record::new("webhook_endpoint.deleted", KIND, id, now).without_event();
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(())
            })
        };
        self.store.run(context, "webhooks.delete", work).await
    }

    /// A worker that sends what is due, of all workspaces. Any number of them can run, in any number of processes.
    ///
    /// # Errors
    /// Never with the settings that were checked when these webhooks were made.
    pub fn worker(&self) -> Result<outbox::Worker, Error> {
        let worker = self.store.outbox().worker(QUEUE, self.attempts.clone());
        Ok(worker
            .concurrency(self.concurrency)
            .deadline(self.timeout + MARGIN)
            .lease(2 * (self.timeout + MARGIN))
            .build()?)
    }

    async fn step(
        &self,
        context: &Context,
        id: EndpointId,
        version: i64,
        step: &Step<'_>,
        action: &'static str,
        record: impl Fn(Record) -> Record + Send + Sync,
    ) -> Result<Endpoint, Error> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            sql::step(&mut tx, context, now, (id, version), step).await?;
            let endpoint = sql::get(&mut tx, context, id).await?;
            let record = record(Record::new(action, KIND, id, now).without_event());
            self.store.record(&mut tx, context, now, &[record]).await?;
            Ok(endpoint)
        })
    }
}

pub(super) fn refused(field: &str, code: &'static str, message: &str) -> Error {
    let mut fields = Fields::default();
    fields.refuse(field, code, message);
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

fn no_workspace(error: store::Error) -> Error {
    if error.kind() == store::ErrorKind::ForeignKey {
        Error::not_found("workspace")
    } else {
        error.into()
    }
}
