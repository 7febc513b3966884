//! Targets that come, change and go while calls run.

use std::sync::{Arc, PoisonError};

use super::builder::MAX_TARGETS;
use super::error::{Error, ErrorKind};
use super::member::{Member, Mode};
use super::statistics::{Statistics, TargetStatus};
use super::target::Target;
use super::{Fallback, Inner};

impl<T> Fallback<T> {
    /// Adds a target; calls that begin from now on know it.
    ///
    /// # Errors
    /// [`ErrorKind::Duplicate`] when there is one of this name, [`ErrorKind::Full`] when there are 1,000,
    /// [`ErrorKind::Settings`] when it has no name.
    pub fn register(&self, target: Target<T>) -> Result<(), Error> {
        if target.facts.name.is_empty() {
            return Err(Error::new(ErrorKind::Settings, "a target needs a name"));
        }
        self.inner.change(|inner, members| {
            let name = &target.facts.name;
            if members.iter().any(|member| member.name() == name) {
                let detail = format!("there is a target named {name:?} already");
                return Err(Error::new(ErrorKind::Duplicate, detail));
            }
            if members.len() >= MAX_TARGETS {
                return Err(Error::new(
                    ErrorKind::Full,
                    format!("at most {MAX_TARGETS} targets"),
                ));
            }
            members.push(inner.admit(target));
            Ok(())
        })
    }

    /// Replaces priority, weight, cost and payload of the target of this name. What was learned of it stays: circuit,
    /// counts, retry budget. Calls under way keep the old payload.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] when there is none of this name.
    pub fn update(&self, target: Target<T>) -> Result<(), Error> {
        self.inner.change(|_, members| {
            let name = target.facts.name.as_str();
            let Some(member) = members.iter_mut().find(|member| member.name() == name) else {
                return Err(Error::unknown(name));
            };
            let health = Arc::clone(&member.health);
            *member = Arc::new(Member { target, health });
            Ok(())
        })
    }

    /// Takes a target away. Calls under way may still use it; no later call does.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] when there is none of this name.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        self.inner.change(|_, members| {
            let before = members.len();
            members.retain(|member| member.name() != name);
            if members.len() == before {
                return Err(Error::unknown(name));
            }
            Ok(())
        })
    }

    /// Says whether a target shall be called: takes it out by hand, or back in. Calls that begin from now on know it.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] when there is none of this name.
    pub fn set_mode(&self, name: &str, mode: Mode) -> Result<(), Error> {
        self.member(name)?.health.set_mode(mode);
        self.inner.changed.notify_one();
        Ok(())
    }

    /// The targets' names, by priority and then in the order of their registration.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.inner
            .members()
            .iter()
            .map(|member| member.name().to_owned())
            .collect()
    }

    /// Where each target stands, by priority and then in the order of their registration.
    #[must_use]
    pub fn status(&self) -> Vec<TargetStatus> {
        let (members, now) = (self.inner.members(), self.inner.clock.now());
        members
            .iter()
            .map(|member| TargetStatus::of(member, &self.inner.monitor, now))
            .collect()
    }

    /// How the calls went, and where each target stands.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        self.inner.calls.statistics(self.status())
    }

    /// Closes every circuit and forgets every count, latency and check. Modes stay, as does what the monitor has.
    pub fn reset(&self) {
        for member in &*self.inner.members() {
            member.health.reset();
        }
        self.inner.calls.reset();
        self.inner.changed.notify_one();
    }

    /// As [`reset`](Self::reset), for one target.
    ///
    /// # Errors
    /// [`ErrorKind::Unknown`] when there is none of this name.
    pub fn reset_target(&self, name: &str) -> Result<(), Error> {
        self.member(name)?.health.reset();
        self.inner.changed.notify_one();
        Ok(())
    }

    fn member(&self, name: &str) -> Result<Arc<Member<T>>, Error> {
        let members = self.inner.members();
        let member = members.iter().find(|member| member.name() == name);
        member.map(Arc::clone).ok_or_else(|| Error::unknown(name))
    }
}

impl<T> Inner<T> {
    /// The targets as they are now; the list itself never changes.
    pub(super) fn members(&self) -> Arc<[Arc<Member<T>>]> {
        Arc::clone(&self.targets.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn place(&self, mut members: Vec<Arc<Member<T>>>) {
        members.sort_by_key(|member| member.facts().priority); // stable: equal priorities keep their order
        *self.targets.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(members);
    }

    fn change(
        &self,
        act: impl FnOnce(&Self, &mut Vec<Arc<Member<T>>>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut targets = self.targets.write().unwrap_or_else(PoisonError::into_inner);
        let mut members = targets.to_vec();
        act(self, &mut members)?;
        members.sort_by_key(|member| member.facts().priority);
        *targets = Arc::from(members);
        drop(targets);
        self.changed.notify_one();
        Ok(())
    }
}
