//! A ledger in the process.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::page::{InvalidCursor, Page, PageRequest};
use aurora_core::time::{Clock, SystemClock, Timestamp};

use super::{
    Account, Amount, Balance, Decision, Entry, EntryId, EntryQuery, Error, ErrorKind, GroupBy, Ledger,
    Reservation, Standing, Swept, UsageQuery, UsageRow, YOUNGEST_SWEPT, check, period,
};
use crate::client::Task;

/// How many entries are kept unless told.
const ENTRIES: usize = 10_000;
/// How many accounts are counted in at the same time.
const MOST_ACCOUNTS: usize = 100_000;
/// How many rows of totals are kept: one for each day, caller, provider and model.
const MOST_TOTALS: usize = 100_000;

/// A ledger in the process; clones share it, and its end is the end of what it knows.
///
/// It keeps the last 10,000 entries, or as many as told, and totals by day in up to 100,000 rows, the oldest of which go
/// first. An entry that is booked again is recognised as long as it is kept. It counts in up to 100,000 accounts at a
/// time; beyond that hard budgets of further callers refuse ([`ErrorKind::Full`]) and soft ones are not counted.
///
/// # Examples
/// ```
/// use aurora_llm::ledger::{Budget, BudgetScope, Budgets, MemoryLedger, Period};
///
/// let ledger = MemoryLedger::new();
/// let budgets = Budgets::new(ledger.clone())
///     .budget(Budget::cost(BudgetScope::Tenant, Period::Day, "5".parse()?));
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Clone)]
pub struct MemoryLedger {
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    balances: HashMap<Account, Balance>,
    holds: HashMap<Owned, Hold>,
    expiring: BTreeSet<(Duration, Owned)>,
    entries: VecDeque<Entry>,
    booked: HashSet<Owned>,
    totals: BTreeMap<Key, UsageRow>,
}

/// Tenant and id.
type Owned = (Arc<str>, EntryId);

struct Hold {
    accounts: Vec<Account>,
    amount: Amount,
    expires: Duration,
}

/// Day, tenant, user, key, provider, model and task; the oldest day is first.
type Key = (i64, [Arc<str>; 5], Task);

impl Default for MemoryLedger {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryLedger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self {
            state: Arc::default(),
            clock: Arc::new(SystemClock),
            capacity: ENTRIES,
        }
    }

    /// Keeps this many entries, 1 to 1,000,000.
    #[must_use]
    pub fn capacity(mut self, entries: usize) -> Self {
        self.capacity = entries.clamp(1, 1_000_000);
        self
    }

    /// Takes time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The state, in which nothing is held any more whose lease has run out.
    fn now(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.expire(self.clock.elapsed());
        state
    }
}

impl State {
    fn expire(&mut self, now: Duration) -> u64 {
        let mut expired = 0;
        while let Some((at, id)) = self.expiring.first().cloned() {
            if at > now {
                break;
            }
            self.drop_hold(&id);
            expired += 1;
        }
        expired
    }

    fn drop_hold(&mut self, id: &Owned) {
        let Some(hold) = self.holds.remove(id) else {
            return;
        };
        self.expiring.remove(&(hold.expires, id.clone()));
        for account in &hold.accounts {
            if let Some(balance) = self.balances.get_mut(account) {
                balance.reserved = balance.reserved - hold.amount;
            }
        }
    }

    fn hold(&mut self, reservation: &Reservation, now: Duration) {
        let accounts = reservation.accounts();
        for account in &accounts {
            let balance = self.balances.entry(account.clone()).or_default();
            balance.reserved = balance.reserved + reservation.amount;
        }
        let (expires, amount) = (now.saturating_add(reservation.lease), reservation.amount);
        let id = (Arc::clone(&reservation.tenant), reservation.id);
        self.expiring.insert((expires, id.clone()));
        let hold = Hold {
            accounts,
            amount,
            expires,
        };
        self.holds.insert(id, hold);
    }

    fn balance(&self, account: &Account) -> Balance {
        self.balances.get(account).copied().unwrap_or_default()
    }

    /// Whether so many accounts more can be counted in; forgets those that are over if not.
    fn has_room(&mut self, more: usize, now: Timestamp) -> bool {
        if self.balances.len().saturating_add(more) > MOST_ACCOUNTS {
            self.forget_ended(now);
        }
        self.balances.len().saturating_add(more) <= MOST_ACCOUNTS
    }

    /// Forgets accounts whose period is over for a day and which hold nothing.
    fn forget_ended(&mut self, now: Timestamp) -> u64 {
        let before = self.balances.len();
        let over = |account: &Account| account.ends_at.is_some_and(|end| end + YOUNGEST_SWEPT <= now);
        self.balances
            .retain(|account, balance| !over(account) || balance.reserved != Amount::ZERO);
        u64::try_from(before - self.balances.len()).unwrap_or(u64::MAX)
    }

    fn write(&mut self, entry: &Entry, capacity: usize) {
        while self.entries.len() >= capacity {
            if let Some(oldest) = self.entries.pop_front() {
                self.booked.remove(&owned(&oldest));
            }
        }
        self.entries.push_back(entry.clone());
        self.booked.insert(owned(entry));
        let text = |part: &Option<Arc<str>>| part.clone().unwrap_or_else(|| Arc::from(""));
        let names = [
            text(&entry.caller.tenant),
            text(&entry.caller.user),
            text(&entry.caller.key),
            Arc::clone(&entry.provider),
            Arc::clone(&entry.model),
        ];
        let row = self
            .totals
            .entry((entry.day(), names, entry.task))
            .or_insert_with(|| UsageRow::new(String::new()));
        row.add(&UsageRow {
            group: String::new(),
            calls: 1,
            tokens: entry.tokens,
            cost: entry.cost.amount().unwrap_or_default(),
            unpriced: u64::from(entry.cost.amount().is_none()),
            estimated: u64::from(entry.estimated),
        });
        while self.totals.len() > MOST_TOTALS {
            self.totals.pop_first();
        }
    }
}

fn owned(entry: &Entry) -> Owned {
    let tenant = entry.caller.tenant.clone();
    (tenant.unwrap_or_else(|| Arc::from("")), entry.id)
}

fn wrong_cursor(_: InvalidCursor) -> Error {
    Error::new(ErrorKind::Invalid, "the cursor belongs to another query")
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn reserve(&self, reservation: &Reservation) -> Result<Decision, Error> {
        check(reservation)?;
        let mut state = self.now();
        let id = (Arc::clone(&reservation.tenant), reservation.id);
        if state.holds.contains_key(&id) {
            return Ok(Decision::Reserved);
        }
        for limit in &reservation.limits {
            if let Err(refusal) = limit.admit(state.balance(&limit.account), reservation.amount) {
                return Ok(Decision::Refused(refusal));
            }
        }
        let unknown = |limit: &&super::Limit| !state.balances.contains_key(&limit.account);
        let more = reservation.limits.iter().filter(unknown).count();
        if !state.has_room(more, self.clock.now()) {
            return Err(Error::new(
                ErrorKind::Full,
                "the ledger in memory has too many accounts",
            ));
        }
        state.hold(reservation, self.clock.elapsed());
        Ok(Decision::Reserved)
    }

    async fn settle(&self, entry: &Entry, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        let mut state = self.now();
        let id = owned(entry);
        if state.booked.contains(&id) {
            return Ok(Vec::new());
        }
        state.drop_hold(&id);
        state.write(entry, self.capacity);
        let mut standings = Vec::with_capacity(accounts.len());
        for account in accounts {
            if !state.balances.contains_key(account) && !state.has_room(1, self.clock.now()) {
                continue;
            }
            let balance = state.balances.entry(account.clone()).or_default();
            balance.spent = balance.spent + entry.amount();
            standings.push(Standing::new(account.clone(), balance.spent, balance.reserved));
        }
        Ok(standings)
    }

    async fn release(&self, reservation: &Reservation) -> Result<(), Error> {
        let id = (Arc::clone(&reservation.tenant), reservation.id);
        self.now().drop_hold(&id);
        Ok(())
    }

    async fn renew(&self, reservation: &Reservation) -> Result<(), Error> {
        check(reservation)?;
        let mut state = self.now();
        let id = (Arc::clone(&reservation.tenant), reservation.id);
        if !state.booked.contains(&id) {
            state.drop_hold(&id);
            state.hold(reservation, self.clock.elapsed());
        }
        Ok(())
    }

    async fn standings(&self, accounts: &[Account]) -> Result<Vec<Standing>, Error> {
        let state = self.now();
        let standing = |account: &Account| {
            let Balance { spent, reserved } = state.balance(account);
            Standing::new(account.clone(), spent, reserved)
        };
        Ok(accounts.iter().map(standing).collect())
    }

    async fn usage(&self, query: &UsageQuery, page: &PageRequest) -> Result<Page<UsageRow>, Error> {
        let (first, last) = query.days()?;
        let scope = query.scope();
        let after = match page.cursor() {
            Some(cursor) => Some(cursor.key::<String>(&scope).map_err(wrong_cursor)?),
            None => None,
        };
        let mut groups: BTreeMap<String, UsageRow> = BTreeMap::new();
        let state = self.now();
        for ((day, names, _), totals) in &state.totals {
            let [tenant, user, key, provider, model] = names;
            if !(first..=last).contains(day) || query.tenant.as_ref().is_some_and(|wanted| wanted != tenant) {
                continue;
            }
            let group = match query.group {
                GroupBy::Tenant => tenant.to_string(),
                GroupBy::User => user.to_string(),
                GroupBy::Key => key.to_string(),
                GroupBy::Model => model.to_string(),
                GroupBy::Provider => provider.to_string(),
                GroupBy::Day => period::name_of(*day),
            };
            if after.as_ref().is_none_or(|after| group > *after) {
                let row = groups
                    .entry(group.clone())
                    .or_insert_with(|| UsageRow::new(group));
                row.add(totals);
            }
        }
        drop(state);
        let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
        let rows = groups.into_values().take(limit.saturating_add(1)).collect();
        Page::from_rows(rows, page, &scope, |row: &UsageRow| row.group.clone()).map_err(wrong_cursor)
    }

    async fn entries(&self, query: &EntryQuery, page: &PageRequest) -> Result<Page<Entry>, Error> {
        let scope = query.scope();
        let before = match page.cursor() {
            Some(cursor) => Some(cursor.key::<(i64, EntryId)>(&scope).map_err(wrong_cursor)?),
            None => None,
        };
        let is = |wanted: &Option<Arc<str>>, part: Option<&Arc<str>>| match wanted {
            Some(wanted) => part == Some(wanted),
            None => true,
        };
        let place = |entry: &Entry| (entry.at.as_micros(), entry.id);
        let state = self.now();
        let mut rows: Vec<&Entry> = state
            .entries
            .iter()
            .filter(|entry| {
                entry.tenant() == &*query.tenant
                    && query.range.contains(&entry.at)
                    && is(&query.user, entry.caller.user.as_ref())
                    && is(&query.key, entry.caller.key.as_ref())
                    && is(&query.model, Some(&entry.model))
                    && before.is_none_or(|before| place(entry) < before)
            })
            .collect();
        rows.sort_by_key(|entry| std::cmp::Reverse(place(entry)));
        let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
        let rows: Vec<Entry> = rows.into_iter().take(limit.saturating_add(1)).cloned().collect();
        drop(state);
        Page::from_rows(rows, page, &scope, place).map_err(wrong_cursor)
    }

    async fn sweep(&self, keep: Duration) -> Result<Swept, Error> {
        let now = self.clock.now();
        let oldest = now - keep.max(YOUNGEST_SWEPT);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let reservations = state.expire(self.clock.elapsed());
        let before = state.entries.len();
        state.entries.retain(|entry| entry.at >= oldest);
        let entries = u64::try_from(before - state.entries.len()).unwrap_or(u64::MAX);
        let State {
            entries: kept,
            booked,
            ..
        } = &mut *state;
        if entries > 0 {
            *booked = kept.iter().map(owned).collect();
        }
        let accounts = state.forget_ended(now);
        Ok(Swept {
            reservations,
            entries,
            accounts,
        })
    }
}

impl fmt::Debug for MemoryLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLedger")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}
