//! The lookup: what is kept, then the sources in their order until one answers.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aurora_core::cache::{Freshness, ReadThrough, Scope};
use aurora_core::fallback::{Action, Admission, Fallback, Gate, Plan, TargetStatus};
use aurora_core::resilience::limiter::{Limiter, Policies, Subject};
use aurora_core::resilience::{CallBudget, Deadline};
use aurora_core::time::Clock;

use super::builder::CompaniesBuilder;
use super::outcome::{Lookup, LookupError};
use super::{
    Cnpj, Company, CompanyRegistry, RegistryError, RegistryErrorKind, SourceAttempt, SourceOutcome, telemetry,
};

/// How long a source that is over its limit is passed over, when the limiter does not know.
const BLIND_WAIT: Duration = Duration::from_secs(60);

/// Companies by their CNPJ, out of public registries; a cheap handle, clones share what is kept.
///
/// What is kept and fresh is served at once. Else the sources are asked in their order, each behind its circuit
/// breaker and its own limit, none twice and none waited for: CNPJá with the first key, with the second key, free, then
/// the other public sources. That there is no such company is an answer, and is kept for a shorter time. A refused key
/// moves on and is told: a warning in the log, [`REGISTRY_ANSWERS`](super::REGISTRY_ANSWERS), and [`sources`](Self::sources).
/// However many ask for the same number at once, it is looked up once. What is past its time is served, with its age,
/// while it is renewed or cannot be.
///
/// What registries tell is public and the same for all, so that no tenant is part of it.
///
/// # Examples
/// ```no_run
/// use aurora_core::resilience::Deadline;
/// use aurora_crm::companies::{Companies, PaidSource};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let companies = Companies::builder().paid(PaidSource::new("first key").secondary_key("second key")).build()?;
/// let lookup = companies.find(&"12.ABC.345/01DE-35".parse()?, Deadline::NONE).await?;
/// match lookup.company() {
///     Some(company) => println!("{} by {}, {:?} old", company.legal_name, company.source, lookup.age()),
///     None => println!("there is no such company"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Companies {
    pub(super) cache: ReadThrough<Company>,
    pub(super) sources: Arc<Sources>,
}

impl Companies {
    /// Starts a lookup over the free sources alone, with the usual settings.
    pub fn builder() -> CompaniesBuilder {
        CompaniesBuilder::new()
    }

    /// The company with this number.
    ///
    /// # Errors
    /// When nothing is kept and no source answered by `deadline`: see [`LookupErrorKind`](super::LookupErrorKind).
    ///
    /// # Cancel safety
    /// Dropping the future leaves the lookup to others who wait for the same number, and after a second to nobody.
    pub async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Lookup, LookupError> {
        let (sources, asked) = (Arc::clone(&self.sources), *cnpj);
        // Set by this call's own question alone.
        let trail = Arc::new(OnceLock::<Vec<SourceAttempt>>::new());
        let told = Arc::clone(&trail);
        let load = move || async move { sources.ask(&asked, &told).await };
        let answer = self.cache.get(&Scope::Global, cnpj.plain(), load);
        match deadline.run(&*self.sources.clock, answer).await {
            Ok(outcome) => {
                let served = outcome?;
                // What was kept may be renewed at the same time, which is no attempt of this answer.
                let attempts = trail.get().filter(|_| served.freshness() == Freshness::Loaded);
                Ok(Lookup {
                    attempts: attempts.cloned().unwrap_or_default(),
                    served,
                })
            }
            Err(_) => Err(LookupError::timeout()),
        }
    }

    /// Forgets what is kept of this number, so that the next call asks a source.
    ///
    /// # Errors
    /// When the cache cannot be asked.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been forgotten or not.
    pub async fn forget(&self, cnpj: &Cnpj) -> Result<bool, aurora_core::cache::Error> {
        self.cache.forget(&Scope::Global, cnpj.plain()).await
    }

    /// How each source does, in the order in which they are asked.
    #[must_use]
    pub fn sources(&self) -> Vec<TargetStatus> {
        self.sources.fallback.status()
    }
}

impl fmt::Debug for Companies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companies")
            .field("sources", &self.sources.fallback.names())
            .finish_non_exhaustive()
    }
}

/// The sources in their order.
pub(super) struct Sources {
    pub(super) fallback: Fallback<Source>,
    pub(super) limiter: Limiter,
    pub(super) clock: Arc<dyn Clock>,
    /// For one source.
    pub(super) time_limit: Duration,
    /// For all of them.
    pub(super) total_limit: Duration,
}

/// A source and the limit within which it is asked.
pub(super) struct Source {
    pub(super) registry: Box<dyn CompanyRegistry>,
    pub(super) limit: Option<(Subject, Policies)>,
}

impl Sources {
    /// `None` when a source says that there is no such company. What was tried for an answer goes into `trail`, for an
    /// error into the error.
    async fn ask(
        &self,
        cnpj: &Cnpj,
        trail: &OnceLock<Vec<SourceAttempt>>,
    ) -> Result<Option<Company>, LookupError> {
        let deadline = Deadline::after(&*self.clock, self.total_limit);
        let call = self.fallback.call().plan(&InTurn).gate(self);
        let outcome = call
            .budget(CallBudget::new(deadline))
            .run(|attempt| async move {
                let deadline = Deadline::after(&*self.clock, self.time_limit).earlier(deadline);
                let answer = attempt.payload().registry.find(cnpj, deadline);
                // Also for a registry that does not look at its deadline.
                let answer = deadline.run(&*self.clock, answer).await;
                let answer = answer.unwrap_or(Err(RegistryError::new(RegistryErrorKind::Timeout)));
                match answer {
                    Ok(company) => Ok(Some(company)),
                    Err(error) if error.kind() == RegistryErrorKind::NotRegistered => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .await;
        match outcome {
            Ok(served) => {
                let mut attempts: Vec<SourceAttempt> = served.attempts().iter().map(Into::into).collect();
                let company = served.into_value();
                if company.is_none()
                    && let Some(last) = attempts.last_mut()
                {
                    last.outcome = SourceOutcome::NotRegistered;
                }
                attempts.iter().for_each(tell);
                trail.get_or_init(|| attempts);
                Ok(company)
            }
            Err(exhausted) => {
                let error = LookupError::from(exhausted);
                error.attempts().iter().for_each(tell);
                Err(error)
            }
        }
    }
}

/// Counts what a source answered, and logs why it did not.
fn tell(attempt: &SourceAttempt) {
    let source = attempt.source.as_str();
    telemetry::answered(source, attempt.outcome.as_str());
    let SourceOutcome::Failed(kind) = attempt.outcome else {
        return;
    };
    match kind {
        RegistryErrorKind::InvalidCredential => {
            tracing::warn!(source, "a registry of companies refuses the key");
        }
        RegistryErrorKind::OutOfCredits => {
            tracing::warn!(source, "the credits at a registry of companies are used up");
        }
        _ => tracing::debug!(
            source,
            reason = kind.as_str(),
            "a registry of companies gave no answer"
        ),
    }
}

/// A source over its limit is passed over, not waited for.
impl Gate<Source> for Sources {
    fn admit<'a>(&'a self, source: &'a Source) -> Admission<'a> {
        let Some((subject, policies)) = &source.limit else {
            return Admission::Pass;
        };
        Admission::Ask(Box::pin(async move {
            let verdict = self.limiter.check(subject, policies, 1).await;
            (!verdict.is_allowed()).then(|| verdict.retry_after().unwrap_or(BLIND_WAIT))
        }))
    }
}

/// Each source once, in its order. What another key or address of the same service cannot do better is not tried there.
struct InTurn;

impl Plan<Source, RegistryError> for InTurn {
    fn action(&self, _error: &RegistryError, _failed: &Source) -> Action {
        Action::Next
    }

    fn may_follow(&self, error: &RegistryError, failed: &Source, candidate: &Source) -> bool {
        let (failed, candidate) = (&failed.registry, &candidate.registry);
        match error.kind() {
            RegistryErrorKind::Refused | RegistryErrorKind::Malformed => {
                failed.service() != candidate.service()
            }
            RegistryErrorKind::Unavailable | RegistryErrorKind::Timeout => {
                failed.address() != candidate.address()
            }
            _ => true,
        }
    }
}
