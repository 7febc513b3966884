//! How often somebody may call: sign-in per address, refreshing per session, the API per caller and, with a higher limit, per
//! address, visitors of chats on pages per address; shared through Redis where there is one.

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
    /// Login, second factors, forgotten passwords.
    SignIn,
    /// The next tokens of a session.
    Refresh,
    /// Everything else that is not open to all: of a caller, or of an address that shows no good credentials.
    Api,
    /// Beginning as a visitor of a chat on a page.
    Visit,
    /// What visitors of an address read and write.
    Visitor,
    /// The same of an address, whoever calls from there.
    Address,
}

/// How often an address may begin as a visitor, in a minute and an hour: somebody who opens many sessions has something else
/// in mind.
const VISITS: (u32, u32) = (20, 200);
/// How often its visitors may read and write. A clinic's waiting room is one address.
const OF_VISITORS: (u32, u32) = (300, 6_000);

/// The limits of one app; a cheap handle. A class without limits lets everything pass.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    sign_in: Option<Counted>,
    refresh: Option<Counted>,
    api: Option<Counted>,
    visits: Option<Counted>,
    visitors: Option<Counted>,
    address: Option<Counted>,
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
        let made = |class: Class, most, outage| counted(class.name(), most, outage, redis, clock);
        let of_sign_in = (limits.auth_per_minute, limits.auth_per_hour);
        let of_caller = (limits.api_per_minute, limits.api_per_hour);
        let many = |limit: u32| limit.saturating_mul(limits.callers_per_address);
        let of_address = (many(of_caller.0), many(of_caller.1));
        let local = Outage::Local { replicas: 2 };
        Ok(Self {
            // While Redis is away nobody tries passwords on several servers at once.
            sign_in: made(Class::SignIn, of_sign_in, Outage::Deny)?,
            // Who is signed in stays so: a token that is genuine is no guess.
            refresh: made(Class::Refresh, of_caller, local)?,
            api: made(Class::Api, of_caller, local)?,
            address: made(Class::Address, of_address, local)?,
            visits: made(Class::Visit, VISITS, local)?,
            visitors: made(Class::Visitor, OF_VISITORS, local)?,
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

    /// Counts a request of an address together with all others from there; one that nobody tells is not counted.
    ///
    /// # Errors
    /// As [`Pace::of_address`].
    pub(crate) async fn of_all_at(&self, address: Option<IpAddr>) -> Result<(), Problem> {
        match address {
            Some(_) => self.of_address(Class::Address, address).await.map(drop),
            None => Ok(()),
        }
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// As [`Pace::of_address`].
    pub(crate) async fn of_caller(&self, caller: &str) -> Result<HeaderMap, Problem> {
        self.of_principal(Class::Api, caller).await
    }

    /// Counts a refresh of a session.
    ///
    /// # Errors
    /// As [`Pace::of_address`].
    pub(crate) async fn of_session(&self, session: &str) -> Result<HeaderMap, Problem> {
        self.of_principal(Class::Refresh, session).await
    }

    async fn of_principal(&self, class: Class, id: &str) -> Result<HeaderMap, Problem> {
        self.take(class, Subject::new(class.name()).principal(id)).await
    }

    async fn take(&self, class: Class, subject: Subject) -> Result<HeaderMap, Problem> {
        let counted = match class {
            Class::SignIn => &self.sign_in,
            Class::Refresh => &self.refresh,
            Class::Api => &self.api,
            Class::Visit => &self.visits,
            Class::Visitor => &self.visitors,
            Class::Address => &self.address,
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
        Err(Problem::new(ProblemKind::TooManyRequests)
            .with("violated_policies", violated)
            .headers(fields))
    }
}

impl Class {
    const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "auth",
            Self::Refresh => "refresh",
            Self::Api => "api",
            Self::Visit => "visit",
            Self::Visitor => "visitor",
            Self::Address => "address",
        }
    }
}

fn counted(
    name: &str,
    (per_minute, per_hour): (u32, u32),
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
