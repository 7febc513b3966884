//! What is held, and what is not.

use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::Clock as _;

use super::{Bench, LEASE, expect_refused, expect_reserved, good, usd};
use crate::client::Caller;
use crate::ledger::{
    Account, Amount, BudgetScope, Decision, EntryId, ErrorKind, Limit, Measure, Period, Reservation,
};

impl Bench {
    pub(super) async fn holds_all_or_nothing(&self) {
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

    pub(super) async fn fills_to_the_limit_and_not_beyond(&self) {
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

    pub(super) async fn limits_tokens_too(&self) {
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

    pub(super) async fn holds_an_id_once(&self) {
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

    pub(super) async fn keeps_tenants_and_periods_apart(&self) {
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

    pub(super) async fn refuses_what_cannot_be(&self) {
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
    pub(super) async fn never_overshoots(&self) {
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
