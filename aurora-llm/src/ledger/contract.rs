//! What every ledger keeps, ours and yours.
#![expect(clippy::panic, reason = "a contract suite fails by panicking")]

mod reports;
mod reserving;
mod settling;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::{Clock as _, ManualClock};

use super::{
    Account, Amount, Budget, BudgetScope, Decision, Entry, EntryId, Error, Ledger, Limit, Period, Refusal,
    Reservation, Standing, Tokens,
};
use crate::client::Caller;
use crate::pricing::Cost;

const LEASE: Duration = Duration::from_secs(60);

/// Checks that `ledger`, which takes its time from `clock` and is empty, keeps the contract of [`Ledger`].
///
/// # Panics
/// When the contract is broken.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use aurora_core::time::ManualClock;
/// use aurora_llm::ledger::{MemoryLedger, contract};
///
/// let clock = ManualClock::default();
/// contract::ledger(Box::new(MemoryLedger::new().clock(clock.clone())), &clock).await;
/// # }
/// ```
pub async fn ledger(ledger: Box<dyn Ledger>, clock: &ManualClock) {
    let bench = Bench {
        ledger: Arc::from(ledger),
        clock: clock.clone(),
    };
    bench.holds_all_or_nothing().await;
    bench.fills_to_the_limit_and_not_beyond().await;
    bench.limits_tokens_too().await;
    bench.books_once().await;
    bench.gives_back_once().await;
    bench.forgets_with_the_lease_and_books_all_the_same().await;
    bench.renews().await;
    bench.holds_an_id_once().await;
    bench.frees_accounts_that_are_not_booked().await;
    bench.keeps_tenants_and_periods_apart().await;
    bench.refuses_what_cannot_be().await;
    bench.never_overshoots().await;
    bench.reports_totals().await;
    bench.reports_entries().await;
    bench.sweeps().await;
}

struct Bench {
    ledger: Arc<dyn Ledger>,
    clock: ManualClock,
}

fn usd(nanos: i64) -> Amount {
    Amount::new(NanoUsd::from_nanos(nanos), 0)
}

fn good<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("the ledger answers: {error} ({:?})", error.kind()))
}

fn expect_refused(decision: Decision) -> Refusal {
    match decision {
        Decision::Refused(refusal) => *refusal,
        Decision::Reserved => panic!("there was no room"),
    }
}

fn expect_reserved(decision: &Decision) {
    assert!(
        matches!(decision, Decision::Reserved),
        "there was room: {decision:?}"
    );
}

impl Bench {
    fn account(&self, scope: BudgetScope, period: Period, caller: &Caller) -> Account {
        Budget::tokens(scope, period, 1)
            .account(caller, "m", self.clock.now())
            .unwrap_or_else(|| panic!("the caller has such an account"))
    }

    fn tenant(&self, name: &str) -> Account {
        self.account(BudgetScope::Tenant, Period::Day, &Caller::tenant(name))
    }

    /// Wants to hold `nanos` in accounts with these limits.
    fn wish(&self, tenant: &str, limits: &[(&Account, i64)], nanos: i64) -> Reservation {
        let limits = limits
            .iter()
            .map(|(account, limit)| Limit::new((*account).clone(), Some(NanoUsd::from_nanos(*limit)), None));
        let id = EntryId::new(self.clock.now());
        Reservation::new(id, tenant, limits.collect(), usd(nanos), LEASE)
    }

    async fn reserve(&self, reservation: &Reservation) -> Decision {
        good(self.ledger.reserve(reservation).await)
    }

    fn entry(&self, id: EntryId, caller: Caller, nanos: i64) -> Entry {
        let tokens = Tokens {
            input: 10,
            output: 5,
            ..Tokens::default()
        };
        Entry::new(id, self.clock.now(), caller, "p", "m")
            .used(tokens, Cost::Priced(NanoUsd::from_nanos(nanos)))
    }

    async fn settle(&self, id: EntryId, tenant: &str, accounts: &[Account], nanos: i64) -> Vec<Standing> {
        let entry = self.entry(id, Caller::tenant(tenant), nanos);
        good(self.ledger.settle(&entry, accounts).await)
    }

    /// Spent and reserved nano-dollars.
    async fn stands(&self, account: &Account) -> (i64, i64) {
        let standings = good(self.ledger.standings(std::slice::from_ref(account)).await);
        match &standings[..] {
            [one] => {
                assert_eq!(one.account, *account);
                (one.spent.cost.nanos(), one.reserved.cost.nanos())
            }
            _ => panic!("one standing for one account: {standings:?}"),
        }
    }
}
