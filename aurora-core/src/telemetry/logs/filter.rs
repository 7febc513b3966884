//! Which lines are wanted, changeable while the process runs.

use std::str::FromStr as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Filter};

use super::error::{Error, ErrorKind};

/// The level and the directives for single targets.
#[derive(Debug)]
pub(super) struct Wanted {
    /// Targets that the level is for.
    own: Vec<String>,
    now: RwLock<Now>,
    /// Whether this is the log of the process, which records of the `log` facade reach.
    is_installed: AtomicBool,
}

#[derive(Debug)]
struct Now {
    level: Level,
    directives: Vec<String>,
    targets: Targets,
}

impl Wanted {
    pub(super) fn new(own: Vec<String>, level: Level, directives: Vec<String>) -> Result<Self, Error> {
        let targets = targets(&own, level, &directives)?;
        Ok(Self {
            own,
            now: RwLock::new(Now {
                level,
                directives,
                targets,
            }),
            is_installed: AtomicBool::new(false),
        })
    }

    pub(super) fn installed(&self) {
        self.is_installed.store(true, Ordering::Relaxed);
    }

    pub(super) fn level(&self) -> Level {
        self.now.read().unwrap_or_else(PoisonError::into_inner).level
    }

    pub(super) fn change(&self, level: Level, directives: Option<Vec<String>>) -> Result<(), Error> {
        {
            let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
            let directives = directives.unwrap_or_else(|| now.directives.clone());
            let targets = targets(&self.own, level, &directives)?;
            *now = Now {
                level,
                directives,
                targets,
            };
        }
        // Each place that logs remembers whether anybody wants its lines.
        tracing::callsite::rebuild_interest_cache();
        if self.is_installed.load(Ordering::Relaxed) {
            // The facade has a highest level of its own, and drops what is above it before anybody is asked.
            log::set_max_level(as_log(LevelFilter::current()));
        }
        Ok(())
    }
}

/// Own targets at the level, libraries only when they have something to complain about (or at `trace`), and what the
/// directives say over both.
fn targets(own: &[String], level: Level, directives: &[String]) -> Result<Targets, Error> {
    let level = LevelFilter::from_level(level);
    let others = if level == LevelFilter::TRACE {
        level
    } else {
        level.min(LevelFilter::WARN)
    };
    let mut targets = Targets::new().with_default(others);
    for target in own {
        targets = targets.with_target(target.clone(), level);
    }
    let mut wrong = Vec::new();
    for directive in directives.iter().filter(|directive| !directive.trim().is_empty()) {
        match Targets::from_str(directive.trim()) {
            Ok(parsed) if directive.contains('=') => targets.extend(parsed),
            _ => wrong.push(format!("{directive:?}")),
        }
    }
    if wrong.is_empty() {
        return Ok(targets);
    }
    let text = format!(
        "no directive: {}; allowed is target=level with off, error, warn, info, debug or trace",
        wrong.join(", ")
    );
    Err(Error::new(ErrorKind::Invalid, text))
}

const fn as_log(level: LevelFilter) -> log::LevelFilter {
    match level {
        LevelFilter::OFF => log::LevelFilter::Off,
        LevelFilter::ERROR => log::LevelFilter::Error,
        LevelFilter::WARN => log::LevelFilter::Warn,
        LevelFilter::INFO => log::LevelFilter::Info,
        LevelFilter::DEBUG => log::LevelFilter::Debug,
        LevelFilter::TRACE => log::LevelFilter::Trace,
    }
}

/// The filter of the layer.
#[derive(Debug, Clone)]
pub(super) struct Wish(pub(super) Arc<Wanted>);

impl Wish {
    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        let now = self.0.now.read().unwrap_or_else(PoisonError::into_inner);
        now.targets.would_enable(metadata.target(), metadata.level())
    }
}

impl<S> Filter<S> for Wish {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        self.wants(metadata)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let now = self.0.now.read().unwrap_or_else(PoisonError::into_inner);
        Filter::<S>::max_level_hint(&now.targets)
    }
}
