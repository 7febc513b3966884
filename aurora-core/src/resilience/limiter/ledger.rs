//! What one key has used, and the decision over it.

use std::sync::Arc;

use super::policy::{MAX_POLICIES, Policies, Rule};
use super::rate::{Rate, Standing, Used};
use super::reservation::Adjustment;
use super::verdict::Verdict;

/// The most policies that one key is counted for, over all sets that it is checked against.
const MAX_ACCOUNTS: usize = 4 * MAX_POLICIES;

/// The accounts of a key, one for each name of a policy.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    accounts: Vec<Account>,
}

#[derive(Debug)]
struct Account {
    name: Arc<str>,
    /// As it was when last asked for.
    rate: Rate,
    used: Used,
}

impl Ledger {
    /// Checks all policies, then takes from all of them or from none.
    pub(super) fn check(&mut self, policies: &Policies, now: u64, cost: u32) -> Verdict {
        let rules = policies.rules();
        let mut waits = [0; MAX_POLICIES];
        let mut passes = true;
        for (rule, wait) in rules.iter().zip(&mut waits) {
            let account = self.open(rule, policies, now);
            *wait = account.used.wait(&rule.rate, now, rule.units(cost));
            passes &= *wait == 0 || rule.is_shadow;
        }
        let mut standings = [Standing::default(); MAX_POLICIES];
        for ((rule, wait), standing) in rules.iter().zip(waits).zip(&mut standings) {
            let account = self.open(rule, policies, now);
            if passes && wait == 0 {
                account.used.take(&rule.rate, now, rule.units(cost));
            }
            *standing = account.used.standing(&rule.rate, now, wait);
        }
        Verdict::new(policies, standings, now)
    }

    pub(super) fn adjust(&mut self, adjustment: &Adjustment, now: u64) {
        for (rule, movement) in adjustment.movements() {
            let account = self.open(rule, &adjustment.policies, now);
            account
                .used
                .give_back(&rule.rate, now, movement.back, movement.taken);
            account.used.charge(&rule.rate, now, movement.extra);
        }
    }

    /// The account of a policy, up to date. One that counted otherwise begins anew.
    fn open(&mut self, rule: &Rule, policies: &Policies, now: u64) -> &mut Account {
        let is_it = |account: &Account| Arc::ptr_eq(&account.name, &rule.name) || account.name == rule.name;
        let at = self.accounts.iter().position(is_it).unwrap_or_else(|| {
            self.make_room(policies, now);
            if self.accounts.is_empty() {
                self.accounts.reserve_exact(policies.count());
            }
            self.accounts.push(Account {
                name: Arc::clone(&rule.name),
                rate: rule.rate,
                used: Used::nothing(&rule.rate),
            });
            self.accounts.len() - 1
        });
        #[expect(clippy::indexing_slicing, reason = "it was found or pushed there")]
        let account = &mut self.accounts[at];
        if !account.used.is_of(rule.rate.kind) {
            account.used = Used::nothing(&rule.rate);
        }
        account.rate = rule.rate;
        account.used.settle(&rule.rate, now);
        account
    }

    fn make_room(&mut self, policies: &Policies, now: u64) {
        if self.accounts.len() < MAX_ACCOUNTS {
            return;
        }
        self.accounts.retain(|account| account.empty_at() > now);
        let is_asked = |account: &Account| policies.rules().iter().any(|rule| rule.name == account.name);
        let others = self.accounts.iter().enumerate();
        let nearest = others
            .filter(|(_, account)| !is_asked(account))
            .min_by_key(|(_, account)| account.empty_at());
        if let Some((at, _)) = nearest
            && self.accounts.len() >= MAX_ACCOUNTS
        {
            self.accounts.swap_remove(at);
        }
    }

    /// From when on it is as good as none.
    pub(super) fn empty_at(&self) -> u64 {
        self.accounts.iter().map(Account::empty_at).max().unwrap_or(0)
    }

    /// How much of its limits is used, in thousandths of the one that is used most.
    pub(super) fn pressure(&self, now: u64) -> u32 {
        let shares = self.accounts.iter().map(|account| {
            let most = u64::from(account.rate.most()).max(1);
            let left = u64::from(account.standing(now).remaining);
            1_000 - left.min(most) * 1_000 / most
        });
        shares
            .max()
            .and_then(|share| u32::try_from(share).ok())
            .unwrap_or(0)
    }

    /// How long one of its limits stays used up; zero when there is something left of all.
    pub(super) fn exhausted_for(&self, now: u64) -> u64 {
        let waits = self
            .accounts
            .iter()
            .map(|account| account.used.wait(&account.rate, now, 1));
        waits.max().unwrap_or(0)
    }
}

impl Account {
    fn empty_at(&self) -> u64 {
        self.used.empty_at(&self.rate)
    }

    /// Without forgetting what is over, which only makes it look used more than it is.
    fn standing(&self, now: u64) -> Standing {
        self.used.standing(&self.rate, now, 0)
    }
}
