//! A part of the memory, with its share of the keys.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::ledger::Ledger;
use super::policy::Policies;
use super::reservation::Adjustment;
use super::subject::Subject;
use super::verdict::Verdict;

/// How many keys are looked at, with each new one, for such that are unused again.
const SWEEP: usize = 4;

/// How many keys are compared when one has to go.
const SAMPLE: usize = 64;

/// A bounded table of keys.
#[derive(Debug)]
pub(super) struct Shard {
    most: usize,
    index: HashMap<Arc<str>, usize>,
    slots: Vec<Slot>,
    /// Where the next look begins.
    hand: usize,
}

#[derive(Debug)]
struct Slot {
    subject: Arc<str>,
    ledger: Ledger,
}

impl Shard {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            index: HashMap::new(),
            slots: Vec::new(),
            hand: 0,
        }
    }

    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    pub(super) fn check(&mut self, subject: &Subject, policies: &Policies, now: u64, cost: u32) -> Verdict {
        if let Some(ledger) = self.known(subject) {
            return ledger.check(policies, now, cost);
        }
        let mut ledger = Ledger::default();
        let verdict = ledger.check(policies, now, cost);
        if cost == 0 || ledger.empty_at() <= now {
            return verdict; // nothing to remember
        }
        if let Err(wait) = self.make_room(now) {
            return Verdict::blind(policies, Duration::from_micros(wait));
        }
        self.keep(subject, ledger);
        verdict
    }

    /// A key that was forgotten has nothing to put back, and counts what is taken on top, if there is room.
    pub(super) fn adjust(&mut self, adjustment: &Adjustment, now: u64) {
        if let Some(ledger) = self.known(&adjustment.subject) {
            return ledger.adjust(adjustment, now);
        }
        let takes = adjustment.movements().any(|(_, movement)| movement.extra > 0);
        if takes && self.make_room(now).is_ok() {
            let mut ledger = Ledger::default();
            ledger.adjust(adjustment, now);
            self.keep(&adjustment.subject, ledger);
        }
    }

    fn keep(&mut self, subject: &Subject, ledger: Ledger) {
        let subject: Arc<str> = subject.as_str().into();
        self.index.insert(Arc::clone(&subject), self.slots.len());
        self.slots.push(Slot { subject, ledger });
    }

    fn known(&mut self, subject: &Subject) -> Option<&mut Ledger> {
        let at = *self.index.get(subject.as_str())?;
        self.slots.get_mut(at).map(|slot| &mut slot.ledger)
    }

    /// Makes room for one more, or says how long there will be none.
    fn make_room(&mut self, now: u64) -> Result<(), u64> {
        for _ in 0..SWEEP.min(self.slots.len()) {
            let at = self.next();
            if self
                .slots
                .get(at)
                .is_some_and(|slot| slot.ledger.empty_at() <= now)
            {
                self.remove(at);
            }
        }
        if self.slots.len() < self.most {
            return Ok(());
        }
        let mut soonest = u64::MAX;
        let mut victim: Option<(u32, u64, usize)> = None;
        for _ in 0..SAMPLE.min(self.slots.len()) {
            let at = self.next();
            let Some(Slot { ledger, .. }) = self.slots.get(at) else {
                continue;
            };
            let empty_at = ledger.empty_at();
            if empty_at <= now {
                self.remove(at);
                return Ok(());
            }
            match ledger.exhausted_for(now) {
                0 => {
                    let candidate = (ledger.pressure(now), empty_at, at);
                    victim = Some(victim.map_or(candidate, |best| best.min(candidate)));
                }
                wait => soonest = soonest.min(wait),
            }
        }
        let (_, _, at) = victim.ok_or(soonest)?;
        self.remove(at);
        Ok(())
    }

    fn next(&mut self) -> usize {
        let at = if self.hand < self.slots.len() {
            self.hand
        } else {
            0
        };
        self.hand = at + 1;
        at
    }

    fn remove(&mut self, at: usize) {
        let gone = self.slots.swap_remove(at);
        self.index.remove(&gone.subject);
        if let Some(moved) = self.slots.get(at)
            && let Some(place) = self.index.get_mut(&moved.subject)
        {
            *place = at;
        }
        // The one that came here has not been looked at.
        self.hand = at;
    }
}
