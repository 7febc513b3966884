//! Signing where chains end, and handing it to a place outside of the database.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::jwt::KeyRing;
use aurora_core::store::leases::Leases;

use super::statement::SignedCheckpoint;
use super::verify::{Checkpoint, Evidence, Fault, FaultKind};
use super::{Audit, AuditSink, sql};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::Error;
use crate::store::Store;
use crate::workspaces::{WorkspaceId, Workspaces};

/// One process at a time signs.
const LEASE: &str = "crm/audit-checkpoints";
const LEASE_TIME: Duration = Duration::from_secs(30);

/// Signs where the chains end, and hands that to a sink; a cheap handle.
///
/// A chain is verified from the checkpoint before to its end ahead of each signature, and one that is not whole is not
/// signed.
#[derive(Debug, Clone)]
pub struct Checkpoints {
    audit: Audit,
    store: Store,
    workspaces: Workspaces,
    ring: KeyRing,
    sink: Arc<dyn AuditSink>,
    every: i64,
    within: Duration,
}

/// Settings of [`Checkpoints`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get the checkpoints"]
pub struct CheckpointsBuilder(Checkpoints);

/// What became of a chain that was to be signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Checkpointed {
    /// Its end was signed, and the sink has it.
    Signed(SignedCheckpoint),
    /// Its end was signed before, or it has no entries.
    UpToDate,
    /// It is not whole, and was not signed.
    Broken(Fault),
}

/// A chain could not be signed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The database did not answer, or refused.
    #[error("the audit chain could not be read, or its checkpoint not be stored")]
    Store(#[from] Error),
    /// The ring has no key that signs.
    #[error("the checkpoint could not be signed")]
    Key(#[from] aurora_core::access::Error),
    /// The sink did not take the checkpoint; nothing is stored, and it is signed anew.
    #[error("the sink did not take the checkpoint")]
    Sink(#[source] io::Error),
}

impl CheckpointsBuilder {
    /// Signs a chain as soon as it has this many entries more than the last checkpoint; 1 to 1,000,000. 1,000 unless told.
    pub fn every(mut self, entries: u32) -> Self {
        self.0.every = i64::from(entries.clamp(1, 1_000_000));
        self
    }

    /// Signs a chain that has new entries when the last checkpoint is this old; 1 s to 1 day. 60 s unless told.
    pub fn within(mut self, time: Duration) -> Self {
        self.0.within = time.clamp(Duration::from_secs(1), Duration::from_secs(24 * 3_600));
        self
    }

    /// The checkpoints.
    #[must_use]
    pub fn build(self) -> Checkpoints {
        self.0
    }
}

impl Checkpoints {
    /// Signs with the key of `ring`, which should be Ed25519 and used for nothing else, and hands to `sink`.
    ///
    /// A ring whose key was changed must still verify what the former one signed
    /// ([`KeyRing::accept`] without an end): the last checkpoint of a chain that nobody wrote to can be old.
    pub fn builder(crm: &Crm, ring: KeyRing, sink: impl AuditSink) -> CheckpointsBuilder {
        CheckpointsBuilder(Self {
            audit: crm.audit().clone(),
            store: crm.store().clone(),
            workspaces: crm.workspaces().clone(),
            ring,
            sink: Arc::new(sink),
            every: 1_000,
            within: Duration::from_secs(60),
        })
    }

    /// Signs where the chain of the context ends, if it has new entries. The sink has it before the database.
    ///
    /// # Errors
    /// See [`CheckpointError`].
    ///
    /// # Cancel safety
    /// Dropping the future can leave a checkpoint in the sink that the database does not have; it is as good as others.
    pub async fn checkpoint(&self, context: &Context) -> Result<Checkpointed, CheckpointError> {
        let now = self.store.now();
        let mut evidence = Evidence::none();
        let mut signed_to = 0;
        if let Some(last) = sql::last_checkpoint(&self.store, context).await? {
            let genuine = SignedCheckpoint::of_text(&last.statement)
                .and_then(|statement| statement.open(&self.ring, now).ok())
                .filter(|it| it.workspace == context.workspace && it.seq == last.seq);
            let Some(genuine) = genuine else {
                let kind = FaultKind::BadCheckpoint;
                return Ok(self.broken(context, Fault { seq: last.seq, kind }).await);
            };
            signed_to = genuine.seq;
            evidence = evidence.starting_at(genuine);
        }
        let verified = self.audit.verify_against(context, &evidence).await?;
        if let Some(fault) = verified.fault {
            return Ok(self.broken(context, fault).await);
        }
        if verified.last_seq <= signed_to {
            return Ok(Checkpointed::UpToDate);
        }
        let checkpoint = Checkpoint {
            workspace: context.workspace,
            seq: verified.last_seq,
            hash: verified.head,
            at: now,
        };
        let signed = SignedCheckpoint::sign(&checkpoint, &self.ring)?;
        self.sink.append(&signed).await.map_err(CheckpointError::Sink)?;
        sql::add_checkpoint(&self.store, context, &checkpoint, &signed.to_string()).await?;
        Ok(Checkpointed::Signed(signed))
    }

    /// The checkpoints of a chain that the database has, after that of entry `seq` and at most 200 at once. They prove
    /// nothing about a database that was set back as a whole: for that, use those of the sink.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn stored(&self, context: &Context, seq: i64) -> Result<Vec<SignedCheckpoint>, Error> {
        let texts = sql::checkpoints_after(&self.store, context, seq).await?;
        Ok(texts
            .iter()
            .filter_map(|text| SignedCheckpoint::of_text(text))
            .collect())
    }

    /// Signs every chain when it is due, that of the installation and those of all workspaces, until `stop` is done. Of
    /// several processes one at a time does. What fails is logged and tried again.
    ///
    /// # Errors
    /// When the table of leases cannot be used.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let leases = Leases::open(self.store.database().clone()).await?;
        let mut stop = std::pin::pin!(stop);
        let pause = (self.within / 4).clamp(Duration::from_secs(1), Duration::from_secs(15));
        loop {
            let turn = async {
                if let Some(lease) = leases.acquire(LEASE, LEASE_TIME).await? {
                    lease.keep(self.round()).await??;
                    lease.release().await?;
                }
                Ok::<_, Error>(())
            };
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                done = turn => if let Err(error) = done {
                    tracing::warn!(%error, "the round of audit checkpoints did not end");
                }
            }
            tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                () = self.store.clock().sleep(pause) => {}
            }
        }
    }

    /// One round over all chains.
    ///
    /// # Errors
    /// When the workspaces cannot be listed.
    pub async fn round(&self) -> Result<(), Error> {
        self.visit(&Context::installation("audit checkpoints")).await;
        let mut after: Option<WorkspaceId> = None;
        loop {
            let ids = self.workspaces.ids(after).await?;
            let Some(last) = ids.last() else { return Ok(()) };
            after = Some(*last);
            for id in ids {
                self.visit(&Context::new(id, "audit checkpoints")).await;
            }
        }
    }

    async fn visit(&self, context: &Context) {
        let done = async {
            if self.is_due(context).await? {
                self.checkpoint(context).await?;
            }
            Ok::<_, CheckpointError>(())
        };
        if let Err(error) = done.await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(chain = %context.workspace, %error, cause, "an audit chain was not signed");
        }
    }

    async fn is_due(&self, context: &Context) -> Result<bool, Error> {
        let end = sql::ends(&self.store, context).await?.last;
        let Some(last) = sql::last_checkpoint(&self.store, context).await? else {
            return Ok(end > 0);
        };
        let is_old = self.store.now().since(last.at) >= self.within;
        // A chain that has become shorter is looked at as well.
        Ok(end < last.seq || end - last.seq >= self.every || (end > last.seq && is_old))
    }

    async fn broken(&self, context: &Context, fault: Fault) -> Checkpointed {
        tracing::error!(chain = %context.workspace, seq = fault.seq, kind = fault.kind.as_str(), "an audit chain is not whole");
        self.sink.alarm(context.workspace, fault).await;
        Checkpointed::Broken(fault)
    }
}
