//! When the first provider fails and when it heals.

use std::time::Duration;

use aurora_core::resilience::{Breaker, BreakerBuilder};
use aurora_core::time::Clock as _;

use super::switches::Switches;
use crate::jobs::observe::Judgement;
use crate::state::AppState;

/// The times of the story.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Script {
    /// From the start to the first outage.
    pub(crate) begins: Duration,
    /// How long an outage lasts.
    pub(crate) lasts: Duration,
    /// From the beginning of one outage to the beginning of the next.
    pub(crate) every: Duration,
    /// Over which time the alert rule judges.
    window: Duration,
    /// How long the circuit stays open at first, and at most.
    open: (Duration, Duration),
}

/// What becomes of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It begins to fail.
    Breaks,
    /// It works again.
    Heals,
}

impl Script {
    /// An outage from 20 s to 50 s, and again every two minutes.
    pub(crate) const STORY: Self = Self {
        begins: Duration::from_secs(20),
        lasts: Duration::from_secs(30),
        every: Duration::from_secs(120),
        window: Duration::from_secs(8),
        open: (Duration::from_secs(3), Duration::from_secs(6)),
    };

    /// The same at four times the pace, for whoever cannot wait.
    pub(crate) const FAST: Self = Self {
        begins: Duration::from_secs(5),
        lasts: Duration::from_secs(8),
        every: Duration::from_secs(30),
        window: Duration::from_secs(4),
        open: (Duration::from_secs(1), Duration::from_secs(2)),
    };

    /// Light traffic must be enough, and a minute is too long for a story of one.
    pub(crate) const fn judgement(&self) -> Judgement {
        Judgement {
            window: self.window,
            minimum_calls: 3,
        }
    }

    pub(super) fn breaker(&self) -> BreakerBuilder {
        let (first, cap) = self.open;
        Breaker::builder().consecutive(3).open_for(first, cap)
    }

    /// Breaks and heals the first provider until the app stops.
    pub(super) async fn play(&self, switches: &Switches, state: &AppState) {
        let story = async {
            state.clock.sleep(self.begins).await;
            loop {
                switches.play(Turn::Breaks);
                state.clock.sleep(self.lasts).await;
                switches.play(Turn::Heals);
                state.clock.sleep(self.every.saturating_sub(self.lasts)).await;
            }
        };
        tokio::select! {
            () = state.stop.cancelled() => {}
            () = story => {}
        }
    }
}
