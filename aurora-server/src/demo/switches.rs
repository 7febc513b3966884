//! What breaks and heals the providers of the demo: the story, and whoever looks at it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Clock;
use aurora_llm::providers::simulated::{SimulatedControl, Step};

use super::script::Turn;
use super::{Console, Words};

/// What a provider that is broken answers to every call.
const FAILS_WITH: u16 = 503;

/// The switches of all providers; a cheap handle.
///
/// A provider fails while the story or somebody wants it to. Whoever heals it, heals it of both.
#[derive(Clone)]
pub(crate) struct Switches {
    inner: Arc<Inner>,
}

struct Inner {
    switches: Vec<Switch>,
    teller: Teller,
}

struct Switch {
    target: &'static str,
    control: SimulatedControl,
    wanted: Mutex<Wanted>,
}

/// Who wants a provider to fail.
#[derive(Debug, Clone, Copy, Default)]
struct Wanted {
    by_story: bool,
    by_hand: bool,
}

impl Wanted {
    const fn is_broken(self) -> bool {
        self.by_story || self.by_hand
    }
}

/// Tells each turn in the terminal, with the time since the start.
#[derive(Clone)]
pub(super) struct Teller {
    console: Console,
    words: Words,
    clock: Arc<dyn Clock>,
    started: Duration,
}

impl Teller {
    /// The time of the story begins now.
    pub(super) fn new(console: Console, words: Words, clock: &Arc<dyn Clock>) -> Self {
        Self {
            console,
            words,
            clock: Arc::clone(clock),
            started: clock.elapsed(),
        }
    }

    fn turn(&self, target: &str, turn: Turn) {
        let elapsed = self.clock.elapsed().saturating_sub(self.started);
        self.console.line(&self.words.event(elapsed, target, turn));
    }
}

impl Switches {
    /// The switches of these providers, the first of which the story is about.
    pub(super) fn new(
        controls: impl IntoIterator<Item = (&'static str, SimulatedControl)>,
        teller: Teller,
    ) -> Self {
        let switches = controls.into_iter().map(|(target, control)| Switch {
            target,
            control,
            wanted: Mutex::default(),
        });
        Self {
            inner: Arc::new(Inner {
                switches: switches.collect(),
                teller,
            }),
        }
    }

    /// The names of the providers.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.inner.switches.iter().map(|switch| switch.target)
    }

    /// Whether a provider is made to fail; `None` when there is none of this name.
    pub(crate) fn is_broken(&self, target: &str) -> Option<bool> {
        Some(self.find(target)?.wanted().is_broken())
    }

    /// Breaks or heals a provider because somebody wants it so; again and again does no more. `None` when there is none of
    /// this name, else whether it fails now.
    pub(crate) fn turn(&self, target: &str, turn: Turn) -> Option<bool> {
        let switch = self.find(target)?;
        self.change(switch, |wanted| match turn {
            Turn::Breaks => Wanted {
                by_hand: true,
                ..wanted
            },
            Turn::Heals => Wanted::default(),
        });
        Some(turn == Turn::Breaks)
    }

    /// The next turn of the story: what somebody broke by hand stays broken.
    pub(super) fn play(&self, turn: Turn) {
        if let Some(switch) = self.inner.switches.first() {
            self.change(switch, |wanted| Wanted {
                by_story: turn == Turn::Breaks,
                ..wanted
            });
        }
    }

    fn find(&self, target: &str) -> Option<&Switch> {
        self.inner.switches.iter().find(|switch| switch.target == target)
    }

    fn change(&self, switch: &Switch, change: impl FnOnce(Wanted) -> Wanted) {
        if let Some(turn) = switch.change(change) {
            self.inner.teller.turn(switch.target, turn);
        }
    }
}

impl Switch {
    fn wanted(&self) -> Wanted {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What turn that was; `None` when nothing changed.
    fn change(&self, change: impl FnOnce(Wanted) -> Wanted) -> Option<Turn> {
        // Held until the provider knows of it, so that two who turn at once leave both of the same mind.
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let was_broken = wanted.is_broken();
        *wanted = change(*wanted);
        match (was_broken, wanted.is_broken()) {
            (false, true) => {
                self.control.break_with(Step::status(FAILS_WITH));
                Some(Turn::Breaks)
            }
            (true, false) => {
                self.control.heal();
                Some(Turn::Heals)
            }
            _ => None,
        }
    }
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switches")
            .field("targets", &self.targets().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::time::SystemClock;

    use super::*;

    #[test]
    fn a_provider_fails_while_the_story_or_somebody_wants_it_to() {
        let lines: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&lines);
        let console = Console::new(move |line| heard.lock().unwrap().push(line.to_owned()));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let controls = ["sim-a", "sim-b"].map(|target| (target, SimulatedControl::default()));
        let switches = Switches::new(controls, Teller::new(console, Words::English, &clock));

        switches.play(Turn::Breaks);
        assert_eq!(switches.turn("sim-a", Turn::Breaks), Some(true));
        switches.play(Turn::Heals);
        assert_eq!(
            switches.is_broken("sim-a"),
            Some(true),
            "somebody wants it broken still"
        );
        assert_eq!(switches.turn("sim-a", Turn::Heals), Some(false));
        assert_eq!(switches.turn("sim-a", Turn::Heals), Some(false), "idempotent");

        switches.play(Turn::Breaks);
        switches.turn("sim-a", Turn::Heals);
        assert_eq!(switches.is_broken("sim-a"), Some(false), "of the story, too");
        assert_eq!(switches.is_broken("sim-b"), Some(false));
        assert_eq!(switches.turn("none", Turn::Breaks), None);

        let told = lines.lock().unwrap();
        let ends = ["begins to fail", "works again"];
        assert_eq!(told.len(), 4, "what changes nothing is not told: {told:?}");
        for (line, end) in told.iter().zip(ends.iter().cycle()) {
            assert!(line.contains("sim-a") && line.contains(end), "{line}");
        }
    }
}
