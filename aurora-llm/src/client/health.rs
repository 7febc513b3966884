//! What is known to fail beside whole targets: keys, models, and keys for models. Nothing is kept of what is healthy.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::resilience::{Breaker, BreakerBuilder, BreakerState, Outcome, Permit};
use aurora_core::time::Clock;

use super::plan::{self, Holds, Said};
use super::target::Member;
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;

/// The most that is kept. Models come from requests, so that anybody could make up any number of them.
const MAX_CELLS: usize = 1_024;

/// For how long a failure is remembered that nothing followed.
const REMEMBERED: Duration = Duration::from_secs(300);

/// What can fail apart from a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Concern {
    provider: ProviderId,
    key: Option<usize>,
    model: Option<Arc<str>>,
}

/// What is known of one of them.
#[derive(Debug)]
struct Cell {
    breaker: Breaker,
    /// In microseconds of [`Clock::elapsed`].
    rests_until: AtomicU64,
    touched: AtomicU64,
}

/// A part of a provider that is held back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The provider instance.
    pub provider: ProviderId,
    /// The key, from 0; `None` is all of them.
    pub key: Option<usize>,
    /// The model, by the provider's own name; `None` is all of them.
    pub model: Option<String>,
    /// Where its circuit stands, as [`BreakerState::as_str`] names it; `held` also while a limit that the provider told
    /// is used up.
    pub state: &'static str,
    /// When it makes sense to ask again.
    pub retry_after: Duration,
}

/// What is known to fail; clones share it.
#[derive(Clone)]
pub(super) struct Health {
    shared: Arc<Shared>,
}

struct Shared {
    /// How many cells there are, so that nobody looks while all is well.
    count: AtomicUsize,
    cells: RwLock<HashMap<Concern, Arc<Cell>>>,
    breaker: BreakerBuilder,
    clock: Arc<dyn Clock>,
}

/// Leave to make one attempt, from everything that is known of it.
#[derive(Debug, Default)]
pub(super) struct Permits(Vec<(Concern, Permit)>);

impl Health {
    pub(super) fn new(breaker: BreakerBuilder, clock: Arc<dyn Clock>) -> Self {
        Self {
            shared: Arc::new(Shared {
                count: AtomicUsize::new(0),
                cells: RwLock::default(),
                breaker: breaker.clock(Arc::clone(&clock)),
                clock,
            }),
        }
    }

    /// Leave to ask `member` for `model`.
    ///
    /// # Errors
    /// For how long it may not be asked.
    pub(super) fn admit(&self, member: &Member, model: &str) -> Result<Permits, Duration> {
        if self.shared.count.load(Ordering::Acquire) == 0 {
            return Ok(Permits::default());
        }
        let now = self.shared.clock.elapsed();
        let found: Vec<(Concern, Arc<Cell>)> = {
            let cells = self.cells();
            let concerns = [Holds::Key, Holds::Model, Holds::KeyForModel].into_iter();
            concerns
                .filter_map(|holds| {
                    let concern = Concern::of(holds, member, model)?;
                    let cell = cells.get(&concern).map(Arc::clone)?;
                    Some((concern, cell))
                })
                .collect()
        };
        let mut permits = Permits::default();
        for (concern, cell) in found {
            if let Some(rest) = cell.rests(now) {
                return Err(rest);
            }
            match cell.breaker.try_acquire() {
                Ok(permit) => permits.0.push((concern, permit)),
                Err(rejected) => return Err(rejected.retry_after),
            }
        }
        Ok(permits)
    }

    /// Notes that `member` answered for what `permits` were given.
    pub(super) fn served(&self, permits: Permits, took: Duration) {
        let now = micros(self.shared.clock.elapsed());
        for (concern, permit) in permits.0 {
            permit.record(Outcome::Success, took);
            let is_over = self.cells().get(&concern).is_some_and(|cell| cell.is_idle(now));
            if is_over {
                self.forget(&concern);
            }
        }
    }

    /// Notes how `member` failed when it was asked for `model`.
    pub(super) fn failed(
        &self,
        member: &Member,
        model: &str,
        error: &Error,
        permits: Permits,
        took: Duration,
    ) {
        let is_own = model == member.model();
        let holds = match plan::row(error.kind(), Said::Nothing).holds {
            // The circuit of the target itself is told of its own model, and of what concerns all models.
            Holds::Target if is_own || plan::tells(error, is_own) != FailureClass::Rejected => return,
            Holds::Target => Holds::Model,
            holds => holds,
        };
        let Some(concern) = Concern::of(holds, member, model) else {
            return;
        };
        let class = match error.kind() {
            ErrorKind::ModelNotFound | ErrorKind::RegionBlocked => FailureClass::Credential,
            _ => error.class(),
        };
        let given = permits.0.into_iter().find(|(known, _)| *known == concern);
        let permit = match given {
            Some((_, permit)) => Some(permit),
            None => self.cell(concern).breaker.try_acquire().ok(),
        };
        if let Some(permit) = permit {
            permit.record(Outcome::Failed(class, error.retry_after()), took);
        }
    }

    /// Leaves `key` of `provider` alone for `model`, because one of its limits has nothing left.
    pub(super) fn rest(&self, provider: &ProviderId, key: usize, model: &str, wait: Duration) {
        let concern = Concern {
            provider: provider.clone(),
            key: Some(key),
            model: Some(Arc::from(model)),
        };
        let until = self.shared.clock.elapsed().saturating_add(wait);
        self.cell(concern)
            .rests_until
            .fetch_max(micros(until), Ordering::AcqRel);
    }

    /// Everything that is held back now, sorted.
    pub(super) fn held(&self) -> Vec<Held> {
        let now = self.shared.clock.elapsed();
        let mut held: Vec<Held> = self
            .cells()
            .iter()
            .filter_map(|(concern, cell)| {
                let (state, retry_after) = match (cell.rests(now), cell.breaker.state()) {
                    (Some(rest), _) => (BreakerState::Held, rest),
                    (None, BreakerState::Closed) => return None,
                    // A check of a circuit that is not closed gives nothing away: the permit goes back at once.
                    (None, state) => {
                        let wait = cell.breaker.try_acquire().err();
                        (
                            state,
                            wait.map_or(Duration::ZERO, |rejected| rejected.retry_after),
                        )
                    }
                };
                Some(Held {
                    provider: concern.provider.clone(),
                    key: concern.key,
                    model: concern.model.as_deref().map(str::to_owned),
                    state: state.as_str(),
                    retry_after,
                })
            })
            .collect();
        held.sort_by(|a, b| (&a.provider, a.key, &a.model).cmp(&(&b.provider, b.key, &b.model)));
        held
    }

    /// Forgets everything.
    pub(super) fn reset(&self) {
        let mut cells = self.shared.cells.write().unwrap_or_else(PoisonError::into_inner);
        cells.clear();
        self.shared.count.store(0, Ordering::Release);
    }

    /// Forgets what keeps calls from `member`.
    pub(super) fn reset_member(&self, member: &Member) {
        let mut cells = self.shared.cells.write().unwrap_or_else(PoisonError::into_inner);
        cells.retain(|concern, _| !concern.is_about(member));
        self.shared.count.store(cells.len(), Ordering::Release);
    }

    fn cells(&self) -> RwLockReadGuard<'_, HashMap<Concern, Arc<Cell>>> {
        self.shared.cells.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of `concern`, from now on something.
    fn cell(&self, concern: Concern) -> Arc<Cell> {
        let now = micros(self.shared.clock.elapsed());
        let mut cells = self.shared.cells.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&concern) {
            cell.touched.store(now, Ordering::Relaxed);
            return Arc::clone(cell);
        }
        if cells.len() >= MAX_CELLS {
            cells.retain(|_, cell| !cell.is_idle(now));
        }
        if cells.len() >= MAX_CELLS {
            // Keys as such are as many as were configured; it is models that somebody may have made up.
            let oldest = cells
                .iter()
                .filter(|(concern, _)| concern.model.is_some())
                .min_by_key(|(_, cell)| cell.touched.load(Ordering::Relaxed))
                .map(|(concern, _)| concern.clone());
            if let Some(oldest) = oldest {
                cells.remove(&oldest);
            }
        }
        let cell = Arc::new(Cell {
            breaker: self.shared.breaker.clone().build(),
            rests_until: AtomicU64::new(0),
            touched: AtomicU64::new(now),
        });
        cells.insert(concern, Arc::clone(&cell));
        self.shared.count.store(cells.len(), Ordering::Release);
        cell
    }

    fn forget(&self, concern: &Concern) {
        let mut cells = self.shared.cells.write().unwrap_or_else(PoisonError::into_inner);
        cells.remove(concern);
        self.shared.count.store(cells.len(), Ordering::Release);
    }
}

impl Permits {
    /// Notes that the answer has begun, after this time.
    pub(super) fn answered(&mut self, took: Duration) {
        for (_, permit) in &mut self.0 {
            permit.answered(took);
        }
    }
}

impl Concern {
    fn of(holds: Holds, member: &Member, model: &str) -> Option<Self> {
        let (key, model) = match holds {
            Holds::Nothing | Holds::Target => return None,
            Holds::Key => (Some(member.key()), None),
            Holds::Model => (None, Some(Arc::from(model))),
            Holds::KeyForModel => (Some(member.key()), Some(Arc::from(model))),
        };
        Some(Self {
            provider: member.provider_id().clone(),
            key,
            model,
        })
    }

    /// Whether `member` may be held back for it.
    fn is_about(&self, member: &Member) -> bool {
        self.provider == *member.provider_id()
            && self.key.is_none_or(|key| key == member.key())
            && self.model.as_deref().is_none_or(|model| member.serves(model))
    }
}

impl Cell {
    /// For how long it rests.
    fn rests(&self, now: Duration) -> Option<Duration> {
        let until = Duration::from_micros(self.rests_until.load(Ordering::Acquire));
        until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Whether nothing is held back and the last failure is long ago.
    fn is_idle(&self, now: u64) -> bool {
        let age = now.saturating_sub(self.touched.load(Ordering::Relaxed));
        age >= micros(REMEMBERED)
            && self.rests(Duration::from_micros(now)).is_none()
            && self.breaker.state() == BreakerState::Closed
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Debug for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Health")
            .field("cells", &self.shared.count)
            .finish_non_exhaustive()
    }
}
