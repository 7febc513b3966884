//! The limiter that all replicas share.

use async_trait::async_trait;

use super::RateLimiter;
use super::error::{Error, ErrorKind};
use super::policy::{Kind, MAX_POLICIES, Policies, Rule};
use super::rate::{NEVER, Standing};
use super::reservation::Adjustment;
use super::subject::Subject;
use super::verdict::Verdict;
use crate::redis::{Answer, Arg, Redis, Script};
use crate::redis::{Error as RedisError, ErrorKind as RedisKind};

/// Limits that all replicas share, in Redis or Valkey from version 6.2; clones share their connection.
///
/// A check is one script, which runs as a whole, on the server's clock alone: no clock of a replica has a part in it.
/// The keys of one subject live on one node of a cluster, and go by themselves when nothing is used any more.
///
/// It only says what the server says: a server that cannot be asked is an error. [`Limiter`](super::Limiter) decides
/// then. A script whose answer was lost may have counted and is never sent again.
#[derive(Debug, Clone)]
pub struct RedisLimiter {
    redis: Redis,
    take: Script,
    settle: Script,
    /// The time in place of the server's. Keys do not expire then, because they would by another clock.
    #[cfg(test)]
    pub(super) foreign_now: Option<u64>,
}

impl RedisLimiter {
    /// A limiter whose keys begin with `limit:` after the prefix of the handle.
    #[must_use]
    pub fn new(redis: &Redis) -> Self {
        Self {
            redis: redis.clone(),
            take: Script::new(include_str!("take.lua")),
            settle: Script::new(include_str!("settle.lua")),
            #[cfg(test)]
            foreign_now: None,
        }
    }

    fn now(&self) -> Arg {
        #[cfg(test)]
        if let Some(now) = self.foreign_now {
            return now.into();
        }
        "".into()
    }

    async fn run(&self, script: &Script, keys: &[String], args: &[Arg]) -> Result<Answer, Error> {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.redis.run(script, &keys, args).await.map_err(unanswered)
    }
}

#[async_trait]
impl RateLimiter for RedisLimiter {
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error> {
        let mut keys = Vec::with_capacity(policies.count());
        let mut args = vec![self.now()];
        for rule in policies.rules() {
            keys.push(key(subject, rule));
            args.extend(measures(rule));
            let units = rule.units(cost);
            args.push(if units > rule.rate.most() {
                "-1".into()
            } else {
                measured(rule, units).into()
            });
            args.push(u32::from(!rule.is_shadow).into());
        }
        let answer = self.run(&self.take, &keys, &args).await?;
        verdict(policies, &answer).ok_or_else(|| Error::new(ErrorKind::Protocol))
    }

    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error> {
        let mut keys = Vec::new();
        let mut args = vec![self.now()];
        for (rule, movement) in adjustment.movements() {
            keys.push(key(&adjustment.subject, rule));
            args.extend(measures(rule));
            args.push(measured(rule, movement.back).into());
            args.push(measured(rule, movement.extra).into());
            args.push(movement.taken.at.into());
            args.push(movement.taken.until.into());
            args.push(movement.taken.returned.into());
        }
        if !keys.is_empty() {
            self.run(&self.settle, &keys, &args).await?;
        }
        Ok(())
    }
}

/// The hash tag comes first, and a subject holds no brace; the kind is part of the key, since the kinds keep different
/// things.
fn key(subject: &Subject, rule: &Rule) -> String {
    format!("limit:{{{}}}:{}:{}", subject.as_str(), letter(rule), rule.name)
}

const fn letter(rule: &Rule) -> &'static str {
    match rule.rate.kind {
        Kind::Gcra => "g",
        Kind::SlidingLog => "l",
    }
}

fn measures(rule: &Rule) -> [Arg; 3] {
    let room = match rule.rate.kind {
        Kind::Gcra => rule.rate.capacity,
        Kind::SlidingLog => u64::from(rule.rate.limit),
    };
    [letter(rule).into(), room.into(), rule.rate.period.into()]
}

/// Units in the measure of the room, at most one more than that.
fn measured(rule: &Rule, units: u32) -> u64 {
    match rule.rate.kind {
        Kind::Gcra => rule.rate.time_of(units).min(rule.rate.capacity.saturating_add(1)),
        Kind::SlidingLog => u64::from(units.min(rule.rate.limit.saturating_add(1))),
    }
}

fn verdict(policies: &Policies, answer: &Answer) -> Option<Verdict> {
    let mut numbers = answer.as_list()?.iter().map(Answer::as_integer);
    let now = u64::try_from(numbers.next()??).ok()?;
    let mut standings = [Standing::default(); MAX_POLICIES];
    for (rule, standing) in policies.rules().iter().zip(&mut standings) {
        let (wait, used) = (numbers.next()??, numbers.next()??);
        let (reset, returned) = (numbers.next()??, numbers.next()??);
        *standing = Standing {
            remaining: rule.rate.remaining(u64::try_from(used).ok()?),
            reset: u64::try_from(reset).ok()?,
            retry: if wait == -1 {
                NEVER
            } else {
                u64::try_from(wait).ok()?
            },
            returned: u64::try_from(returned).ok()?,
        };
    }
    numbers
        .next()
        .is_none()
        .then(|| Verdict::new(policies, standings, now))
}

fn unanswered(error: RedisError) -> Error {
    let kind = match error.kind() {
        RedisKind::Timeout | RedisKind::Lost => ErrorKind::Timeout,
        RedisKind::Refused | RedisKind::InvalidCommand => ErrorKind::Refused,
        RedisKind::Protocol => ErrorKind::Protocol,
        _ => ErrorKind::Unavailable,
    };
    Error::with_source(kind, error)
}
