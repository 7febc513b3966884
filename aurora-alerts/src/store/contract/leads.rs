//! One engine leads, and only while it does can it write.

use std::time::Duration;

use aurora_core::page::PageRequest;
use futures::future::join_all;

use super::{Batch, Bench, Lead, StateKind, StoreErrorKind, TTL, Two, good, key, put, refused};
use crate::history::HistoryQuery;

impl Bench {
    pub(super) async fn one_leads_at_a_time(&self, [one, two]: &Two) {
        let first = self.must_lead(&**one).await;
        assert_eq!(self.lead(&**two, "b").await, None, "a leads");
        self.clock.advance(TTL - Duration::from_millis(1));
        assert_eq!(self.lead(&**one, "a").await, Some(first), "within its time");
        self.clock.advance(TTL - Duration::from_millis(1));
        assert_eq!(self.lead(&**two, "b").await, None, "it was renewed");
        self.clock.advance(Duration::from_millis(1));
        let second = self.lead(&**two, "b").await;
        let second = second.unwrap_or_else(|| panic!("its time is up"));
        assert!(second.fence > first.fence, "{second:?} after {first:?}");
        assert_eq!(self.lead(&**one, "a").await, None);

        good(one.resign(first).await);
        assert_eq!(
            self.lead(&**one, "a").await,
            None,
            "what was lost cannot be given back"
        );
        good(two.resign(second).await);
        let third = self.must_lead(&**one).await;
        assert!(third.fence > second.fence, "{third:?} after {second:?}");
        good(two.resign(second).await);
        assert_eq!(self.lead(&**one, "a").await, Some(third));
        self.clock.advance(TTL);
        assert_eq!(
            self.lead(&**one, "a").await,
            Some(third),
            "it came late, but nobody was faster"
        );
    }

    pub(super) async fn a_lead_that_was_lost_writes_nothing(&self, [one, two]: &Two) {
        let first = self.must_lead(&**one).await;
        good(one.submit(&["1".to_owned()]).await);
        let message = good(one.inbox(0, 1).await).remove(0);
        self.clock.advance(TTL);
        good(one.commit(first, &put(StateKind::Alert, "late", "1")).await);
        let second = self.lead(&**two, "b").await;
        let second = second.unwrap_or_else(|| panic!("its time is up"));
        let before = self.snapshot(&**two).await;
        let everything = Batch {
            puts: vec![(key(StateKind::Alert, "stale"), "1".to_owned())],
            deletes: vec![key(StateKind::Alert, "late")],
            enqueue: vec![self.row("stale")],
            dequeue: Vec::new(),
            history: vec![self.record(1)],
            consumed: vec![message.seq],
        };
        for lead in [
            first,
            Lead {
                fence: first.fence - 1,
            },
            Lead {
                fence: second.fence + 1,
            },
        ] {
            let outcome = one.commit(lead, &everything).await;
            assert_eq!(refused(outcome), StoreErrorKind::Fenced, "{lead:?}");
        }
        assert_eq!(self.snapshot(&**two).await, before, "nothing was written");
        assert_eq!(good(one.inbox(0, 9).await), [message], "nothing was consumed");
        let query = (HistoryQuery::default(), PageRequest::default());
        assert_eq!(good(one.history(&query.0, &query.1).await).items, []);

        good(two.commit(second, &everything).await);
        good(two.resign(second).await);
        let outcome = two.commit(second, &Batch::default()).await;
        assert_eq!(refused(outcome), StoreErrorKind::Fenced, "it was given back");
    }

    pub(super) async fn one_of_many_gets_the_lead(&self, stores: &Two) {
        let holders: Vec<String> = (0..16).map(|number| format!("engine-{number}")).collect();
        let mut last = 0;
        for round in 0..5 {
            let tries = holders.iter().zip(stores.iter().cycle());
            let leads = join_all(tries.map(|(holder, store)| self.lead(&**store, holder))).await;
            let leads: Vec<Lead> = leads.into_iter().flatten().collect();
            let [lead] = *leads else {
                panic!("round {round}: {leads:?}");
            };
            assert!(lead.fence > last, "round {round}: {lead:?} after {last}");
            last = lead.fence;
            good(stores[0].resign(lead).await);
        }
    }

    pub(super) async fn any_holder_will_do(&self, [one, two]: &Two) {
        let long = "h".repeat(5_000);
        for holder in ["", "ação 🚨", "a'b\"c;--", "nul \0 nul", &long] {
            let lead = self.lead(&**one, holder).await;
            let lead = lead.unwrap_or_else(|| panic!("{holder:?} may lead"));
            assert_eq!(self.lead(&**two, holder).await, Some(lead), "{holder:?}");
            assert_eq!(self.lead(&**two, "another").await, None, "{holder:?}");
            good(two.resign(lead).await);
        }
        // Longer than any database can count is no error.
        let lead = good(one.lead("a", Duration::MAX).await);
        assert_eq!(self.lead(&**two, "b").await, None);
        good(one.resign(lead.unwrap_or_else(|| panic!("it is free"))).await);
    }

    /// Read, decide, write: while engines take the lead from each other, no write is on the strength of something old.
    pub(super) async fn engines_that_take_over_lose_no_update(&self, stores: &Two) {
        const ENGINES: usize = 6;
        const UPDATES: usize = 8;
        let engines = (0..ENGINES).map(|number| async move {
            let (store, holder) = (&*stores[number % 2], format!("engine-{number}"));
            let (mut written, mut refusals) = (0, 0);
            while written < UPDATES {
                let Some(lead) = self.lead(store, &holder).await else {
                    // Time passes, also for whoever leads and is in the middle of its work.
                    self.clock.advance(TTL / 25);
                    tokio::task::yield_now().await;
                    continue;
                };
                let found = self.snapshot(store).await.state;
                let count: usize = found.first().map_or(0, |(_, body)| body.parse().unwrap_or(0));
                for _ in 0..number {
                    tokio::task::yield_now().await;
                }
                match store
                    .commit(lead, &put(StateKind::Engine, "n", &(count + 1).to_string()))
                    .await
                {
                    Ok(()) => written += 1,
                    Err(error) if error.kind() == StoreErrorKind::Fenced => refusals += 1,
                    Err(error) => panic!("the store answers: {error}"),
                }
                if written % 3 == 0 {
                    good(store.resign(lead).await);
                }
            }
            refusals
        });
        let refusals: usize = join_all(engines).await.into_iter().sum();
        let found = self.snapshot(&*stores[0]).await.state;
        let count = (ENGINES * UPDATES).to_string();
        assert_eq!(
            found,
            [(key(StateKind::Engine, "n"), count)],
            "{refusals} refusals"
        );
    }
}
