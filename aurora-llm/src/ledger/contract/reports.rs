//! What a ledger tells of what was used.

use std::ops::Range;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock as _, Timestamp};

use super::{Bench, LEASE, good};
use crate::client::{Caller, Task};
use crate::ledger::{
    BudgetScope, Decision, Entry, EntryId, EntryQuery, Error, ErrorKind, GroupBy, Period, Tokens, UsageQuery,
    UsageRow,
};
use crate::pricing::Cost;

const DAY: Duration = Duration::from_secs(86_400);

impl Bench {
    /// Two days of four users, two models, two providers and two keys, 10 calls each day; gives the range.
    async fn fill(&self, tenant: &str) -> Range<Timestamp> {
        let start = self.clock.now();
        for _ in 0..2 {
            for call in 0..10_i64 {
                let mut caller = Caller::tenant(tenant).user(format!("u{}", call % 4));
                if call < 5 {
                    caller = caller.key("k");
                }
                let tokens = Tokens {
                    input: 100,
                    cached: 20,
                    output: 10,
                    reasoning: 3,
                };
                let cost = match call {
                    0 => Cost::Unpriced,
                    _ => Cost::Priced(NanoUsd::from_nanos(call)),
                };
                let (id, now) = (EntryId::new(self.clock.now()), self.clock.now());
                let model = if call % 2 == 0 { "even" } else { "odd" };
                let provider = if call == 0 { "first" } else { "p" };
                let entry = Entry::new(id, now, caller, provider, model).task(Task::Embeddings);
                let entry = entry.used(tokens, cost);
                let entry = if call == 9 { entry.estimated() } else { entry };
                good(self.ledger.settle(&entry, &[]).await);
                self.clock.advance(Duration::from_millis(1));
            }
            self.clock.advance(DAY);
        }
        start..self.clock.now()
    }

    async fn all_usage(&self, query: &UsageQuery) -> Vec<UsageRow> {
        let (mut rows, mut request) = (Vec::new(), PageRequest::first(2));
        loop {
            let Page { items, next } = good(self.ledger.usage(query, &request).await);
            assert!(items.len() <= 2, "a page holds what was asked for");
            rows.extend(items);
            match next {
                Some(next) => request = PageRequest::first(2).after(next),
                None => return rows,
            }
        }
    }

    pub(super) async fn reports_totals(&self) {
        // What others did was on other days.
        self.clock.advance(DAY * 2);
        let range = self.fill("report").await;
        self.fill("report-other").await;
        let by = |group| UsageQuery::of("report", group, range.clone());
        let told = |rows: &[UsageRow]| -> Vec<(String, u64, i64, u64, u64)> {
            let tell = |row: &UsageRow| {
                (
                    row.group.clone(),
                    row.calls,
                    row.cost.nanos(),
                    row.unpriced,
                    row.estimated,
                )
            };
            rows.iter().map(tell).collect()
        };
        let row = |group: &str, calls, cost, unpriced, estimated| {
            (group.to_owned(), calls, cost, unpriced, estimated)
        };
        let users = self.all_usage(&by(GroupBy::User)).await;
        assert_eq!(
            told(&users),
            [
                row("u0", 6, 24, 2, 0),
                row("u1", 6, 30, 0, 2),
                row("u2", 4, 16, 0, 0),
                row("u3", 4, 20, 0, 0)
            ]
        );
        assert_eq!(
            users.first().map(|row| row.tokens),
            Some(Tokens {
                input: 600,
                cached: 120,
                output: 60,
                reasoning: 18
            })
        );
        assert_eq!(
            told(&self.all_usage(&by(GroupBy::Key)).await),
            [row("", 10, 70, 0, 2), row("k", 10, 20, 2, 0)]
        );
        assert_eq!(
            told(&self.all_usage(&by(GroupBy::Model)).await),
            [row("even", 10, 40, 2, 0), row("odd", 10, 50, 0, 2)]
        );
        assert_eq!(
            told(&self.all_usage(&by(GroupBy::Provider)).await),
            [row("first", 2, 0, 2, 0), row("p", 18, 90, 0, 2)]
        );
        let days = self.all_usage(&by(GroupBy::Day)).await;
        assert_eq!(days.len(), 2);
        let first_day: String = range.start.to_string().chars().take(10).collect();
        assert_eq!(told(&days).first(), Some(&row(&first_day, 10, 45, 1, 1)));
        assert_eq!(
            told(&self.all_usage(&by(GroupBy::Tenant)).await),
            [row("report", 20, 90, 2, 2)]
        );
        let until_now = range.start..self.clock.now();
        let tenants = self
            .all_usage(&UsageQuery::of_all(GroupBy::Tenant, until_now))
            .await;
        assert_eq!(
            told(&tenants),
            [row("report", 20, 90, 2, 2), row("report-other", 20, 90, 2, 2)]
        );
        let first_day_alone = UsageQuery::of("report", GroupBy::Tenant, range.start..range.start + LEASE);
        assert_eq!(
            told(&self.all_usage(&first_day_alone).await),
            [row("report", 10, 45, 1, 1)]
        );
        assert_eq!(
            self.all_usage(&UsageQuery::of("", GroupBy::User, range.clone()))
                .await,
            []
        );
        self.refuses_wrong_questions(&range).await;
    }

    async fn refuses_wrong_questions(&self, range: &Range<Timestamp>) {
        let invalid = |outcome: Result<(), Error>| match outcome {
            Err(error) => assert_eq!(error.kind(), ErrorKind::Invalid),
            Ok(()) => panic!("a wrong question is refused"),
        };
        let users = UsageQuery::of("report", GroupBy::User, range.clone());
        let page = good(self.ledger.usage(&users, &PageRequest::first(1)).await);
        let Some(cursor) = page.next else {
            panic!("there is a second page")
        };
        let other = UsageQuery::of("report-other", GroupBy::User, range.clone());
        let request = PageRequest::first(1).after(cursor);
        invalid(self.ledger.usage(&other, &request).await.map(drop));
        let entries = EntryQuery::of("report", range.clone());
        invalid(self.ledger.entries(&entries, &request).await.map(drop));
        for wrong in [
            range.end..range.end,
            range.start..range.start + DAY * 4_000,
            Timestamp::from_micros(i64::MIN)..Timestamp::from_micros(i64::MAX),
        ] {
            let query = UsageQuery::of("report", GroupBy::User, wrong);
            invalid(self.ledger.usage(&query, &PageRequest::default()).await.map(drop));
        }
    }

    async fn all_entries(&self, query: &EntryQuery) -> Vec<Entry> {
        let (mut rows, mut request) = (Vec::new(), PageRequest::first(3));
        loop {
            let Page { items, next } = good(self.ledger.entries(query, &request).await);
            assert!(items.len() <= 3, "a page holds what was asked for");
            rows.extend(items);
            match next {
                Some(next) => request = PageRequest::first(3).after(next),
                None => return rows,
            }
        }
    }

    pub(super) async fn reports_entries(&self) {
        let range = self.fill("entries").await;
        let all = self.all_entries(&EntryQuery::of("entries", range.clone())).await;
        assert_eq!(all.len(), 20);
        assert!(
            all.windows(2).all(|pair| match pair {
                [newer, older] => newer.at > older.at,
                _ => false,
            }),
            "newest first"
        );
        let Some(newest) = all.first() else {
            panic!("there are entries")
        };
        let mut expected = Entry::new(
            newest.id,
            newest.at,
            Caller::tenant("entries").user("u1"),
            "p",
            "odd",
        )
        .task(Task::Embeddings)
        .estimated();
        expected = expected.used(newest.tokens, Cost::Priced(NanoUsd::from_nanos(9)));
        assert_eq!(*newest, expected);
        assert_eq!(
            newest.tokens,
            Tokens {
                input: 100,
                cached: 20,
                output: 10,
                reasoning: 3
            }
        );
        let unpriced = all.iter().filter(|entry| entry.cost == Cost::Unpriced).count();
        assert_eq!(unpriced, 2);
        let of = || EntryQuery::of("entries", range.clone());
        for (query, count) in [
            (of().user("u0"), 6),
            (of().key("k"), 10),
            (of().model("even"), 10),
            (of().user("u0").key("k"), 4),
            (of().user("u0").model("odd"), 0),
            (EntryQuery::of("", range.clone()), 0),
            (EntryQuery::of("entries", range.start..newest.at), 19),
            (
                EntryQuery::of("entries", newest.at..Timestamp::from_micros(i64::MAX)),
                1,
            ),
        ] {
            assert_eq!(self.all_entries(&query).await.len(), count, "{query:?}");
        }
    }

    pub(super) async fn sweeps(&self) {
        // A month on, nothing but what is made here is young.
        self.clock.advance(DAY * 40);
        good(self.ledger.sweep(DAY * 30).await);
        let range = self.fill("sweep").await;
        let month = self.account(BudgetScope::Tenant, Period::Month, &Caller::tenant("sweep"));
        let total = self.account(BudgetScope::Tenant, Period::Total, &Caller::tenant("sweep"));
        let held = self.wish("sweep", &[(&month, 100), (&total, 100)], 100);
        assert!(matches!(self.reserve(&held).await, Decision::Reserved));
        self.settle(
            EntryId::new(self.clock.now()),
            "sweep",
            &[month.clone(), total.clone()],
            7,
        )
        .await;
        self.clock.advance(LEASE * 2);
        let swept = good(self.ledger.sweep(DAY * 30).await);
        assert_eq!((swept.entries, swept.accounts), (0, 0), "all of it is young");
        assert_eq!(self.stands(&month).await, (7, 0));
        self.clock.advance(DAY * 40);
        let swept = good(self.ledger.sweep(DAY * 30).await);
        assert_eq!((swept.entries, swept.accounts), (21, 1));
        assert_eq!(self.stands(&total).await, (7, 0), "what has no end stays");
        assert_eq!(
            self.all_entries(&EntryQuery::of("sweep", range.clone())).await,
            []
        );
        let totals = self
            .all_usage(&UsageQuery::of("sweep", GroupBy::Tenant, range))
            .await;
        assert_eq!(totals.first().map(|row| row.calls), Some(21), "totals stay");
    }
}
