//! Who posts what: alerts that fire and end, some of them twice.

use std::collections::BTreeMap;

use aurora_core::rng::Random;

use crate::processes::alert;
use crate::processes::ledger::Ledger;

/// How many alerts are in the middle of their lives at once.
const ALIVE: usize = 12;

#[derive(Debug)]
struct Life {
    name: String,
    severity: &'static str,
    fingerprint: String,
    /// How many changes there will be; few enough that it does not count as flapping.
    wanted: u64,
    accepted: u64,
    is_under_way: bool,
}

/// What was posted, and what comes next. What was not answered before the child was killed is posted again.
#[derive(Debug, Default)]
pub(crate) struct Script {
    lives: Vec<Life>,
    /// The lives that are not over.
    alive: Vec<usize>,
    /// Which post of which life is under way, by the number of its line.
    under_way: BTreeMap<u64, usize>,
    lines: u64,
    is_ending: bool,
}

impl Script {
    pub(crate) fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// How many lines were given to children.
    pub(crate) const fn posts(&self) -> u64 {
        self.lines
    }

    /// No new alerts from now on.
    pub(crate) const fn end(&mut self) {
        self.is_ending = true;
    }

    /// Whether everything was accepted.
    pub(crate) const fn is_over(&self) -> bool {
        self.is_ending && self.alive.is_empty()
    }

    /// How many changes of each alert were accepted.
    pub(crate) fn changes(&self) -> BTreeMap<String, u64> {
        let of = |life: &Life| (life.fingerprint.clone(), life.accepted);
        self.lives.iter().map(of).collect()
    }

    /// The next line for a child; none while every alert waits for an answer.
    pub(crate) fn next(&mut self, random: &Random, ledger: &Ledger) -> Option<String> {
        while !self.is_ending && self.alive.len() < ALIVE {
            self.be_born(random);
        }
        let idle: Vec<usize> = self
            .alive
            .iter()
            .copied()
            .filter(|index| !self.lives[*index].is_under_way)
            .collect();
        let most = u64::try_from(idle.len()).unwrap();
        let index = *idle.get(usize::try_from(random.below(most.max(1))).unwrap())?;
        let life = &mut self.lives[index];
        life.is_under_way = true;
        self.lines += 1;
        self.under_way.insert(self.lines, index);
        ledger.announce(&life.fingerprint, life.accepted + 1);
        let verb = if life.accepted.is_multiple_of(2) {
            "fire"
        } else {
            "end"
        };
        Some(format!("{} {verb} {} {}", self.lines, life.name, life.severity))
    }

    fn be_born(&mut self, random: &Random) {
        let name = format!("alert-{}", self.lives.len());
        let severity = ["critical", "warning", "info"][usize::try_from(random.below(3)).unwrap()];
        self.alive.push(self.lives.len());
        self.lives.push(Life {
            fingerprint: alert(&name, severity).fingerprint().to_string(),
            name,
            severity,
            wanted: 1 + random.below(4),
            accepted: 0,
            is_under_way: false,
        });
    }

    pub(crate) fn accepted(&mut self, line: u64) {
        let index = self.under_way.remove(&line).unwrap();
        let life = &mut self.lives[index];
        life.accepted += 1;
        life.is_under_way = false;
        if life.accepted == life.wanted {
            self.alive.retain(|alive| *alive != index);
        }
    }

    /// The child was killed before it answered the rest.
    pub(crate) fn unanswered(&mut self) {
        for index in std::mem::take(&mut self.under_way).into_values() {
            self.lives[index].is_under_way = false;
        }
    }
}
