//! What every ledger keeps, ours and yours.
#![expect(clippy::panic, reason = "a contract suite fails by panicking")]

mod reports;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::{Clock as _, ManualClock};

use super::{
    Account, Amount, Budget, BudgetScope, Decision, Entry, EntryId, Error, ErrorKind, Ledger, Limit, Measure,
    Period, Refusal, Reservation, Standing, Tokens,
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

    async fn holds_all_or_nothing(&self) {
        let caller = Caller::tenant("all").user("u");
        let day = self.tenant("all");
        let month = self.account(BudgetScope::User, Period::Month, &caller);
        let refusal = expect_refused(
            self.reserve(&self.wish("all", &[(&day, 100), (&month, 50)], 60))
                .await,
        );
        assert_eq!((&refusal.account, refusal.measure), (&month, Measure::Cost));
        assert!(refusal.can_never_fit, "60 never fit into 50");
        assert_eq!(
            self.stands(&day).await,
            (0, 0),
            "nothing is held where there was room"
        );
        assert_eq!(self.stands(&month).await, (0, 0));
        expect_reserved(
            &self
                .reserve(&self.wish("all", &[(&day, 100), (&month, 50)], 50))
                .await,
        );
        assert_eq!(
            (self.stands(&day).await, self.stands(&month).await),
            ((0, 50), (0, 50))
        );
    }

    async fn fills_to_the_limit_and_not_beyond(&self) {
        let day = self.tenant("full");
        let first = self.wish("full", &[(&day, 100)], 40);
        expect_reserved(&self.reserve(&first).await);
        expect_reserved(&self.reserve(&self.wish("full", &[(&day, 100)], 60)).await);
        let refusal = expect_refused(self.reserve(&self.wish("full", &[(&day, 100)], 1)).await);
        assert_eq!(
            (refusal.spent, refusal.reserved, refusal.asked, refusal.limit),
            (usd(0), usd(100), usd(1), usd(100))
        );
        assert!(refusal.waits_for_calls && !refusal.can_never_fit);
        self.settle(first.id, "full", std::slice::from_ref(&day), 39)
            .await;
        expect_reserved(&self.reserve(&self.wish("full", &[(&day, 100)], 1)).await);
        // A limit that was lowered since counts at once, and one that was raised too.
        let refusal = expect_refused(self.reserve(&self.wish("full", &[(&day, 30)], 1)).await);
        assert!(!refusal.waits_for_calls, "39 are spent for good");
        expect_reserved(&self.reserve(&self.wish("full", &[(&day, 200)], 100)).await);
    }

    async fn limits_tokens_too(&self) {
        let day = self.tenant("tokens");
        let wish = |tokens| {
            let limits = vec![Limit::new(day.clone(), None, Some(1_000))];
            let amount = Amount::new(NanoUsd::from_nanos(i64::MAX / 8), tokens);
            Reservation::new(EntryId::new(self.clock.now()), "tokens", limits, amount, LEASE)
        };
        expect_reserved(&self.reserve(&wish(999)).await);
        let refusal = expect_refused(self.reserve(&wish(2)).await);
        assert_eq!((refusal.measure, refusal.reserved.tokens), (Measure::Tokens, 999));
        expect_reserved(&self.reserve(&wish(1)).await);
    }

    async fn books_once(&self) {
        let day = self.tenant("once");
        let accounts = std::slice::from_ref(&day);
        let held = self.wish("once", &[(&day, 100)], 80);
        expect_reserved(&self.reserve(&held).await);
        let standings = self.settle(held.id, "once", accounts, 30).await;
        let expected = Standing::new(
            day.clone(),
            Amount::new(NanoUsd::from_nanos(30), 15),
            Amount::ZERO,
        );
        assert_eq!(standings, [expected]);
        assert_eq!(
            self.settle(held.id, "once", accounts, 30).await,
            [],
            "it is booked already"
        );
        assert_eq!(self.stands(&day).await, (30, 0));
        // More than was held, more than the limit, and nothing held at all: it is spent in any case.
        let held = self.wish("once", &[(&day, 100)], 10);
        expect_reserved(&self.reserve(&held).await);
        self.settle(held.id, "once", accounts, 500).await;
        self.settle(EntryId::new(self.clock.now()), "once", accounts, 7)
            .await;
        assert_eq!(self.stands(&day).await, (537, 0));
        // Under the same id, and yet somebody else's.
        let other = self.tenant("once-more");
        self.settle(held.id, "once-more", std::slice::from_ref(&other), 5)
            .await;
        assert_eq!(self.stands(&other).await, (5, 0));
    }

    async fn gives_back_once(&self) {
        let day = self.tenant("back");
        let (one, two) = (
            self.wish("back", &[(&day, 100)], 40),
            self.wish("back", &[(&day, 100)], 50),
        );
        expect_reserved(&self.reserve(&one).await);
        expect_reserved(&self.reserve(&two).await);
        good(self.ledger.release(&one).await);
        good(self.ledger.release(&one).await);
        assert_eq!(self.stands(&day).await, (0, 50));
        self.settle(two.id, "back", std::slice::from_ref(&day), 20).await;
        good(self.ledger.release(&two).await);
        assert_eq!(self.stands(&day).await, (20, 0));
        // What was given back can still turn out to have been spent.
        self.settle(one.id, "back", std::slice::from_ref(&day), 1).await;
        assert_eq!(self.stands(&day).await, (21, 0));
    }

    async fn forgets_with_the_lease_and_books_all_the_same(&self) {
        let day = self.account(BudgetScope::Tenant, Period::Total, &Caller::tenant("lease"));
        let held = self.wish("lease", &[(&day, 100)], 100);
        expect_reserved(&self.reserve(&held).await);
        self.clock.advance(LEASE - Duration::from_micros(1));
        assert_eq!(self.stands(&day).await, (0, 100));
        let _: Refusal = expect_refused(self.reserve(&self.wish("lease", &[(&day, 100)], 1)).await);
        self.clock.advance(Duration::from_micros(1));
        assert_eq!(
            self.stands(&day).await,
            (0, 0),
            "nobody has swept, and it counts no more"
        );
        let next = self.wish("lease", &[(&day, 100)], 90);
        expect_reserved(&self.reserve(&next).await);
        self.settle(held.id, "lease", std::slice::from_ref(&day), 60)
            .await;
        assert_eq!(self.stands(&day).await, (60, 90));
        self.settle(next.id, "lease", std::slice::from_ref(&day), 10)
            .await;
        assert_eq!(self.stands(&day).await, (70, 0));
    }

    async fn renews(&self) {
        let day = self.account(BudgetScope::Tenant, Period::Total, &Caller::tenant("renew"));
        let held = self.wish("renew", &[(&day, 100)], 100);
        expect_reserved(&self.reserve(&held).await);
        self.clock.advance(LEASE / 2);
        good(self.ledger.renew(&held).await);
        assert_eq!(self.stands(&day).await, (0, 100), "held once, not twice");
        self.clock.advance(LEASE / 2);
        assert_eq!(self.stands(&day).await, (0, 100));
        self.clock.advance(LEASE);
        assert_eq!(self.stands(&day).await, (0, 0));
        let other = self.wish("renew", &[(&day, 100)], 70);
        expect_reserved(&self.reserve(&other).await);
        good(self.ledger.renew(&held).await);
        assert_eq!(
            self.stands(&day).await,
            (0, 170),
            "the call goes on and spends in any case"
        );
        let _: Refusal = expect_refused(self.reserve(&self.wish("renew", &[(&day, 100)], 1)).await);
        for id in [held.id, other.id] {
            self.settle(id, "renew", std::slice::from_ref(&day), 1).await;
        }
        good(self.ledger.renew(&held).await);
        assert_eq!(
            self.stands(&day).await,
            (2, 0),
            "what is booked is not held again"
        );
    }

    async fn holds_an_id_once(&self) {
        let day = self.tenant("twice");
        let held = self.wish("twice", &[(&day, 100)], 60);
        expect_reserved(&self.reserve(&held).await);
        expect_reserved(&self.reserve(&held).await);
        assert_eq!(self.stands(&day).await, (0, 60));
        // Two budgets on one account, the tighter of which decides.
        let both = self.wish("twice", &[(&day, 90), (&day, 100)], 40);
        let refusal = expect_refused(self.reserve(&both).await);
        assert_eq!(refusal.limit, usd(90));
        expect_reserved(
            &self
                .reserve(&self.wish("twice", &[(&day, 90), (&day, 100)], 30))
                .await,
        );
        assert_eq!(self.stands(&day).await, (0, 90), "two limits, one account");
    }

    async fn frees_accounts_that_are_not_booked(&self) {
        let caller = Caller::tenant("models");
        let account = |model: &str| {
            let scope = BudgetScope::Model(Arc::from(model));
            Budget::tokens(scope, Period::Day, 1)
                .account(&caller, model, self.clock.now())
                .unwrap_or_else(|| panic!("every model has an account"))
        };
        let (large, small) = (account("large"), account("small"));
        let held = self.wish("models", &[(&large, 100), (&small, 100)], 80);
        expect_reserved(&self.reserve(&held).await);
        let standings = self
            .settle(held.id, "models", std::slice::from_ref(&small), 5)
            .await;
        assert_eq!(standings.len(), 1);
        assert_eq!(
            (self.stands(&large).await, self.stands(&small).await),
            ((0, 0), (5, 0))
        );
    }

    async fn keeps_tenants_and_periods_apart(&self) {
        let (a, b) = (
            Caller::tenant("apart-a").user("u").key("u"),
            Caller::tenant("apart-b").user("u"),
        );
        let user = self.account(BudgetScope::User, Period::Day, &a);
        let held = self.wish("apart-a", &[(&user, 100)], 100);
        expect_reserved(&self.reserve(&held).await);
        let others = [
            self.account(BudgetScope::User, Period::Day, &b),
            self.account(BudgetScope::User, Period::Month, &a),
            self.account(BudgetScope::User, Period::Total, &a),
            self.account(BudgetScope::Key, Period::Day, &a),
            self.account(BudgetScope::Tenant, Period::Day, &a),
            self.account(BudgetScope::Client, Period::Day, &a),
        ];
        for other in &others {
            assert_eq!(self.stands(other).await, (0, 0), "{other:?}");
        }
        // What is the tenant's own, and what all tenants have together.
        let [_, others @ ..] = &others;
        let limits: Vec<(&Account, i64)> = others.iter().map(|account| (account, 1)).collect();
        let everywhere = self.wish("apart-a", &limits, 1);
        expect_reserved(&self.reserve(&everywhere).await);
        for other in others {
            assert_eq!(self.stands(other).await, (0, 1), "{other:?}");
        }
        good(self.ledger.release(&everywhere).await);
        for other in others {
            assert_eq!(self.stands(other).await, (0, 0), "{other:?}");
        }
        // A day later it is another account.
        self.clock.advance(Duration::from_secs(86_400));
        let tomorrow = self.account(BudgetScope::User, Period::Day, &a);
        assert_ne!(tomorrow, user);
        expect_reserved(
            &self
                .reserve(&self.wish("apart-a", &[(&tomorrow, 100)], 100))
                .await,
        );
    }

    async fn refuses_what_cannot_be(&self) {
        let day = self.tenant("wrong");
        let short = Reservation {
            lease: Duration::from_millis(1),
            ..self.wish("wrong", &[(&day, 1)], 1)
        };
        let long = Reservation {
            lease: Duration::from_secs(86_401),
            ..self.wish("wrong", &[(&day, 1)], 1)
        };
        let negative = self.wish("wrong", &[(&day, 1)], -1);
        for wrong in [short, long, negative] {
            match self.ledger.reserve(&wrong).await {
                Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid),
                Ok(decision) => panic!("{wrong:?}: {decision:?}"),
            }
        }
        assert_eq!(self.stands(&day).await, (0, 0));
        expect_reserved(&self.reserve(&self.wish("wrong", &[], 1)).await);
        good(self.ledger.release(&self.wish("wrong", &[], 1)).await);
    }

    /// Sixty at once, for two accounts of which each takes part in all.
    async fn never_overshoots(&self) {
        let caller = Caller::tenant("many").user("u");
        let accounts = [
            self.account(BudgetScope::User, Period::Month, &caller),
            self.tenant("many"),
        ];
        let [user, tenant] = &accounts;
        let call = |number: i64| {
            let accounts = &accounts;
            async move {
                let wish = if number % 2 == 0 {
                    self.wish("many", &[(user, 1_000), (tenant, 1_000)], 30)
                } else {
                    self.wish("many", &[(tenant, 1_000), (user, 1_000)], 30)
                };
                match self.reserve(&wish).await {
                    Decision::Reserved => {
                        self.settle(wish.id, "many", accounts, 20 + number % 10).await;
                        20 + number % 10
                    }
                    Decision::Refused(_) => 0,
                }
            }
        };
        let spent: i64 = futures::future::join_all((0..60).map(call))
            .await
            .into_iter()
            .sum();
        assert!(spent <= 1_000, "{spent} of 1000");
        // 33 fit at once, whatever they turn out to cost.
        assert!(spent >= 33 * 20, "not refused without need: {spent}");
        for account in &accounts {
            assert_eq!(self.stands(account).await, (spent, 0));
        }
    }
}
