//! What happens in this process, as events that can be listened to and looked up: the last of them in a ring.
//!
//! Every event has an id that rises by one. A listener holds nothing but the id that it has come to, so that however many
//! listen and however slowly they read, nothing but the ring is kept. Ids begin with the microseconds at which the
//! process began: those of an earlier run are older than all of this one, and whoever resumes from there is told of
//! the gap.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::{BTreeMap, VecDeque};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aurora_core::time::{Clock, Timestamp};
use aurora_crm::workspaces::WorkspaceId;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use utoipa::ToSchema;

use super::Places;

/// How many events are kept.
pub(crate) const KEPT: usize = 2_000;
/// Most listeners at a time.
pub(crate) const LISTENERS: usize = 256;
/// Of a kind that may come in floods, the most in one second; the rest is counted.
const BURST: u32 = 20;

/// How much an event matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EventLevel)]
pub(crate) enum Level {
    /// The course of things.
    Info,
    /// Somebody should look.
    Warning,
    /// Something failed.
    Error,
}

impl FromStr for Level {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "info" => Ok(Self::Info),
            "warning" => Ok(Self::Warning),
            "error" => Ok(Self::Error),
            _ => Err(()),
        }
    }
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub(crate) struct Event {
    /// Rises with every event; where a listener goes on.
    pub(crate) id: u64,
    /// When (RFC 3339, UTC).
    #[schema(value_type = String, format = DateTime)]
    pub(crate) at: Timestamp,
    /// What, in two words: `alert.fired`, `delivery.failed`, `provider.state`, `request.failed`.
    #[schema(value_type = String, example = "alert.fired")]
    pub(crate) kind: Cow<'static, str>,
    /// How much it matters.
    pub(crate) level: Level,
    /// The workspace in which it happened; null where it concerns the installation.
    #[schema(value_type = Option<String>)]
    pub(crate) workspace: Option<WorkspaceId>,
    /// The particulars, by kind.
    #[schema(value_type = Object)]
    pub(crate) data: Value,
}

/// Whose events somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Those of the installation, and those of this workspace.
    Installation(WorkspaceId),
    /// Those of this workspace.
    Workspace(WorkspaceId),
}

/// Which events somebody wants.
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    pub(crate) sight: Sight,
    /// Kinds, or their first word; none is all.
    pub(crate) kinds: Vec<String>,
    /// Not below it.
    pub(crate) least: Level,
}

impl Filter {
    pub(crate) fn wants(&self, event: &Event) -> bool {
        let sees = match (self.sight, event.workspace) {
            (Sight::Installation(_), None) => true,
            (Sight::Installation(own) | Sight::Workspace(own), Some(of)) => own == of,
            (Sight::Workspace(_), None) => false,
        };
        let is = |kind: &String| {
            let rest = event.kind.strip_prefix(kind.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        sees && event.level >= self.least && (self.kinds.is_empty() || self.kinds.iter().any(is))
    }
}

/// What a listener hears.
#[derive(Debug)]
pub(crate) enum Heard {
    Event(Arc<Event>),
    /// What came after this id is no longer kept; it goes on with what is.
    Gap {
        after: u64,
    },
    /// It fell behind so far that it is cut off.
    Overrun {
        after: u64,
    },
}

/// Takes events and hands them out; a cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    inner: Arc<Inner>,
    /// For those who listen.
    pub(crate) places: Places,
}

#[derive(Debug)]
struct Inner {
    ring: Mutex<Ring>,
    newest: watch::Sender<u64>,
    clock: Arc<dyn Clock>,
}

#[derive(Debug)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    next: u64,
    bursts: BTreeMap<&'static str, Burst>,
}

/// How many of a kind came in one second, and how many were left out.
#[derive(Debug, Clone, Copy, Default)]
struct Burst {
    second: i64,
    count: u32,
    left_out: u64,
}

impl Ring {
    fn oldest(&self) -> u64 {
        self.events.front().map_or(self.next, |event| event.id)
    }

    /// Those after `id`; `None` where some of them are gone.
    fn after(&self, id: u64) -> Option<impl Iterator<Item = &Arc<Event>>> {
        let skipped = id.saturating_add(1).checked_sub(self.oldest())?;
        Some(
            self.events
                .iter()
                .skip(usize::try_from(skipped).unwrap_or(usize::MAX)),
        )
    }
}

impl Bus {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let next = u64::try_from(clock.now().as_micros()).unwrap_or(0).max(1);
        let ring = Ring {
            events: VecDeque::new(),
            next,
            bursts: BTreeMap::new(),
        };
        let inner = Inner {
            ring: Mutex::new(ring),
            newest: watch::channel(next.saturating_sub(1)).0,
            clock,
        };
        Self {
            inner: Arc::new(inner),
            places: Places::of_callers(LISTENERS),
        }
    }

    /// Tells everybody who listens; never waits.
    pub(crate) fn publish(
        &self,
        workspace: Option<WorkspaceId>,
        kind: impl Into<Cow<'static, str>>,
        level: Level,
        data: Value,
    ) {
        let at = self.inner.clock.now();
        self.push(&mut self.ring(), (at, workspace, kind.into(), level, data));
    }

    /// The same for a kind that may come in floods: beyond twenty a second they are counted, and the next one that is told
    /// has the count as `left_out`.
    pub(crate) fn publish_some(&self, kind: &'static str, level: Level, mut data: Value) {
        let at = self.inner.clock.now();
        let mut ring = self.ring();
        let burst = ring.bursts.entry(kind).or_default();
        if burst.second != at.as_secs() {
            burst.second = at.as_secs();
            burst.count = 0;
        }
        if burst.count >= BURST {
            burst.left_out = burst.left_out.saturating_add(1);
            return;
        }
        burst.count += 1;
        let left_out = std::mem::take(&mut burst.left_out);
        if left_out > 0
            && let Some(object) = data.as_object_mut()
        {
            object.insert("left_out".to_owned(), json!(left_out));
        }
        self.push(&mut ring, (at, None, Cow::Borrowed(kind), level, data));
    }

    fn push(
        &self,
        ring: &mut Ring,
        (at, workspace, kind, level, data): (Timestamp, Option<WorkspaceId>, Cow<'static, str>, Level, Value),
    ) {
        let id = ring.next;
        ring.next += 1;
        if ring.events.len() >= KEPT {
            ring.events.pop_front();
        }
        let event = Event {
            id,
            at,
            kind,
            level,
            workspace,
            data,
        };
        ring.events.push_back(Arc::new(event));
        self.inner.newest.send_replace(id);
    }

    /// Everything from now on, or from after an event on.
    pub(crate) fn subscribe(&self, filter: Filter, after: Option<u64>) -> Listener {
        let ring = self.ring();
        let newest = ring.next.saturating_sub(1);
        let (gap, cursor) = match after {
            None => (None, newest),
            // Of a run before this one, of another server, or so long ago that what followed is gone.
            Some(after) if after > newest => (Some(after), newest),
            Some(after) if ring.after(after).is_none() => (Some(after), ring.oldest().saturating_sub(1)),
            Some(after) => (None, after),
        };
        drop(ring);
        Listener {
            bus: self.clone(),
            news: self.inner.newest.subscribe(),
            filter,
            cursor,
            gap,
        }
    }

    /// What is kept, the newest first: below an id, since a time, at most `most`.
    pub(crate) fn log(
        &self,
        filter: &Filter,
        before: Option<u64>,
        since: Option<Timestamp>,
        most: usize,
    ) -> Vec<Arc<Event>> {
        let ring = self.ring();
        let events = ring.events.iter().rev();
        events
            .filter(|event| before.is_none_or(|before| event.id < before))
            .take_while(|event| since.is_none_or(|since| event.at >= since))
            .filter(|event| filter.wants(event))
            .take(most)
            .cloned()
            .collect()
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.inner.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who listens.
#[derive(Debug)]
pub(crate) struct Listener {
    bus: Bus,
    news: watch::Receiver<u64>,
    filter: Filter,
    cursor: u64,
    gap: Option<u64>,
}

impl Listener {
    /// Waits for what is new. After [`Heard::Overrun`] there is nothing more to wait for.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future.
    pub(crate) async fn next(&mut self) -> Heard {
        if let Some(after) = self.gap.take() {
            return Heard::Gap { after };
        }
        loop {
            self.news.mark_unchanged();
            if let Some(heard) = self.look() {
                return heard;
            }
            // The sender lives in the bus that this listener holds.
            drop(self.news.changed().await);
        }
    }

    fn look(&mut self) -> Option<Heard> {
        let ring = self.bus.ring();
        let Some(events) = ring.after(self.cursor) else {
            return Some(Heard::Overrun { after: self.cursor });
        };
        for event in events {
            self.cursor = event.id;
            if self.filter.wants(event) {
                return Some(Heard::Event(Arc::clone(event)));
            }
        }
        None
    }
}
