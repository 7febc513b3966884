//! How often somebody may call: sign-in per address, the API per address and per caller, shared through Redis where there
//! is one.

use std::net::IpAddr;
use std::sync::Arc;

use aurora_core::config::Limits;
use aurora_core::redis::Redis;
use aurora_core::resilience::limiter::{
    Headers, Limiter, MemoryLimiter, Outage, Policies, Policy, RateLimiter, RedisLimiter, Subject, Verdict,
};
use aurora_core::time::Clock;
use axum::http::{HeaderMap, HeaderName, HeaderValue};

use crate::error::{Error, ErrorKind};
use crate::http::problem::{Problem, ProblemKind};

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Login, second factors, refreshing, forgotten passwords.
    SignIn,
    /// Everything else that is not open to all.
    Api,
}

/// The limits of one app; a cheap handle. A class without limits lets everything pass.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    sign_in: Option<Counted>,
    api: Option<Counted>,
}

#[derive(Debug, Clone)]
struct Counted {
    limiter: Limiter,
    policies: Arc<Policies>,
}

impl Pace {
    /// # Errors
    /// `Settings` when a limit is out of its range.
    pub(crate) fn new(limits: &Limits, redis: Option<&Redis>, clock: &Arc<dyn Clock>) -> Result<Self, Error> {
        Ok(Self {
            // While Redis is away nobody tries passwords on several servers at once.
            sign_in: counted(
                "auth",
                limits.auth_per_minute,
                limits.auth_per_hour,
                Outage::Deny,
                redis,
                clock,
            )?,
            api: counted(
                "api",
                limits.api_per_minute,
                limits.api_per_hour,
                Outage::Local { replicas: 2 },
                redis,
                clock,
            )?,
        })
    }

    /// Counts a request of an address.
    ///
    /// # Errors
    /// `TooManyRequests` with the fields that say when to come back.
    pub(crate) async fn of_address(
        &self,
        class: Class,
        address: Option<IpAddr>,
    ) -> Result<HeaderMap, Problem> {
        let subject = Subject::new(class.name());
        // An embedding application that tells no peer has one limit for all who are not known.
        let subject = match address {
            Some(address) => subject.ip(address),
            None => subject,
        };
        self.take(class, subject).await
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// As [`Pace::of_address`].
    pub(crate) async fn of_caller(&self, caller: &str) -> Result<HeaderMap, Problem> {
        self.take(Class::Api, Subject::new(Class::Api.name()).principal(caller))
            .await
    }

    async fn take(&self, class: Class, subject: Subject) -> Result<HeaderMap, Problem> {
        let counted = match class {
            Class::SignIn => &self.sign_in,
            Class::Api => &self.api,
        };
        let Some(counted) = counted else {
            return Ok(HeaderMap::new());
        };
        let verdict = counted.limiter.check(&subject, &counted.policies, 1).await;
        let fields = fields(&verdict);
        if verdict.is_allowed() {
            return Ok(fields);
        }
        let violated: Vec<&str> = verdict.violated().collect();
        let problem = Problem::new(ProblemKind::TooManyRequests).with("violated_policies", violated);
        Err(fields
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)))
            .fold(problem, |problem, (name, value)| problem.header(name, value)))
    }
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "auth",
            Self::Api => "api",
        }
    }
}

fn counted(
    name: &str,
    per_minute: u32,
    per_hour: u32,
    outage: Outage,
    redis: Option<&Redis>,
    clock: &Arc<dyn Clock>,
) -> Result<Option<Counted>, Error> {
    let wrong = |source: aurora_core::resilience::limiter::Error| {
        Error::new(ErrorKind::Settings, "the limits of requests cannot be set up").caused_by(source)
    };
    let mut policies = Vec::new();
    if per_minute > 0 {
        policies.push(Policy::per_minute(name, per_minute));
    }
    if per_hour > 0 {
        policies.push(Policy::per_hour(format!("{name}-h"), per_hour));
    }
    if policies.is_empty() {
        return Ok(None);
    }
    let limiter = match redis {
        Some(redis) => limiter(RedisLimiter::new(redis), outage, clock),
        None => {
            let store = MemoryLimiter::builder()
                .clock(Arc::clone(clock))
                .build()
                .map_err(wrong)?;
            limiter(store, outage, clock)
        }
    };
    Ok(Some(Counted {
        limiter: limiter.map_err(wrong)?,
        policies: Arc::new(Policies::new(policies).map_err(wrong)?),
    }))
}

fn limiter(
    store: impl RateLimiter,
    outage: Outage,
    clock: &Arc<dyn Clock>,
) -> Result<Limiter, aurora_core::resilience::limiter::Error> {
    Limiter::builder(store)
        .outage(outage)
        .clock(Arc::clone(clock))
        .build()
}

/// `RateLimit-Policy`, `RateLimit` and, when refused, `Retry-After`.
fn fields(verdict: &Verdict) -> HeaderMap {
    let mut fields = HeaderMap::new();
    let Some(headers) = Headers::of(verdict) else {
        return fields;
    };
    let retry_after = headers.retry_after.map(|seconds| seconds.to_string());
    let all = [
        ("ratelimit-policy", Some(headers.policy)),
        ("ratelimit", Some(headers.limit)),
        ("retry-after", retry_after),
    ];
    for (name, value) in all {
        if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
            fields.insert(HeaderName::from_static(name), value);
        }
    }
    fields
}
