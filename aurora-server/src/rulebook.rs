//! The alert rules in force: those that the server begins with, and what people have changed of them while it runs.
//!
//! What people wrote is kept with the alert engine, so that it outlives the process and all replicas work by it. A rule is
//! written with the keys of the rule files (`aurora_alerts::file`) as a JSON object.

mod faults;
mod kept;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aurora_alerts::file::definition;
use aurora_alerts::route::Routing;
use aurora_alerts::{AlertEngine, Error, ErrorKind, Rule};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(crate) use faults::Faults;
pub(crate) use kept::{in_force, of_rules, parse};
use kept::{key, read, written};

/// What people have said about one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Grows with each change.
    pub(crate) version: i64,
    /// Whether the rule is in force.
    pub(crate) enabled: bool,
    /// The rule as it was written; `None` where only a built-in one was switched off or on.
    pub(crate) rule: Option<Map<String, Value>>,
    /// Who changed it last.
    pub(crate) changed_by: String,
    /// When.
    pub(crate) changed_at: Timestamp,
}

/// One rule with what people have said about it.
#[derive(Debug, Clone)]
pub(crate) struct Listed {
    pub(crate) rule: Rule,
    /// Whether the server begins with a rule of this name.
    pub(crate) is_built_in: bool,
    pub(crate) entry: Option<Entry>,
    /// The rule that the server begins with, as a rule file would say it.
    pub(crate) begun: Option<Map<String, Value>>,
    /// The entry as it is kept.
    kept: Option<String>,
}

impl Listed {
    /// 1 where nobody has changed it.
    pub(crate) fn version(&self) -> i64 {
        self.entry.as_ref().map_or(1, |entry| entry.version)
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.entry.as_ref().is_none_or(|entry| entry.enabled)
    }
}

/// Why a change was refused.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// There is no rule of that name.
    NotFound,
    /// There is one of that name already.
    Exists,
    /// Somebody was faster; this is the version now.
    Stale(i64),
    /// The server begins with it, so that it can be switched off and not taken away.
    BuiltIn,
    /// It makes no sense by itself.
    Wrong(Faults),
    /// It makes no sense beside the others, or cannot be kept.
    Alerts(Error),
}

impl From<Faults> for Refusal {
    fn from(faults: Faults) -> Self {
        Self::Wrong(faults)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Alerts(error)
    }
}

/// The rules; a cheap handle.
#[derive(Clone)]
pub(crate) struct Rulebook {
    inner: Arc<Inner>,
}

struct Inner {
    engine: AlertEngine,
    base: Vec<Rule>,
    /// Those of `base` that a rule file can say, by name.
    begun: BTreeMap<String, Map<String, Value>>,
    routing: Routing,
    /// One change at a time in this process; between processes the kept text decides.
    turn: tokio::sync::Mutex<()>,
    /// One trial of rules at a time: it takes a whole processor.
    trials: Arc<Semaphore>,
    /// What was kept when the rules in force were made.
    applied: Mutex<BTreeMap<String, String>>,
}

impl Rulebook {
    /// The rules of an engine that was built with `base`, and with what is kept already where `is_applied`.
    pub(crate) fn new(engine: AlertEngine, base: Vec<Rule>, is_applied: bool) -> Self {
        let applied = if is_applied {
            of_rules(&engine.kept())
        } else {
            BTreeMap::new()
        };
        let begun = base
            .iter()
            .filter_map(|rule| Some((rule.name().to_owned(), definition(rule)?)));
        let inner = Inner {
            begun: begun.collect(),
            base,
            routing: engine.routing(),
            turn: tokio::sync::Mutex::new(()),
            trials: Arc::new(Semaphore::new(1)),
            applied: Mutex::new(applied),
            engine,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Every rule, in force or not, by name.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let kept = of_rules(&self.inner.engine.kept());
        let mut all: BTreeMap<String, Listed> = BTreeMap::new();
        for rule in &self.inner.base {
            let listed = Listed {
                rule: rule.clone(),
                is_built_in: true,
                entry: None,
                begun: self.inner.begun.get(rule.name()).cloned(),
                kept: None,
            };
            all.insert(rule.name().to_owned(), listed);
        }
        for (name, text) in kept {
            let Some(entry) = read(&name, &text) else { continue };
            let (rule, listed) = match (written(&entry), all.remove(&name)) {
                (Some(Ok(rule)), listed) => (rule, listed),
                (None, Some(listed)) => (listed.rule.clone(), Some(listed)),
                (_, listed) => {
                    all.extend(listed.map(|listed| (name, listed)));
                    continue;
                }
            };
            let listed = Listed {
                rule,
                is_built_in: listed.is_some(),
                entry: Some(entry),
                begun: listed.and_then(|listed| listed.begun),
                kept: Some(text),
            };
            all.insert(name, listed);
        }
        all.into_values().collect()
    }

    pub(crate) fn get(&self, name: &str) -> Option<Listed> {
        self.list().into_iter().find(|listed| listed.rule.name() == name)
    }

    /// Takes a new rule.
    pub(crate) async fn create(
        &self,
        definition: Map<String, Value>,
        enabled: bool,
        (by, at): (&str, Timestamp),
    ) -> Result<Listed, Refusal> {
        let _turn = self.inner.turn.lock().await;
        let rule = parse(&definition)?;
        // What cannot be read counts as nothing, and may be replaced.
        let before = of_rules(&self.inner.engine.kept()).remove(rule.name());
        if self.get(rule.name()).is_some() {
            return Err(Refusal::Exists);
        }
        let entry = Entry {
            version: 1,
            enabled,
            rule: Some(definition),
            changed_by: by.to_owned(),
            changed_at: at,
        };
        match self.keep(rule, false, before, entry).await {
            Err(Refusal::Stale(_) | Refusal::NotFound) => Err(Refusal::Exists),
            kept => kept,
        }
    }

    /// Puts another rule in the place of one, also of a built-in one.
    pub(crate) async fn replace(
        &self,
        name: &str,
        expected: i64,
        definition: Map<String, Value>,
        (by, at): (&str, Timestamp),
    ) -> Result<Listed, Refusal> {
        let _turn = self.inner.turn.lock().await;
        let listed = self.expect(name, expected)?;
        let mut definition = definition;
        definition.insert("name".to_owned(), json!(name));
        let rule = parse(&definition)?;
        let entry = Entry {
            version: listed.version() + 1,
            enabled: listed.is_enabled(),
            rule: Some(definition),
            changed_by: by.to_owned(),
            changed_at: at,
        };
        self.keep(rule, listed.is_built_in, listed.kept, entry).await
    }

    /// Puts a rule in force or out of it.
    pub(crate) async fn switch(
        &self,
        name: &str,
        enabled: bool,
        said: (&str, Timestamp),
    ) -> Result<Listed, Refusal> {
        let _turn = self.inner.turn.lock().await;
        match self.try_switch(name, enabled, said).await {
            // Another replica changed something else of it meanwhile: that stays.
            Err(Refusal::Stale(_)) => self.try_switch(name, enabled, said).await,
            switched => switched,
        }
    }

    async fn try_switch(
        &self,
        name: &str,
        enabled: bool,
        (by, at): (&str, Timestamp),
    ) -> Result<Listed, Refusal> {
        let listed = self.get(name).ok_or(Refusal::NotFound)?;
        if listed.is_enabled() == enabled {
            return Ok(listed);
        }
        let entry = Entry {
            version: listed.version() + 1,
            enabled,
            rule: listed.entry.and_then(|entry| entry.rule),
            changed_by: by.to_owned(),
            changed_at: at,
        };
        self.keep(listed.rule, listed.is_built_in, listed.kept, entry)
            .await
    }

    /// Takes a rule away; of a built-in one what people have changed of it.
    pub(crate) async fn remove(&self, name: &str, expected: i64) -> Result<(), Refusal> {
        let _turn = self.inner.turn.lock().await;
        let listed = self.expect(name, expected)?;
        if listed.entry.is_none() {
            return Err(Refusal::BuiltIn);
        }
        let gone = self.inner.engine.exchange(&key(name), listed.kept, None).await;
        gone.map_err(|error| self.refused(name, error))?;
        Ok(self.apply().await?)
    }

    /// The right to try rules out; `None` while somebody else does.
    pub(crate) fn trial(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.inner.trials).try_acquire_owned().ok()
    }

    /// Works by what is kept, where that has changed, also by another replica.
    ///
    /// # Errors
    /// `Unavailable` when the store does not answer: the next call tries again.
    pub(crate) async fn follow(&self) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        self.apply().await
    }

    fn expect(&self, name: &str, expected: i64) -> Result<Listed, Refusal> {
        let listed = self.get(name).ok_or(Refusal::NotFound)?;
        if listed.version() == expected {
            Ok(listed)
        } else {
            Err(Refusal::Stale(listed.version()))
        }
    }

    /// Keeps an entry that fits to all the others in the place of the one that was read, and works by it.
    async fn keep(
        &self,
        rule: Rule,
        is_built_in: bool,
        before: Option<String>,
        entry: Entry,
    ) -> Result<Listed, Refusal> {
        let inner = &self.inner;
        let text = serde_json::to_string(&entry).unwrap_or_default();
        let mut kept = of_rules(&inner.engine.kept());
        kept.insert(rule.name().to_owned(), text.clone());
        inner
            .engine
            .check(in_force(&inner.base, &kept), inner.routing.clone())?;
        let kept = inner
            .engine
            .exchange(&key(rule.name()), before, Some(text.clone()))
            .await;
        kept.map_err(|error| self.refused(rule.name(), error))?;
        self.apply().await?;
        Ok(Listed {
            begun: inner.begun.get(rule.name()).cloned(),
            rule,
            is_built_in,
            entry: Some(entry),
            kept: Some(text),
        })
    }

    /// Why a change was not kept; another replica may have been faster.
    fn refused(&self, name: &str, error: Error) -> Refusal {
        match error.kind() {
            ErrorKind::Conflict => self
                .get(name)
                .map_or(Refusal::NotFound, |listed| Refusal::Stale(listed.version())),
            _ => Refusal::Alerts(error),
        }
    }

    async fn apply(&self) -> Result<(), Error> {
        let inner = &self.inner;
        let kept = of_rules(&inner.engine.kept());
        if *inner.applied.lock().unwrap_or_else(PoisonError::into_inner) == kept {
            return Ok(());
        }
        let rules = in_force(&inner.base, &kept);
        match inner.engine.reload(rules, inner.routing.clone()).await {
            Ok(()) => {}
            // Kept by another version, or before a receiver went away: what was in force stays.
            Err(error) if error.kind() == ErrorKind::Invalid => {
                tracing::error!(%error, "kept rules make no sense together and are not in force");
            }
            Err(error) => return Err(error),
        }
        *inner.applied.lock().unwrap_or_else(PoisonError::into_inner) = kept;
        Ok(())
    }
}

impl fmt::Debug for Rulebook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rulebook")
            .field("base", &self.inner.base.len())
            .finish_non_exhaustive()
    }
}
