//! Who asks, for which workspace, and until when.

use std::future::Future;
use std::net::IpAddr;

use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::error::{Error, ErrorKind};
use crate::workspaces::WorkspaceId;

/// The first argument of every domain and repository call, so that tenancy cannot be forgotten.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::{Context, workspaces::WorkspaceId};
///
/// let context = Context::new(WorkspaceId::new(Timestamp::UNIX_EPOCH), "nightly import").request_id("req-7");
/// assert_eq!(context.principal, "nightly import");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context {
    /// The tenant: no call sees or touches rows of another.
    pub workspace: WorkspaceId,
    /// A label of who asks, for records: a user's id, an API key's prefix, a job's name. No personal data.
    pub principal: String,
    /// When the caller stops waiting.
    pub deadline: Deadline,
    /// The request this call is part of, for logs.
    pub request_id: Option<String>,
    /// The address that the caller calls from, for the audit log.
    pub origin: Option<IpAddr>,
}

/// The chain of the installation itself: what belongs to no workspace, such as logins, is recorded under it.
pub(crate) const INSTALLATION: WorkspaceId = WorkspaceId::from_uuid(Uuid::nil());

impl Context {
    /// A context without deadline and request id.
    #[must_use]
    pub fn new(workspace: WorkspaceId, principal: impl Into<String>) -> Self {
        Self {
            workspace,
            principal: principal.into(),
            deadline: Deadline::NONE,
            request_id: None,
            origin: None,
        }
    }

    /// The installation itself, where what belongs to no workspace is recorded, such as logins. No workspace has it.
    #[must_use]
    pub fn installation(principal: impl Into<String>) -> Self {
        Self::new(INSTALLATION, principal)
    }

    /// Gives up once `deadline` has passed, with [`ErrorKind::Timeout`].
    #[must_use]
    pub fn deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = deadline;
        self
    }

    /// Names the request this call is part of.
    #[must_use]
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = Some(id.into());
        self
    }

    /// Says where the caller calls from.
    #[must_use]
    pub const fn origin(mut self, address: IpAddr) -> Self {
        self.origin = Some(address);
        self
    }

    /// Runs `work` within the deadline and a span.
    pub(crate) async fn run<T>(
        &self,
        clock: &dyn Clock,
        operation: &'static str,
        work: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<T, Error> {
        let span = tracing::debug_span!(
            "crm",
            operation,
            workspace = %self.workspace,
            principal = %self.principal,
            request_id = self.request_id.as_deref(),
        );
        let work = work.instrument(span);
        let Some(left) = self.deadline.remaining(clock) else {
            return work.await;
        };
        if left.is_zero() {
            return Err(Error::new(ErrorKind::Timeout));
        }
        tokio::select! {
            biased;
            outcome = work => outcome,
            () = clock.sleep(left) => Err(Error::new(ErrorKind::Timeout)),
        }
    }
}
