//! What a limiter says.

use std::fmt;
use std::time::Duration;

use super::policy::{Kind, MAX_POLICIES, Policies, Rule};
use super::rate::{NEVER, Standing, Taken};

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Decision {
    /// It passes, and every policy has counted it.
    Allowed,
    /// It does not pass now, and no policy has counted it.
    Limited {
        /// After how long it would pass if nobody else came.
        retry_after: Duration,
    },
    /// It never passes: it costs more than a policy ever allows at once.
    InsufficientCapacity,
}

/// What a limiter says about a request, policy by policy.
#[derive(Clone)]
pub struct Verdict {
    policies: Policies,
    standings: [Standing; MAX_POLICIES],
    decision: Decision,
    is_degraded: bool,
    /// By the clock of the store.
    at: u64,
}

/// Where a key stands with one of its policies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyState<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it counts.
    pub kind: Kind,
    /// How many units a period has.
    pub limit: u32,
    /// How long a period is.
    pub period: Duration,
    /// How many units are left at this moment.
    pub remaining: u32,
    /// After how long all units are there again, if nobody takes any.
    pub reset: Duration,
    /// After how long this policy would let the same request pass: zero when it does, nothing when it never will.
    pub retry_after: Option<Duration>,
    /// Whether it may refuse nothing.
    pub is_shadow: bool,
}

impl PolicyState<'_> {
    /// Whether the request is too much for it.
    #[must_use]
    pub fn is_violated(&self) -> bool {
        self.retry_after != Some(Duration::ZERO)
    }
}

impl Verdict {
    /// The verdict that follows from where the key stands; the standings are in the order of the policies.
    pub(super) fn new(policies: &Policies, standings: [Standing; MAX_POLICIES], at: u64) -> Self {
        let waits = policies.rules().iter().zip(&standings);
        let longest = waits
            .filter(|(rule, _)| !rule.is_shadow)
            .map(|(_, standing)| standing.retry)
            .max();
        let decision = match longest {
            None | Some(0) => Decision::Allowed,
            Some(NEVER) => Decision::InsufficientCapacity,
            Some(micros) => Decision::Limited {
                retry_after: Duration::from_micros(micros),
            },
        };
        Self {
            policies: policies.clone(),
            standings,
            decision,
            is_degraded: false,
            at,
        }
    }

    /// The verdict of somebody who does not know where the key stands.
    pub(super) fn blind(policies: &Policies, retry_after: Duration) -> Self {
        let retry = u64::try_from(retry_after.as_micros()).unwrap_or(NEVER);
        let unknown = Standing {
            remaining: 0,
            reset: retry,
            retry,
            returned: 0,
        };
        Self::new(policies, [unknown; MAX_POLICIES], 0)
    }

    /// The same verdict of a share of these policies.
    pub(super) fn degraded(mut self, policies: &Policies, retry_after: Duration) -> Self {
        // What is too much for a share may pass when the store is back.
        if self.decision == Decision::InsufficientCapacity {
            self.decision = Decision::Limited { retry_after };
            let micros = u64::try_from(retry_after.as_micros()).unwrap_or(NEVER);
            for standing in &mut self.standings {
                standing.retry = standing.retry.min(micros);
            }
        }
        self.policies = policies.clone();
        self.is_degraded = true;
        self
    }

    /// What becomes of the request.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.decision
    }

    /// Whether the request passes.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.decision == Decision::Allowed
    }

    /// After how long the request would pass; nothing when it does, and when it never will.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self.decision {
            Decision::Limited { retry_after } => Some(retry_after),
            _ => None,
        }
    }

    /// Whether the store could not be asked, and [`Outage`](super::Outage) decided.
    #[must_use]
    pub const fn is_degraded(&self) -> bool {
        self.is_degraded
    }

    /// Where the key stands with each policy, in the order of the policies.
    pub fn states(&self) -> impl Iterator<Item = PolicyState<'_>> {
        let pairs = self.policies.rules().iter().zip(&self.standings);
        pairs.map(|(rule, standing)| state(rule, *standing))
    }

    /// The names of the policies that the request is too much for and that may refuse it.
    pub fn violated(&self) -> impl Iterator<Item = &str> {
        self.names(false)
    }

    /// The names of the shadow policies that the request is too much for.
    pub fn shadow_violated(&self) -> impl Iterator<Item = &str> {
        self.names(true)
    }

    fn names(&self, is_shadow: bool) -> impl Iterator<Item = &str> {
        let states = self.states();
        states
            .filter(move |state| state.is_shadow == is_shadow && state.is_violated())
            .map(|state| state.name)
    }

    /// The policy that is nearest to refusing, or that refuses for the longest; never a shadow one unless all are.
    #[must_use]
    pub fn most_restrictive(&self) -> PolicyState<'_> {
        let rank = |(rule, standing): &(&Rule, &Standing)| {
            let left = std::cmp::Reverse(standing.remaining);
            (!rule.is_shadow, standing.retry, left, standing.reset)
        };
        let pairs = self.policies.rules().iter().zip(&self.standings);
        let nothing = PolicyState {
            name: "",
            kind: Kind::Gcra,
            limit: 0,
            period: Duration::ZERO,
            remaining: 0,
            reset: Duration::ZERO,
            retry_after: Some(Duration::ZERO),
            is_shadow: true,
        };
        // There is at least one policy.
        pairs
            .max_by_key(rank)
            .map_or(nothing, |(rule, standing)| state(rule, *standing))
    }

    /// How many units are left for the policy that is nearest to refusing.
    #[must_use]
    pub fn remaining(&self) -> u32 {
        self.most_restrictive().remaining
    }

    /// After how long the policy that is nearest to refusing has all its units again.
    #[must_use]
    pub fn reset(&self) -> Duration {
        self.most_restrictive().reset
    }

    pub(super) const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// When the store decided, and until when what it counted shows, policy by policy; nothing where nothing was counted.
    pub(super) fn taken(&self) -> [Option<Taken>; MAX_POLICIES] {
        self.standings.map(|standing| {
            (self.is_allowed() && standing.retry == 0).then(|| Taken {
                at: self.at,
                until: self.at.saturating_add(standing.reset),
                returned: standing.returned,
            })
        })
    }
}

fn state(rule: &Rule, standing: Standing) -> PolicyState<'_> {
    PolicyState {
        name: &rule.name,
        kind: rule.rate.kind,
        limit: rule.rate.limit,
        period: Duration::from_micros(rule.rate.period),
        remaining: standing.remaining,
        reset: Duration::from_micros(standing.reset),
        retry_after: (standing.retry != NEVER).then(|| Duration::from_micros(standing.retry)),
        is_shadow: rule.is_shadow,
    }
}

impl fmt::Debug for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verdict")
            .field("decision", &self.decision)
            .field("is_degraded", &self.is_degraded)
            .field("states", &self.states().collect::<Vec<_>>())
            .finish()
    }
}
