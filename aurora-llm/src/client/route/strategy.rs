//! In which order the targets of one call are tried.

use aurora_core::fallback::{ByPriority, Candidate, LowestCost, LowestLatency, Selection, Weighted};
use aurora_core::rng::Random;
use serde::{Deserialize, Serialize};

/// In which order the targets of a call are tried.
///
/// Within a list of targets (an alias, or a rule that names targets) [`Priority`](Self::Priority) is the order of the
/// list; all others take the whole list as one priority. Elsewhere every strategy begins with the targets' priorities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Strategy {
    /// By priority, then in the order in which they were added; in a list, in its order.
    #[default]
    Priority,
    /// At random by [`LlmTarget::weight`](crate::client::LlmTarget::weight): of two targets with weights 3 and 1 the first
    /// gets three calls of four.
    Weighted,
    /// By how long answers took of late (of streams: until the commit point), times the calls under way. Of two targets
    /// drawn at random the better one goes first, so that the fastest is not buried.
    LowestLatency,
    /// By what this request would cost; targets without a price come last.
    LowestCost,
}

/// What a route knows of one member of the set, by its place there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Slot {
    pub(super) wanted: bool,
    /// Whether the conversation fits by estimate.
    pub(super) roomy: bool,
    /// Which target it is a key of.
    pub(super) target: u32,
    /// Which of its keys.
    pub(super) key: u32,
    /// How many keys there are.
    pub(super) keys: u32,
    /// Lower is tried first.
    pub(super) tier: u32,
    /// Its place in the list of an alias or rule.
    pub(super) listed: u32,
    pub(super) weight: u32,
    /// Of the target's name, the same in every process.
    pub(super) hash: u64,
    pub(super) cost: Option<u64>,
}

/// The order of one call.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) slots: Vec<Slot>,
    pub(super) strategy: Strategy,
    /// Hash of what the call sticks by.
    pub(super) sticky: Option<u64>,
}

impl Order {
    pub(super) fn slot(&self, place: usize) -> Slot {
        self.slots.get(place).copied().unwrap_or_default()
    }

    fn of(&self, candidate: &Candidate<'_>) -> Slot {
        self.slot(candidate.place())
    }

    /// Leaves one candidate for each target, and gives the targets' other keys.
    ///
    /// Which key is first is drawn anew for each call, or stays for what sticks, so that calls spread over all keys.
    fn one_key_each<'a>(&self, candidates: &mut Vec<Candidate<'a>>, random: &Random) -> Vec<Candidate<'a>> {
        if candidates.iter().all(|candidate| self.of(candidate).keys <= 1) {
            return Vec::new();
        }
        let turn = self.sticky.unwrap_or_else(|| random.below(1 << 32));
        candidates.sort_by_key(|candidate| {
            let slot = self.of(candidate);
            let keys = u64::from(slot.keys.max(1));
            (slot.target, (u64::from(slot.key) + keys - turn % keys) % keys)
        });
        let (mut others, mut last) = (Vec::new(), None);
        for candidate in std::mem::take(candidates) {
            let target = self.of(&candidate).target;
            let list = if last == Some(target) {
                &mut others
            } else {
                &mut *candidates
            };
            list.push(candidate);
            last = Some(target);
        }
        candidates.sort_by_key(|candidate| {
            let slot = self.of(candidate);
            (slot.listed, candidate.place())
        });
        others
    }

    fn with_other_keys<'a>(&self, candidates: &mut Vec<Candidate<'a>>, others: Vec<Candidate<'a>>) {
        let mut others = others.into_iter().map(Some).collect::<Vec<_>>();
        for first in std::mem::take(candidates) {
            let target = self.of(&first).target;
            candidates.push(first);
            // Sorted by target, so each is found without looking at all of them.
            let of = |candidate: &Option<Candidate<'_>>| candidate.as_ref().map(|c| self.of(c).target);
            let from = others.iter().position(|candidate| of(candidate) == Some(target));
            let mine = others.iter_mut().skip(from.unwrap_or(usize::MAX));
            for other in mine.take_while(|other| of(other) == Some(target)) {
                candidates.extend(other.take());
            }
        }
    }

    /// By the highest draw that belongs to text and target alone: a target that is away moves its own texts and no others,
    /// and one that is back gets them back ("rendezvous hashing").
    fn stick(&self, candidates: &mut [Candidate<'_>], text: u64) {
        let ring = |candidate: &Candidate<'_>| {
            let slot = self.of(candidate);
            let unit = ((mixed(slot.hash ^ text) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64;
            match slot.weight {
                0 => f64::INFINITY,
                weight => -unit.ln() / f64::from(weight),
            }
        };
        candidates.sort_by(|one, other| {
            let by_ring = || ring(one).total_cmp(&ring(other));
            one.priority().cmp(&other.priority()).then_with(by_ring)
        });
    }
}

impl Selection for Order {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, random: &Random) {
        for candidate in &mut *candidates {
            let slot = self.of(candidate);
            candidate.set_priority(slot.tier);
            candidate.set_cost(slot.cost);
        }
        candidates.sort_by_key(|candidate| self.of(candidate).listed);
        let others = self.one_key_each(candidates, random);
        match (self.strategy, self.sticky) {
            (Strategy::Priority, _) => ByPriority.order(candidates, random),
            (Strategy::Weighted, None) => Weighted.order(candidates, random),
            (Strategy::LowestLatency, None) => LowestLatency.order(candidates, random),
            (Strategy::LowestCost, None) => LowestCost.order(candidates, random),
            (Strategy::Weighted | Strategy::LowestLatency, Some(text)) => self.stick(candidates, text),
            (Strategy::LowestCost, Some(text)) => {
                self.stick(candidates, text);
                LowestCost.order(candidates, random);
            }
        }
        if candidates.iter().any(|candidate| !self.of(candidate).roomy) {
            candidates.sort_by_key(|candidate| !self.of(candidate).roomy);
        }
        if !others.is_empty() {
            self.with_other_keys(candidates, others);
        }
    }
}

/// A hash that is the same in every process and version: what sticks, sticks for all instances (FNV-1a, 64 bit).
pub(super) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Spreads every bit over all others, which FNV alone does not (the finaliser of `SplitMix64`).
const fn mixed(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
