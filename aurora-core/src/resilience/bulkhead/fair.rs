//! Who gets a free slot: the tenant that has the fewest.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::resilience::gate::Rule;
use crate::resilience::shed::{Shed, ShedReason};

#[derive(Debug)]
pub(super) struct Fair {
    permits: usize,
    queue: usize,
    max_wait: Duration,
    in_use: usize,
    waiting: usize,
    /// Those alone who have a slot or wait: never more than slots and places in the queue.
    tenants: HashMap<Arc<str>, Tenant>,
    /// Who was pushed out of the queue and is to be told.
    pushed_out: Vec<u64>,
    turn: u64,
}

#[derive(Debug, Default)]
struct Tenant {
    in_use: usize,
    waiting: VecDeque<u64>,
    /// When it was last given a slot, or came anew, as the count of slots given.
    served: u64,
}

impl Fair {
    pub(super) fn new(permits: usize, queue: usize, max_wait: Duration) -> Self {
        Self {
            permits,
            queue,
            max_wait,
            in_use: 0,
            waiting: 0,
            tenants: HashMap::new(),
            pushed_out: Vec::new(),
            turn: 0,
        }
    }

    pub(super) const fn in_use(&self) -> usize {
        self.in_use
    }

    pub(super) const fn waiting(&self) -> usize {
        self.waiting
    }

    fn take(&mut self, key: &Arc<str>) {
        self.turn += 1;
        self.in_use += 1;
        let tenant = self.tenants.entry(Arc::clone(key)).or_default();
        tenant.in_use += 1;
        tenant.served = self.turn;
    }

    /// Makes room for one more of `key` by pushing out the newest of whoever has more in the queue.
    fn push_out(&mut self, key: &Arc<str>) -> bool {
        let mine = self.tenants.get(key).map_or(0, |tenant| tenant.waiting.len());
        let most = self
            .tenants
            .values_mut()
            .max_by_key(|tenant| tenant.waiting.len());
        // Only if it has more even then: two who have the same would push each other out for ever.
        let Some(most) = most.filter(|tenant| tenant.waiting.len() > mine + 1) else {
            return false;
        };
        let Some(newest) = most.waiting.pop_back() else {
            return false;
        };
        self.waiting -= 1;
        self.pushed_out.push(newest);
        true
    }

    fn forget(&mut self, key: &Arc<str>) {
        let idle = |tenant: &Tenant| tenant.in_use == 0 && tenant.waiting.is_empty();
        if self.tenants.get(key).is_some_and(idle) {
            self.tenants.remove(key);
        }
    }
}

impl Rule for Fair {
    type Key = Arc<str>;

    fn has_room(&self, _key: &Arc<str>) -> bool {
        self.in_use < self.permits
    }

    fn arrive(&mut self, _now: Duration, key: &Arc<str>, id: u64) -> Option<Result<(), Shed>> {
        // While there is a free slot nobody waits.
        if self.in_use < self.permits {
            self.take(key);
            return Some(Ok(()));
        }
        if self.waiting >= self.queue && !self.push_out(key) {
            return Some(Err(Shed::new(ShedReason::QueueFull, self.max_wait)));
        }
        self.waiting += 1;
        // Who comes anew is after those who wait already, or calls one at a time would pass a longer queue for ever;
        // and before whoever was given the newest slot.
        let newcomer = || Tenant {
            served: self.turn.saturating_sub(1),
            ..Tenant::default()
        };
        let tenant = self.tenants.entry(Arc::clone(key)).or_insert_with(newcomer);
        tenant.waiting.push_back(id);
        None
    }

    fn leave(&mut self, _now: Duration, key: &Arc<str>) {
        self.in_use = self.in_use.saturating_sub(1);
        if let Some(tenant) = self.tenants.get_mut(key) {
            tenant.in_use = tenant.in_use.saturating_sub(1);
        }
        self.forget(key);
    }

    fn abandon(&mut self, id: u64, key: &Arc<str>) {
        if let Some(tenant) = self.tenants.get_mut(key) {
            let before = tenant.waiting.len();
            tenant.waiting.retain(|waiting| *waiting != id);
            self.waiting -= before - tenant.waiting.len();
        }
        self.pushed_out.retain(|waiting| *waiting != id);
        self.forget(key);
    }

    fn next(&mut self, _now: Duration) -> Option<(u64, Result<(), Shed>)> {
        if let Some(id) = self.pushed_out.pop() {
            return Some((id, Err(Shed::new(ShedReason::QueueFull, self.max_wait))));
        }
        if self.in_use >= self.permits || self.waiting == 0 {
            return None;
        }
        let wait = self
            .tenants
            .iter_mut()
            .filter(|(_, tenant)| !tenant.waiting.is_empty());
        // Fewest slots first; then whoever was not served for longest; then whoever came first.
        let first = |tenant: &Tenant| (tenant.in_use, tenant.served, tenant.waiting.front().copied());
        let (key, tenant) = wait.min_by_key(|(_, tenant)| first(tenant))?;
        let id = tenant.waiting.pop_front()?;
        let key = Arc::clone(key);
        self.waiting -= 1;
        self.take(&key);
        Some((id, Ok(())))
    }
}
