//! Who is asked, and the report that everybody shares.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::run::{self, Entry};
use super::{Criticality, Error, ErrorKind, HealthCheck, Report, Status};
use crate::time::{Clock, SystemClock};

/// Most checks of one registry: each is a component in metrics.
const MAX_CHECKS: usize = 256;

/// How often a caller waits for a run that somebody else ended.
const MAX_RUNS: usize = 3;

/// Runs the checks and keeps their report for a moment; clones share it.
#[derive(Clone)]
pub struct HealthRegistry {
    inner: Arc<Inner>,
}

impl HealthRegistry {
    /// A registry without checks, which is always well.
    #[must_use]
    pub fn builder() -> HealthRegistryBuilder {
        HealthRegistryBuilder {
            checks: Vec::new(),
            clock: Arc::new(SystemClock),
            time_limit: Duration::from_secs(1),
            fresh_for: Duration::from_secs(2),
        }
    }

    /// The state of everything: the last report while it is fresh, else that of a run which all callers share.
    ///
    /// While the process drains this is the last report at once, and nothing is asked any more.
    ///
    /// # Panics
    /// Outside of a Tokio runtime, because the checks are tasks.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the run to itself: its report is there for whoever asks next. It ends with the last
    /// handle of the registry.
    pub async fn report(&self) -> Arc<Report> {
        for _ in 0..MAX_RUNS {
            let mut answer = {
                let mut state = self.inner.state();
                if state.draining {
                    return state.last_words();
                }
                if let Some(report) = state.fresh(&self.inner) {
                    return report;
                }
                match &state.run {
                    Some(run) if run.answer.has_changed().is_ok() => run.answer.clone(),
                    _ => self.inner.begin(&mut state),
                }
            };
            // A run that was replaced, or whose runtime is gone, gives no answer; then there is another one.
            if let Ok(report) = answer.wait_for(Option::is_some).await
                && let Some(report) = report.as_ref()
            {
                let report = Arc::clone(report);
                let mut state = self.inner.state();
                return if state.draining {
                    state.last_words()
                } else {
                    report
                };
            }
        }
        Arc::new(Report {
            status: Status::Down,
            draining: false,
            components: Vec::new(),
        })
    }

    /// Adds a check while the process runs; the next report has it.
    ///
    /// # Errors
    /// When another check has the name, the name cannot be a label, or there are 256 checks already.
    pub fn register(&self, criticality: Criticality, check: impl HealthCheck) -> Result<(), Error> {
        let mut state = self.inner.state();
        admit(&mut state.entries, criticality, Box::new(check))?;
        state.begin_anew();
        Ok(())
    }

    /// Removes a check, and says whether there was one of this name.
    #[expect(
        clippy::must_use_candidate,
        reason = "who removes a check need not care whether it was there"
    )]
    pub fn remove(&self, name: &str) -> bool {
        let mut state = self.inner.state();
        let before = state.entries.len();
        state.entries.retain(|entry| entry.name() != name);
        let was_there = state.entries.len() < before;
        if was_there {
            state.begin_anew();
            run::forget(name);
        }
        was_there
    }

    /// Makes the process unready from now on: the first thing to do when it is about to stop.
    pub fn drain(&self) {
        let mut state = self.inner.state();
        state.draining = true;
        state.run = None;
    }

    /// Whether [`drain`](Self::drain) was called.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.inner.state().draining
    }
}

impl fmt::Debug for HealthRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.state();
        f.debug_struct("HealthRegistry")
            .field("checks", &state.entries)
            .field("draining", &state.draining)
            .finish_non_exhaustive()
    }
}

/// Collects checks and settings for a [`HealthRegistry`].
#[derive(Debug)]
pub struct HealthRegistryBuilder {
    checks: Vec<(Criticality, Box<dyn HealthCheck>)>,
    clock: Arc<dyn Clock>,
    time_limit: Duration,
    fresh_for: Duration,
}

impl HealthRegistryBuilder {
    /// Adds a check.
    #[must_use]
    pub fn check(mut self, criticality: Criticality, check: impl HealthCheck) -> Self {
        self.checks.push((criticality, Box::new(check)));
        self
    }

    /// Time that a check may take; a check's own limit can only be shorter (1 s).
    #[must_use]
    pub fn time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Time for which a report is kept (2 s).
    #[must_use]
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.fresh_for = fresh_for;
        self
    }

    /// The clock for limits, ages and times of checks (the system's).
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the registry.
    ///
    /// # Errors
    /// As [`HealthRegistry::register`], for the first check that cannot be added.
    pub fn build(self) -> Result<HealthRegistry, Error> {
        let mut entries = Vec::new();
        for (criticality, check) in self.checks {
            admit(&mut entries, criticality, check)?;
        }
        let state = State {
            entries,
            ..State::default()
        };
        Ok(HealthRegistry {
            inner: Arc::new(Inner {
                clock: self.clock,
                time_limit: self.time_limit,
                fresh_for: self.fresh_for,
                state: Mutex::new(state),
            }),
        })
    }
}

fn admit(
    entries: &mut Vec<Arc<Entry>>,
    criticality: Criticality,
    check: Box<dyn HealthCheck>,
) -> Result<(), Error> {
    let allowed = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.' | b':')
    };
    let name = check.name().to_owned();
    let kind = if !(1..=64).contains(&name.len()) || !name.bytes().all(allowed) {
        ErrorKind::Name
    } else if entries.iter().any(|entry| entry.name() == name) {
        ErrorKind::Duplicate
    } else if entries.len() >= MAX_CHECKS {
        ErrorKind::TooMany
    } else {
        entries.push(Arc::new(Entry::new(name, criticality, check)));
        return Ok(());
    };
    Err(Error { kind, name })
}

struct Inner {
    clock: Arc<dyn Clock>,
    time_limit: Duration,
    fresh_for: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: Vec<Arc<Entry>>,
    /// Counts changes of the entries: a run of earlier ones keeps no report.
    generation: u64,
    /// The last report and when it was made, in the clock's monotonic time.
    last: Option<(Duration, Arc<Report>)>,
    run: Option<Run>,
    draining: bool,
}

/// A run that is under way; it ends when this is dropped.
struct Run {
    answer: watch::Receiver<Option<Arc<Report>>>,
    task: AbortHandle,
}

impl Drop for Run {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    fn fresh(&self, inner: &Inner) -> Option<Arc<Report>> {
        let (made, report) = self.last.as_ref()?;
        (inner.clock.elapsed().saturating_sub(*made) < inner.fresh_for).then(|| Arc::clone(report))
    }

    /// The entries have changed.
    fn begin_anew(&mut self) {
        self.generation += 1;
        self.last = None;
        self.run = None;
    }

    /// What is told while the process drains.
    fn last_words(&mut self) -> Arc<Report> {
        let made = self.last.as_ref().map_or(Duration::ZERO, |(made, _)| *made);
        let report = match self.last.take() {
            Some((_, report)) if report.draining => report,
            last => Arc::new(Report {
                status: last.as_ref().map_or(Status::Ok, |(_, report)| report.status),
                draining: true,
                components: last.map_or_else(Vec::new, |(_, report)| report.components.clone()),
            }),
        };
        self.last = Some((made, Arc::clone(&report)));
        report
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a run of its own, which outlives whoever asked for it and ends with the registry.
    fn begin(self: &Arc<Self>, state: &mut State) -> watch::Receiver<Option<Arc<Report>>> {
        let (tell, answer) = watch::channel(None);
        let (entries, generation) = (state.entries.clone(), state.generation);
        let (clock, limit) = (Arc::clone(&self.clock), self.time_limit);
        let registry: Weak<Self> = Arc::downgrade(self);
        let task = tokio::spawn(async move {
            let report = Arc::new(run::all(&entries, &clock, limit).await);
            if let Some(inner) = registry.upgrade() {
                let mut state = inner.state();
                if state.generation == generation && !state.draining {
                    state.last = Some((inner.clock.elapsed(), Arc::clone(&report)));
                }
            }
            tell.send_replace(Some(report));
        });
        state.run = Some(Run {
            answer: answer.clone(),
            task: task.abort_handle(),
        });
        answer
    }
}
