//! For whom calls are made, what those may use, and what they used.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::access::policy::Kind;
use aurora_core::resilience::limiter::{self, Counts, Limiter, Policies, Policy, Reservation, Subject};
use aurora_crm::workspaces::WorkspaceId;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::{CallOptions, Caller as Client};
use aurora_llm::ledger::{AllowanceKey, Allowances, Granted, Ledger, MemoryLedger};
use aurora_llm::usage::Usage;
use aurora_llm::{Error, ErrorKind};

use super::spent::{Metered, Spent};
use crate::http::access::Caller;

/// The code of the error that says that the caller may not ask for this model.
pub(crate) const MODEL_NOT_ALLOWED: &str = "model_not_allowed";
/// The code of the error that says that limits cannot be looked up; the client's own for its ledger is the same.
pub(crate) const LEDGER_UNAVAILABLE: &str = "ledger_unavailable";
/// When to come back while the ledger does not answer.
const LEDGER_PAUSE: Duration = Duration::from_secs(1);
/// How long an answer is taken to be where the request does not say.
const USUAL_ANSWER: u64 = 1_024;

/// For whom a call is made.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asker {
    pub(super) client: Client,
    /// The request by which it came.
    pub(super) request_id: String,
}

impl Asker {
    /// Nobody in particular: no limit but the client's own counts.
    #[cfg(test)]
    pub(crate) fn nobody() -> Self {
        Self::default()
    }

    /// The server itself in the name of a workspace, such as for its demo.
    pub(crate) fn workspace(id: WorkspaceId) -> Self {
        Self {
            client: Client::tenant(id.to_string()),
            request_id: String::new(),
        }
    }

    pub(crate) fn of(caller: &Caller) -> Self {
        let mut client = Client::tenant(caller.workspace().to_string());
        match (caller.alive(), caller.principal().kind()) {
            (Some(alive), _) => client = client.user(alive.user.to_string()),
            (None, Kind::ApiKey) => client = client.key(caller.principal().id()),
            _ => {}
        }
        Self {
            client,
            request_id: caller.request_id().as_str().to_owned(),
        }
    }

    /// The same within the call of a connection that asks several times.
    pub(crate) fn part(&self, name: &str) -> Self {
        Self {
            client: self.client.clone(),
            request_id: format!("{}.{name}", self.request_id),
        }
    }

    pub(super) fn options(&self) -> CallOptions {
        CallOptions::default().caller(self.client.clone())
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    fn tenant(&self) -> Option<&str> {
        self.client.tenant.as_deref()
    }
}

/// Where usage, limits and budgets of calls are kept.
#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) allowances: Allowances,
    pub(crate) limiter: Limiter,
    /// What was booked through `ledger`.
    pub(crate) spent: Spent,
}

impl Default for Books {
    /// In this process, gone with it. The ledger has what a client books that was given it.
    fn default() -> Self {
        Self::new(
            MemoryLedger::new(),
            Allowances::in_memory(),
            Limiter::in_process(),
        )
    }
}

impl Books {
    /// Books with this ledger, which the client has to take from here.
    pub(crate) fn new(ledger: impl Ledger, allowances: Allowances, limiter: Limiter) -> Self {
        let spent = Spent::default();
        Self {
            ledger: Arc::new(Metered::new(ledger, spent.clone())),
            allowances,
            limiter,
            spent,
        }
    }

    /// Whether the caller may use some models only.
    ///
    /// # Errors
    /// When what the caller may use cannot be read.
    pub(super) async fn restricts(&self, asker: &Asker) -> Result<bool, Error> {
        if asker.tenant().is_none() {
            return Ok(false);
        }
        let granted = self.allowances.of(&asker.client).await.map_err(unread)?;
        Ok(granted.iter().any(|it| it.allowance.models.is_some()))
    }

    /// Lets a call in, or says why not: its model is not allowed, or a limit of the minute is used up. A call that names no
    /// model gets the first that its caller may use, where not every model is allowed.
    pub(super) async fn admit(
        &self,
        asker: &Asker,
        model: &mut Option<String>,
        tokens: u64,
    ) -> Result<Pass, Error> {
        let Some(tenant) = asker.tenant() else {
            return Ok(Pass::default());
        };
        let granted = self.allowances.of(&asker.client).await.map_err(unread)?;
        let own = || {
            granted
                .iter()
                .filter(|it| !matches!(it.holder, AllowanceKey::Model(_)))
        };
        for granted in own() {
            choose(granted, model)?;
        }
        let mut reservations = Vec::new();
        for granted in own() {
            if let Some(reservation) = self.reserve(tenant, granted, tokens).await? {
                reservations.push(reservation);
            }
        }
        for reservation in &mut reservations {
            reservation.spend();
        }
        Ok(Pass(reservations))
    }

    /// What of `names` the caller may ask for.
    pub(crate) async fn allowed(&self, asker: &Asker, names: Vec<String>) -> Result<Vec<String>, Error> {
        if asker.tenant().is_none() {
            return Ok(names);
        }
        let granted = self.allowances.of(&asker.client).await.map_err(unread)?;
        let may = |name: &String| granted.iter().all(|it| it.allowance.allows(name));
        Ok(names.into_iter().filter(may).collect())
    }

    async fn reserve(
        &self,
        tenant: &str,
        granted: &Granted,
        tokens: u64,
    ) -> Result<Option<Reservation>, Error> {
        let allowance = &granted.allowance;
        let requests = allowance
            .requests_per_minute
            .map(|limit| Policy::per_minute("llm-requests", limit).counts(Counts::Requests));
        let of_tokens = allowance
            .tokens_per_minute
            .map(|limit| Policy::per_minute("llm-tokens", limit));
        let policies: Vec<Policy> = requests.into_iter().chain(of_tokens).collect();
        if policies.is_empty() {
            return Ok(None);
        }
        let policies =
            Policies::new(policies).map_err(|source| Error::new(ErrorKind::Config).with_source(source))?;
        let subject = Subject::new("llm-key").principal(tenant);
        let subject = match &granted.holder {
            AllowanceKey::Key(id) => subject.principal(id),
            _ => subject,
        };
        let units = u32::try_from(tokens.max(1)).unwrap_or(u32::MAX);
        let reserved = self.limiter.try_reserve(&subject, &policies, units).await;
        reserved.map(Some).map_err(limited)
    }
}

/// What a call holds of the limits of a minute, settled when it is known what it used.
#[derive(Default)]
pub(super) struct Pass(Vec<Reservation>);

impl Pass {
    /// Says what was used; `None` when nobody knows: then what was held stays counted.
    pub(super) fn settle(&mut self, usage: Option<&Usage>) {
        for reservation in self.0.drain(..) {
            if let Some(usage) = usage {
                reservation.settle_later(u32::try_from(usage.total()).unwrap_or(u32::MAX));
            }
        }
    }

    /// Says that nothing was used; the request itself stays counted.
    pub(super) fn unused(&mut self) {
        for reservation in self.0.drain(..) {
            reservation.settle_later(0);
        }
    }
}

impl std::fmt::Debug for Pass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Pass({})", self.0.len())
    }
}

/// The most tokens that a request is taken to use.
pub(super) fn weight(input: u64, max_output: Option<u32>) -> u64 {
    input.saturating_add(max_output.map_or(USUAL_ANSWER, u64::from))
}

pub(super) fn not_allowed() -> Error {
    Error::new(ErrorKind::Permission)
        .with_code(MODEL_NOT_ALLOWED)
        .with_context("the key may not use this model")
}

/// Whether options of a dialect steer a gateway behind us to models of their own, as OpenRouter's `models` does: no list of
/// allowed models could hold then.
pub(super) fn names_further_models(request: &ChatRequest) -> bool {
    let steering = ["model", "models", "route", "fallbacks", "provider"];
    request
        .options
        .values()
        .any(|options| steering.iter().any(|name| options.contains_key(*name)))
}

fn choose(granted: &Granted, model: &mut Option<String>) -> Result<(), Error> {
    let Some(models) = &granted.allowance.models else {
        return Ok(());
    };
    match model {
        Some(name) if granted.allowance.allows(name) => Ok(()),
        Some(_) => Err(not_allowed()),
        None => {
            let first = models.iter().find(|name| !name.ends_with('*'));
            let first = first.ok_or_else(|| {
                Error::new(ErrorKind::InvalidRequest).with_provider_message("the request must name a model")
            })?;
            *model = Some(first.clone());
            Ok(())
        }
    }
}

fn limited(source: limiter::Error) -> Error {
    if source.kind() == limiter::ErrorKind::InsufficientCapacity {
        // No waiting helps: a 429 would be tried again by every client.
        let words = "the request, with the longest answer that it asks for, is larger than the limit of tokens in a minute";
        return Error::new(ErrorKind::InvalidRequest)
            .with_provider_message(words)
            .with_source(source);
    }
    let error = Error::new(ErrorKind::LocalRateLimited)
        .with_context("the limit of requests or tokens in a minute is used up");
    let error = match source.retry_after() {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    error.with_source(source)
}

/// Limits that cannot be read let nobody pass.
fn unread(source: aurora_llm::ledger::Error) -> Error {
    Error::new(ErrorKind::Overloaded)
        .with_code(LEDGER_UNAVAILABLE)
        .with_context("what the caller may use cannot be read")
        .with_retry_after(LEDGER_PAUSE)
        .with_source(source)
}
