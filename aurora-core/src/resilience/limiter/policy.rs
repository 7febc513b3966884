//! How much is allowed in how much time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::error::{Error, ErrorKind};
use super::rate::{LONGEST_LOG, Rate};
use super::telemetry::Series;

/// The most policies that one request can be checked against.
pub const MAX_POLICIES: usize = 8;

/// The longest name of a policy, in bytes.
pub const MAX_NAME: usize = 64;

/// The longest period, and the longest time that a full burst may take to come back: 400 days.
pub const MAX_PERIOD: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// The shortest period.
pub const MIN_PERIOD: Duration = Duration::from_millis(1);

/// How a policy counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Keeps the time of each unit: at most `limit` in **any** window of one period. For limits up to 128.
    SlidingLog,
    /// The generic cell rate algorithm: one number per key. With `T = period / limit`, at most `burst + ⌊W / T⌋` in
    /// any window `W`, which with the usual burst is up to twice the limit in one period.
    Gcra,
}

/// What of a request a policy counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Counts {
    /// Its cost, such as tokens.
    #[default]
    Cost,
    /// The request itself, as one, whatever it costs.
    Requests,
}

/// A limit under a name: so many units in each period.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::resilience::limiter::{Counts, Policies, Policy};
///
/// let login = Policies::new([Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)])?;
/// let model = Policies::new([
///     Policy::per_minute("requests", 60).counts(Counts::Requests),
///     Policy::new("tokens", 90_000, Duration::from_secs(60)).burst(30_000),
/// ])?;
/// # Ok::<(), aurora_core::resilience::limiter::Error>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Policy {
    name: String,
    limit: u32,
    period: Duration,
    burst: Option<u32>,
    kind: Option<Kind>,
    counts: Counts,
    is_shadow: bool,
}

impl Policy {
    /// At most `limit` units (1 or more, at most one per microsecond) per `period` (1 ms to 400 days) under a name of
    /// 1 to 64 printable ASCII characters, which names what is limited and never whom.
    pub fn new(name: impl Into<String>, limit: u32, period: Duration) -> Self {
        Self {
            name: name.into(),
            limit,
            period,
            burst: None,
            kind: None,
            counts: Counts::Cost,
            is_shadow: false,
        }
    }

    /// At most `limit` units a second.
    pub fn per_second(name: impl Into<String>, limit: u32) -> Self {
        Self::new(name, limit, Duration::from_secs(1))
    }

    /// At most `limit` units a minute.
    pub fn per_minute(name: impl Into<String>, limit: u32) -> Self {
        Self::new(name, limit, Duration::from_secs(60))
    }

    /// At most `limit` units an hour.
    pub fn per_hour(name: impl Into<String>, limit: u32) -> Self {
        Self::new(name, limit, Duration::from_secs(60 * 60))
    }

    /// At most `limit` units in 24 hours.
    pub fn per_day(name: impl Into<String>, limit: u32) -> Self {
        Self::new(name, limit, Duration::from_secs(24 * 60 * 60))
    }

    /// How many units may come at once (1 or more; as many as the limit unless told otherwise). It makes the policy
    /// one of [`Kind::Gcra`], since a log has no other burst than its limit.
    pub const fn burst(mut self, units: u32) -> Self {
        self.burst = Some(units);
        self
    }

    /// How it counts. Unless told otherwise [`Kind::SlidingLog`] up to a limit of 128 without a burst of its own, and
    /// [`Kind::Gcra`] above.
    pub const fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// What it counts. The cost unless told otherwise.
    pub const fn counts(mut self, counts: Counts) -> Self {
        self.counts = counts;
        self
    }

    /// Evaluates and counts, and never refuses: to see what a limit would do before it does.
    pub const fn shadow(mut self) -> Self {
        self.is_shadow = true;
        self
    }

    fn compile(self, problems: &mut Vec<String>) -> Rule {
        let Self { name, limit, .. } = &self;
        let mut complain = |what: String| problems.push(format!("policy {name:?}: {what}"));
        let is_name = (1..=MAX_NAME).contains(&name.len())
            && name.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
        if !is_name {
            complain(format!("a name has 1 to {MAX_NAME} printable ASCII characters"));
        }
        let period = u64::try_from(self.period.as_micros()).unwrap_or(u64::MAX);
        if !(MIN_PERIOD..=MAX_PERIOD).contains(&self.period) {
            complain("a period is 1 ms to 400 days".to_owned());
        } else if *limit == 0 || u64::from(*limit) > period {
            complain("a limit is at least 1 and at most one per microsecond".to_owned());
        }
        let own_burst = self.burst.is_some_and(|burst| burst != *limit);
        let kind = self.kind.unwrap_or(if *limit <= LONGEST_LOG && !own_burst {
            Kind::SlidingLog
        } else {
            Kind::Gcra
        });
        if kind == Kind::SlidingLog && (*limit > LONGEST_LOG || own_burst) {
            complain(format!(
                "a sliding log has a limit of at most {LONGEST_LOG} and no burst of its own"
            ));
        }
        let rate = Rate::new(kind, *limit, period, self.burst.unwrap_or(*limit));
        if self.burst == Some(0) {
            complain("a burst is at least 1".to_owned());
        } else if u128::from(rate.capacity) > MAX_PERIOD.as_micros() {
            complain("a full burst must come back within 400 days".to_owned());
        }
        Rule {
            name: self.name.into(),
            rate,
            counts: self.counts,
            is_shadow: self.is_shadow,
            series: OnceLock::new(),
        }
    }
}

/// A checked policy.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) name: Arc<str>,
    pub(super) rate: Rate,
    pub(super) counts: Counts,
    pub(super) is_shadow: bool,
    pub(super) series: OnceLock<Series>,
}

impl Rule {
    /// What a request of this cost takes from it.
    pub(super) const fn units(&self, cost: u32) -> u32 {
        match self.counts {
            Counts::Requests if cost > 0 => 1,
            _ => cost,
        }
    }

    fn share(&self, replicas: u32) -> Self {
        Self {
            rate: self.rate.share(replicas),
            series: OnceLock::new(),
            ..self.clone()
        }
    }
}

/// Policies that hold together for one request: all of them let it pass, or none of them counts it.
///
/// Making them checks and prepares everything; clones are cheap and share that, so that each plan is made once and
/// handed in with every request of a key that has it.
#[derive(Clone)]
pub struct Policies {
    inner: Arc<Inner>,
}

struct Inner {
    rules: Vec<Rule>,
    /// The share of one replica, for as many replicas as were asked for first.
    share: OnceLock<(u32, Policies)>,
}

impl Policies {
    /// Checks one to eight policies with different names.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidPolicy`], with everything that is wrong and what is allowed.
    pub fn new(policies: impl IntoIterator<Item = Policy>) -> Result<Self, Error> {
        let mut problems = Vec::new();
        let rules: Vec<Rule> = policies
            .into_iter()
            .map(|policy| policy.compile(&mut problems))
            .collect();
        if !(1..=MAX_POLICIES).contains(&rules.len()) {
            problems.push(format!("there must be 1 to {MAX_POLICIES} policies"));
        }
        let mut names = BTreeSet::new();
        for rule in &rules {
            if !names.insert(&rule.name) {
                problems.push(format!("policy {:?} appears twice", rule.name));
            }
        }
        if problems.is_empty() {
            Ok(Self::of(rules))
        } else {
            Err(Error::with_source(ErrorKind::InvalidPolicy, problems.join("; ")))
        }
    }

    fn of(rules: Vec<Rule>) -> Self {
        Self {
            inner: Arc::new(Inner {
                rules,
                share: OnceLock::new(),
            }),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.inner.rules.len()
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.inner.rules
    }

    /// The same policies for one of several replicas that cannot see each other.
    pub(super) fn share(&self, replicas: u32) -> Self {
        let make = || Self::of(self.rules().iter().map(|rule| rule.share(replicas)).collect());
        let (first, share) = self.inner.share.get_or_init(|| (replicas, make()));
        if *first == replicas { share.clone() } else { make() }
    }
}

impl fmt::Debug for Policies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limits = self.rules().iter().map(|rule| (&*rule.name, rule.rate));
        f.debug_map().entries(limits).finish()
    }
}
