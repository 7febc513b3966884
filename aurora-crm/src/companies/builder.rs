//! Which sources are asked, in which order, and how long answers are kept.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::{CacheStore, MemoryCache, ReadThrough, ReadThroughBuilder};
use aurora_core::fallback::{Fallback, Target};
use aurora_core::http::{Egress, HttpClient};
use aurora_core::resilience::limiter::{self, Limiter, MemoryLimiter, Policies, Policy, Subject};
use aurora_core::resilience::{Breaker, BreakerBuilder, RetryPolicy};
use aurora_core::time::{Clock, SystemClock};

use super::lookup::{Companies, Source, Sources};
use super::{CnpjaPaid, Company, CompanyRegistry, FreeSource, PaidSource};
use crate::error::{Error, FieldError};

/// The form in which companies are kept; a new one leaves behind what was kept in an older.
const FORM: u32 = 1;
/// More than the largest answer that a registry gives.
const MAX_BODY: usize = 1024 * 1024;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Settings of [`Companies`].
#[must_use = "call `build` to get a lookup"]
pub struct CompaniesBuilder {
    paid: Option<PaidSource>,
    free: Vec<(FreeSource, String)>,
    more: Vec<(Box<dyn CompanyRegistry>, Option<u32>)>,
    cache: Option<ReadThroughBuilder<Company>>,
    fresh_for: Duration,
    stale_for: Duration,
    negative_for: Duration,
    lease: Option<Duration>,
    limiter: Option<Limiter>,
    breaker: BreakerBuilder,
    time_limit: Duration,
    total_limit: Duration,
    egress: Egress,
    clock: Arc<dyn Clock>,
}

impl CompaniesBuilder {
    pub(super) fn new() -> Self {
        let free = FreeSource::ALL.map(|source| (source, source.base().to_owned()));
        Self {
            paid: None,
            free: free.to_vec(),
            more: Vec::new(),
            cache: None,
            fresh_for: 45 * DAY,
            stale_for: 90 * DAY,
            negative_for: Duration::from_secs(60 * 60),
            lease: None,
            limiter: None,
            breaker: Breaker::builder(),
            time_limit: Duration::from_secs(8),
            total_limit: Duration::from_secs(20),
            egress: Egress::PublicOnly,
            clock: Arc::new(SystemClock),
        }
    }

    /// Asks the paid API of CNPJá before all others.
    pub fn paid(mut self, source: PaidSource) -> Self {
        self.paid = Some(source);
        self
    }

    /// Asks a free source at another address, such as an installation of one's own.
    pub fn base(mut self, source: FreeSource, url: impl Into<String>) -> Self {
        if let Some((_, base)) = self.free.iter_mut().find(|(free, _)| *free == source) {
            *base = url.into();
        }
        self
    }

    /// Leaves a free source out.
    pub fn without(mut self, source: FreeSource) -> Self {
        self.free.retain(|(free, _)| *free != source);
        self
    }

    /// Leaves all free sources out.
    pub fn without_free(mut self) -> Self {
        self.free.clear();
        self
    }

    /// Asks one more registry after all others, at most so many times a minute.
    pub fn registry(mut self, registry: impl CompanyRegistry, per_minute: Option<u32>) -> Self {
        self.more.push((Box::new(registry), per_minute));
        self
    }

    /// Where answers are kept: in this process, up to 64 MiB, unless told otherwise.
    pub fn cache(mut self, store: impl CacheStore) -> Self {
        self.cache = Some(kept_in(store));
        self
    }

    /// How long a company is fresh: up to 200 days, 45 days unless told otherwise, which is when CNPJá's own cache takes
    /// an answer for old (`maxAge` of `GET /office/:taxId`).
    pub const fn fresh_for(mut self, time: Duration) -> Self {
        self.fresh_for = time;
        self
    }

    /// For how long after that a company is served while it is renewed, or when it cannot be: up to 200 days, 90 days
    /// unless told otherwise.
    pub const fn stale_for(mut self, time: Duration) -> Self {
        self.stale_for = time;
        self
    }

    /// How long it is remembered that there is no such company: up to 200 days, 1 h unless told otherwise, since one
    /// may be registered any day.
    pub const fn negative_for(mut self, time: Duration) -> Self {
        self.negative_for = time;
        self
    }

    /// Lets one of all replicas look a number up, under a lease of 100 ms to 1 min in the cache, which must be shared.
    pub const fn lease(mut self, hold: Duration) -> Self {
        self.lease = Some(hold);
        self
    }

    /// What counts the questions to each source: this process unless told otherwise. Replicas that leave by the same
    /// address share the limits of the free sources, and so should share a limiter.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Settings of every source's circuit breaker; name and clock are taken from here.
    pub fn breaker(mut self, breaker: BreakerBuilder) -> Self {
        self.breaker = breaker;
        self
    }

    /// How long one source may take: up to 1 h, 8 s unless told otherwise.
    pub const fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// How long all sources together may take: up to 1 h, 20 s unless told otherwise.
    pub const fn total_limit(mut self, limit: Duration) -> Self {
        self.total_limit = limit;
        self
    }

    /// Where questions may go. To public addresses alone unless told otherwise; [`Egress::Any`] is for an installation
    /// in one's own network, and for tests.
    pub const fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The lookup.
    ///
    /// # Errors
    /// `Invalid` names everything that is wrong: no source, two of the same name, a base that is no URL or would send a
    /// key unencrypted to the internet, a time out of its range.
    pub fn build(mut self) -> Result<Companies, Error> {
        let mut wrong = Vec::new();
        let longest = Duration::from_secs(60 * 60);
        for (field, limit) in [("time_limit", self.time_limit), ("total_limit", self.total_limit)] {
            if limit.is_zero() || limit > longest {
                wrong.push(refusal(field, "must be above zero and at most 1 h"));
            }
        }
        let http = HttpClient::builder()
            .egress(self.egress)
            .max_body(MAX_BODY)
            .headers_timeout(self.time_limit.clamp(Duration::from_millis(1), longest))
            .timeout(self.time_limit.clamp(Duration::from_millis(1), longest))
            .clock(Arc::clone(&self.clock))
            .build()
            .map_err(|_| Error::invalid(vec![refusal("http", "no HTTP client can be set up here")]))?;
        let fallback = self.sources(&http, &mut wrong);
        let cache = self.cache_of_companies(&mut wrong);
        let limiter = match self.limiter {
            Some(limiter) => Some(limiter),
            None => match limiter_on(&self.clock) {
                Ok(limiter) => Some(limiter),
                Err(_) => {
                    wrong.push(refusal("limiter", "cannot be set up"));
                    None
                }
            },
        };
        match (fallback, cache, limiter) {
            (Some(fallback), Some(cache), Some(limiter)) if wrong.is_empty() => Ok(Companies {
                cache,
                sources: Arc::new(Sources {
                    fallback,
                    limiter,
                    clock: self.clock,
                    time_limit: self.time_limit,
                    total_limit: self.total_limit,
                }),
            }),
            _ => Err(Error::invalid(wrong)),
        }
    }

    /// The sources in their order.
    fn sources(&mut self, http: &HttpClient, wrong: &mut Vec<FieldError>) -> Option<Fallback<Source>> {
        let mut sources: Vec<(Box<dyn CompanyRegistry>, Option<u32>)> = Vec::new();
        if let Some(paid) = &self.paid {
            for (name, key) in &paid.keys {
                let clock = Arc::clone(&self.clock);
                match CnpjaPaid::with((*name).to_owned(), http, &paid.base, key, paid.options, clock) {
                    Ok(registry) if self.egress == Egress::PublicOnly && !registry.is_encrypted() => {
                        wrong.push(refusal(
                            &format!("{name}.base"),
                            "must begin with https://, or the key can be read on its way",
                        ));
                    }
                    Ok(registry) => sources.push((Box::new(registry), paid.per_minute)),
                    Err(error) => wrong.extend(under(name, &error)),
                }
            }
        }
        for (source, base) in &self.free {
            match source.registry(http, base, Arc::clone(&self.clock)) {
                Ok(registry) => sources.push((registry, Some(source.per_minute()))),
                Err(error) => wrong.extend(under(source.name(), &error)),
            }
        }
        sources.append(&mut self.more);
        if sources.is_empty() && wrong.is_empty() {
            wrong.push(refusal("sources", "there must be at least one"));
        }
        let mut fallback = Fallback::builder()
            // Nothing is waited for: another source can answer meanwhile, and a person waits.
            .retry(RetryPolicy::never().max_wait(Duration::ZERO))
            .breaker(self.breaker.clone())
            .clock(Arc::clone(&self.clock));
        for (registry, per_minute) in sources {
            let name = registry.name().to_owned();
            let limit = match per_minute.map(|limit| limit_of(&name, limit)).transpose() {
                Ok(limit) => limit,
                Err(error) => {
                    wrong.push(error);
                    continue;
                }
            };
            fallback = fallback.target(Target::new(name, Source { registry, limit }));
        }
        match fallback.build() {
            Ok(fallback) => Some(fallback),
            Err(error) => {
                wrong.push(refusal("sources", &error.to_string()));
                None
            }
        }
    }

    fn cache_of_companies(&mut self, wrong: &mut Vec<FieldError>) -> Option<ReadThrough<Company>> {
        let in_process = || kept_in(MemoryCache::builder().clock(Arc::clone(&self.clock)).build());
        let cache = self.cache.take();
        let mut cache = cache
            .unwrap_or_else(in_process)
            .fresh_for(self.fresh_for)
            .stale_for(self.stale_for)
            .negative_for(self.negative_for)
            .clock(Arc::clone(&self.clock));
        if let Some(hold) = self.lease {
            cache = cache.lease(hold);
        }
        match cache.build() {
            Ok(cache) => Some(cache),
            Err(error) => {
                let told = std::error::Error::source(&error).map(ToString::to_string);
                wrong.push(refusal("cache", told.as_deref().unwrap_or("cannot be set up")));
                None
            }
        }
    }
}

impl fmt::Debug for CompaniesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompaniesBuilder")
            .field("has_paid", &self.paid.is_some())
            .field("egress", &self.egress)
            .finish_non_exhaustive()
    }
}

fn kept_in(store: impl CacheStore) -> ReadThroughBuilder<Company> {
    ReadThrough::builder(store, "company", FORM)
}

fn limiter_on(clock: &Arc<dyn Clock>) -> Result<Limiter, limiter::Error> {
    let store = MemoryLimiter::builder().clock(Arc::clone(clock)).build()?;
    Limiter::builder(store).clock(Arc::clone(clock)).build()
}

fn limit_of(name: &str, per_minute: u32) -> Result<(Subject, Policies), FieldError> {
    let policies = Policies::new([Policy::per_minute("company-registry", per_minute)])
        .map_err(|_| refusal(&format!("{name}.per_minute"), "must be at least 1"))?;
    Ok((Subject::new("company-registry").principal(name), policies))
}

fn refusal(field: &str, message: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        code: "invalid",
        message: message.to_owned(),
    }
}

/// The fields that are wrong with a source, under its name.
fn under(name: &str, error: &Error) -> impl Iterator<Item = FieldError> {
    let fields = error.fields().to_vec();
    let name = name.to_owned();
    fields.into_iter().map(move |field| FieldError {
        field: format!("{name}.{}", field.field),
        ..field
    })
}
