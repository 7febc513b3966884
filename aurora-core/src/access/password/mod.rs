//! Passwords: argon2id behind a bounded queue, and which ones may be chosen.
//!
//! One [`Passwords`] serves the whole process. It works on at most as many hashes at a time as its permits allow, each
//! on a thread for blocking work, so that a flood of logins takes neither all processors nor all memory; who comes
//! when the queue is full is told when to come back. A user who does not exist costs the same work as one who does.
//!
//! # Examples
//! ```
//! use aurora_core::access::password::{Passwords, Rules, Verdict};
//! use aurora_core::secret::Secret;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let passwords = Passwords::builder().build()?;
//! let chosen = Secret::new("três pratos de trigo");
//! Rules::default().check(&chosen, &["ana@example.com", "Clínica Aurora"])?;
//! let stored = passwords.hash(&chosen).await?;
//!
//! assert_eq!(passwords.verify(&chosen, Some(&stored)).await?, Verdict::Accepted);
//! assert_eq!(passwords.verify(&Secret::new("guess"), Some(&stored)).await?, Verdict::Refused);
//! assert_eq!(passwords.verify(&chosen, None).await?, Verdict::Refused, "nobody of that name: same work");
//! # Ok(()) }
//! ```

mod guesses;
mod permits;
mod rules;
mod strength;

use std::fmt;
use std::sync::Arc;

pub use rules::{BreachedList, Rules, Weakness};
pub use strength::{PasswordHash, Strength};

use self::permits::Permits;
use super::{Error, entropy};
use crate::secret::Secret;
use crate::time::{Clock, SystemClock};

/// Characters that a new password has at least.
pub const SHORTEST: usize = 8;
/// Characters that a password has at most; a longer one is never right.
pub const LONGEST: usize = 256;
const MOST_PERMITS: usize = 64;

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Verdict {
    /// The right one.
    Accepted,
    /// The right one, and its hash is less than the policy asks for: hash it anew and store that.
    AcceptedMakeAnew,
    /// A wrong one, or nobody of that name.
    Refused,
}

impl Verdict {
    /// Whether the password is the right one.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        !matches!(self, Self::Refused)
    }
}

/// Hashes and verifies passwords; clones share permits and queue.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    strength: Strength,
    permits: Permits,
    /// MiB that one hash may take, so that all of them stay within the limit.
    memory_each: u32,
    dummy: PasswordHash,
    clock: Arc<dyn Clock>,
}

impl Passwords {
    /// With a strength of 19 MiB and 2 passes, half as many permits as processors (and no more than the memory is for),
    /// 50 places in the queue and 256 MiB.
    pub fn builder() -> PasswordsBuilder {
        PasswordsBuilder {
            strength: Strength::default(),
            permits: None,
            queue: 50,
            memory_mib: 256,
            clock: Arc::new(SystemClock),
        }
    }

    /// The strength of new hashes.
    #[must_use]
    pub fn strength(&self) -> Strength {
        self.inner.strength
    }

    /// Hashes a new password exactly as it was received: no normalisation, no trimming.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](super::ErrorKind::Invalid) outside of 8 to 256 characters, `Busy` when the queue is
    /// full.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it gives its place back. A hash that has begun runs to its end, some 30 ms, and keeps
    /// its permit until then.
    pub async fn hash(&self, password: &Secret) -> Result<PasswordHash, Error> {
        let length = password.expose().chars().count();
        if !(SHORTEST..=LONGEST).contains(&length) {
            return Err(Error::invalid("a password has 8 to 256 characters"));
        }
        let (strength, password) = (self.inner.strength, password.clone());
        self.run(move || {
            let salt = entropy::random::<{ strength::SALT }>()?;
            let output = strength.derive(password.expose().as_bytes(), &salt)?;
            strength.phc(&salt, &output)
        })
        .await
    }

    /// Verifies a password exactly as it was received, against nothing when there is no such user.
    ///
    /// The answer for nobody, for a wrong password and for one that is too long takes the work of one hash at the
    /// policy's strength. The stored hashes of a stronger or weaker policy take another time until they are made anew.
    ///
    /// # Errors
    /// `Busy` when the queue is full, `Corrupt` when the stored hash asks for more memory than one hash may take.
    ///
    /// # Cancel safety
    /// As with [`Passwords::hash`].
    pub async fn verify(&self, password: &Secret, stored: Option<&PasswordHash>) -> Result<Verdict, Error> {
        let fits = password.expose().len() <= LONGEST * 4 && password.expose().chars().count() <= LONGEST;
        let against = stored.filter(|_| fits);
        let hash = against.unwrap_or(&self.inner.dummy).clone();
        self.check_memory(hash.strength())?;
        let policy = self.inner.strength;
        let is_real = against.is_some();
        let password = if fits { password.clone() } else { Secret::new("") };
        self.run(move || {
            let output = hash.derive_same(password.expose().as_bytes())?;
            let same = entropy::same(&output, &hash.output);
            Ok(match (same && is_real, hash.is_below(policy)) {
                (true, true) => Verdict::AcceptedMakeAnew,
                (true, false) => Verdict::Accepted,
                (false, _) => Verdict::Refused,
            })
        })
        .await
    }

    /// What is stored must not take more memory than the permits were counted for.
    pub(super) fn check_memory(&self, strength: Strength) -> Result<(), Error> {
        if strength.memory_mib() > self.inner.memory_each {
            return Err(Error::corrupt(
                "a stored hash takes more memory than one hash may",
            ));
        }
        Ok(())
    }

    /// Does heavy work with a permit that returns when the work ends, whoever still waits for it.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let permit = self.inner.permits.enter().await?;
        let inner = Arc::clone(&self.inner);
        let done = tokio::task::spawn_blocking(move || {
            let begun = inner.clock.elapsed();
            let result = work();
            inner.permits.took(inner.clock.elapsed().saturating_sub(begun));
            drop(permit);
            result
        });
        done.await
            .map_err(|_| Error::internal("a password hash did not come to its end"))?
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("strength", &self.inner.strength)
            .field("permits", &self.inner.permits)
            .finish_non_exhaustive()
    }
}

/// Settings of [`Passwords`].
#[derive(Debug, Clone)]
#[must_use]
pub struct PasswordsBuilder {
    strength: Strength,
    permits: Option<usize>,
    queue: usize,
    memory_mib: u32,
    clock: Arc<dyn Clock>,
}

impl PasswordsBuilder {
    /// The strength of new hashes. Default 19 MiB, 2 passes.
    pub fn strength(mut self, strength: Strength) -> Self {
        self.strength = strength;
        self
    }

    /// How many hashes are worked on at a time, 1 to 64. Default half the processors, as far as the memory reaches.
    pub fn permits(mut self, permits: usize) -> Self {
        self.permits = Some(permits);
        self
    }

    /// How many callers may wait, 0 to 1,000. Default 50.
    pub fn queue(mut self, queue: usize) -> Self {
        self.queue = queue;
        self
    }

    /// Memory of all hashes that are worked on, in MiB: at least permits × memory of one. Default 256.
    pub fn memory_mib(mut self, memory_mib: u32) -> Self {
        self.memory_mib = memory_mib;
        self
    }

    /// The clock by which work is measured, to tell who finds the queue full when to come back.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Everything that is out of its range.
    pub fn build(self) -> Result<Passwords, Error> {
        let mut problems = Vec::new();
        let permits = self.permits.unwrap_or_else(|| {
            let processors = std::thread::available_parallelism().map_or(1, usize::from);
            default_permits(processors, self.memory_mib / self.strength.memory_mib().max(1))
        });
        if !(1..=MOST_PERMITS).contains(&permits) {
            problems.push("permits must be 1 to 64".to_owned());
        }
        if self.queue > 1_000 {
            problems.push("queue must be at most 1000".to_owned());
        }
        let each = u32::try_from(permits).unwrap_or(u32::MAX).max(1);
        let needed = self.strength.memory_mib().saturating_mul(each);
        if self.memory_mib < needed {
            problems.push(format!(
                "memory_mib must be at least {needed}: permits × memory of one hash"
            ));
        }
        if !problems.is_empty() {
            return Err(Error::invalid(problems.join("; ")));
        }
        let salt = entropy::random::<{ strength::SALT }>()?;
        let output = entropy::random::<32>()?;
        Ok(Passwords {
            inner: Arc::new(Inner {
                strength: self.strength,
                permits: Permits::new(permits, self.queue),
                memory_each: self.memory_mib / each,
                dummy: self.strength.phc(&salt, &output)?,
                clock: self.clock,
            }),
        })
    }
}

/// Half the processors, and no more than the memory is enough for.
fn default_permits(processors: usize, hashes_in_memory: u32) -> usize {
    let fitting = usize::try_from(hashes_in_memory).unwrap_or(MOST_PERMITS);
    (processors / 2).min(fitting).clamp(1, MOST_PERMITS)
}

#[cfg(test)]
mod tests;
