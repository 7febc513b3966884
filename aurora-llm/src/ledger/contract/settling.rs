//! How a reservation ends, and what is booked then.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::Clock as _;

use super::{Bench, LEASE, expect_refused, expect_reserved, good};
use crate::client::Caller;
use crate::ledger::{Amount, Budget, BudgetScope, EntryId, Period, Refusal, Standing};

impl Bench {
    pub(super) async fn books_once(&self) {
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

    pub(super) async fn gives_back_once(&self) {
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

    pub(super) async fn forgets_with_the_lease_and_books_all_the_same(&self) {
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

    pub(super) async fn renews(&self) {
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

    pub(super) async fn frees_accounts_that_are_not_booked(&self) {
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
}
