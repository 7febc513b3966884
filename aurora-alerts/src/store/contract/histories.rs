//! What happened, as it is asked for.

use std::time::Duration;

use aurora_core::page::{Cursor, PageRequest};
use aurora_core::time::Timestamp;

use super::{AlertStore, Batch, Bench, Lead, StoreErrorKind, TTL, Two, good, refused};
use crate::history::{Entry, HistoryQuery, Outcome, Record};
use crate::labels::{Fingerprint, Labels};
use crate::matcher::{Matcher, Matchers};
use crate::notification::{DeliveryId, Reason, Status};
use crate::notifier::NotifyErrorKind;
use crate::state::Decision;

const SECOND: Duration = Duration::from_secs(1);

async fn write(store: &dyn AlertStore, lead: Lead, records: &[Record]) {
    let batch = Batch {
        history: records.to_vec(),
        ..Batch::default()
    };
    good(store.commit(lead, &batch).await);
}

async fn seqs(store: &dyn AlertStore, query: &HistoryQuery) -> Vec<i64> {
    let page = good(store.history(query, &PageRequest::first(200)).await);
    page.items.iter().map(|record| record.seq).collect()
}

/// One of each kind, with texts that a database could stumble over.
fn entries(at: Timestamp) -> Vec<Entry> {
    let delivery = |outcome| Entry::Delivery {
        id: DeliveryId::new(at),
        target: "#ops 'ação' 🚨".to_owned(),
        reason: Reason::Changed,
        status: Status::Firing,
        alerts: 3,
        attempt: 1,
        took_ms: 120,
        waited_ms: 3_000,
        outcome,
    };
    vec![
        Entry::Alert {
            decision: Decision::Fired,
            value: Some(0.1 + 0.2),
            starts_at: at - SECOND,
        },
        Entry::Alert {
            decision: Decision::FiredQuietly { until: at + SECOND },
            value: None,
            starts_at: at,
        },
        delivery(Outcome::Delivered {
            message: Some("1700000000.000100".to_owned()),
        }),
        delivery(Outcome::Retrying {
            error: NotifyErrorKind::RateLimited,
            detail: "the channel answered 429".to_owned(),
            next_at: at + SECOND,
        }),
        delivery(Outcome::Failed {
            error: NotifyErrorKind::RateLimited,
            detail: "nul \0 and \\u0000 and \"outcome\":\"redirected\"".to_owned(),
        }),
        delivery(Outcome::Superseded),
        delivery(Outcome::Redirected),
        Entry::Acknowledged {
            by: "Zoë".to_owned(),
            comment: String::new(),
            until: Some(at + SECOND),
        },
        Entry::Unacknowledged { by: String::new() },
        Entry::Escalated {
            step: 2,
            receiver: "page".to_owned(),
        },
        Entry::Silence {
            id: "s".to_owned(),
            change: "created".to_owned(),
            by: "Zoë".to_owned(),
            matchers: vec![vec![Matcher::equal("zone", "a é")].into(), Matchers::new()],
        },
        Entry::Channel {
            enabled: false,
            reason: Some(NotifyErrorKind::RateLimited),
        },
        Entry::Flapping { began: false },
    ]
}

/// Labels that are called like members of a record.
fn alike() -> Labels {
    Labels::from([("outcome", "redirected"), ("kind", "delivery")])
}

impl Bench {
    pub(super) async fn every_record_comes_back(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let entries = entries(self.now()).into_iter().zip(1..);
        let mut records: Vec<Record> = entries
            .map(|(entry, seq)| Record {
                entry,
                labels: Some(alike()),
                ..self.record(seq)
            })
            .collect();
        records.push(Record {
            fingerprint: None,
            rule: None,
            severity: None,
            ..self.record(i64::MAX)
        });
        write(&**one, lead, &records).await;
        records.reverse();
        let all = HistoryQuery::default();
        assert_eq!(
            good(two.history(&all, &PageRequest::default()).await).items,
            records
        );
        for kind in ["alert", "delivery", "silence", "flapping"] {
            let query = HistoryQuery {
                kind: Some(kind),
                ..HistoryQuery::default()
            };
            let wanted = records.iter().filter(|record| record.entry.kind() == kind);
            let wanted: Vec<i64> = wanted.map(|record| record.seq).collect();
            assert!(!wanted.is_empty());
            assert_eq!(seqs(&**two, &query).await, wanted, "{kind}");
        }
        for outcome in ["delivered", "retrying", "failed", "superseded", "redirected"] {
            for channel in [None, Some("none".to_owned())] {
                let query = HistoryQuery {
                    channel,
                    outcome: Some(outcome),
                    ..HistoryQuery::default()
                };
                let wanted = records.iter().filter(|record| query.wants(record));
                let wanted: Vec<i64> = wanted.map(|record| record.seq).collect();
                assert_eq!(wanted.len(), usize::from(query.channel.is_none()), "{outcome}");
                assert_eq!(seqs(&**two, &query).await, wanted, "{outcome}");
            }
        }
    }

    pub(super) async fn history_is_filtered(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let begin = self.now();
        let other = Fingerprint::of_alert("Latency", &Labels::default());
        let record = |seq: i64, after: u32| {
            let mut record = self.record(seq);
            record.at = begin + SECOND * after;
            if seq % 2 == 0 {
                record.rule = Some("Latency".to_owned());
                record.fingerprint = Some(other);
            }
            if seq % 3 == 0 {
                record.channel = Some("mail".to_owned());
                record.entry = Entry::Unacknowledged { by: String::new() };
            }
            record
        };
        // The clock of the engine that led before was ahead: 4 happened before 3.
        write(&**one, lead, &[record(1, 1), record(2, 2), record(3, 4)]).await;
        write(&**one, lead, &[record(4, 3), record(5, 5), record(6, 5)]).await;
        let all = HistoryQuery::default;
        let (from, to) = (Some(begin + SECOND * 2), Some(begin + SECOND * 5));
        let (rule, channel) = (Some("Latency".to_owned()), Some("mail".to_owned()));
        let fingerprint = Some(other);
        let kind = Some("unacknowledged");
        let cases = [
            (all(), vec![6, 5, 3, 4, 2, 1]),
            (HistoryQuery { from, ..all() }, vec![6, 5, 3, 4, 2]),
            (HistoryQuery { to, ..all() }, vec![3, 4, 2, 1]),
            (HistoryQuery { from, to, ..all() }, vec![3, 4, 2]),
            (
                HistoryQuery {
                    from: to,
                    to: from,
                    ..all()
                },
                vec![],
            ),
            (HistoryQuery { fingerprint, ..all() }, vec![6, 4, 2]),
            (
                HistoryQuery {
                    rule: rule.clone(),
                    ..all()
                },
                vec![6, 4, 2],
            ),
            (
                HistoryQuery {
                    channel: channel.clone(),
                    ..all()
                },
                vec![6, 3],
            ),
            (HistoryQuery { kind, ..all() }, vec![6, 3]),
            (
                HistoryQuery {
                    rule: Some("latency".to_owned()),
                    ..all()
                },
                vec![],
            ),
            (
                HistoryQuery {
                    channel: Some(String::new()),
                    ..all()
                },
                vec![],
            ),
            (
                HistoryQuery {
                    fingerprint,
                    to,
                    ..all()
                },
                vec![4, 2],
            ),
            (
                HistoryQuery {
                    rule: rule.clone(),
                    from,
                    kind,
                    ..all()
                },
                vec![6],
            ),
            (
                HistoryQuery {
                    channel: channel.clone(),
                    to,
                    ..all()
                },
                vec![3],
            ),
            (
                HistoryQuery {
                    from,
                    to: Some(begin + SECOND * 9),
                    fingerprint,
                    rule,
                    channel,
                    kind,
                    outcome: None,
                },
                vec![6],
            ),
        ];
        for (query, wanted) in cases {
            assert_eq!(seqs(&**two, &query).await, wanted, "{query:?}");
        }
        let ever = HistoryQuery {
            from: Some(Timestamp::from_micros(i64::MIN)),
            to: Some(Timestamp::from_micros(i64::MAX)),
            ..all()
        };
        assert_eq!(
            seqs(&**two, &ever).await.len(),
            6,
            "times that no database can hold"
        );
    }

    pub(super) async fn pages_do_not_shift(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let records: Vec<Record> = (1..=7).map(|seq| self.record(seq)).collect();
        write(&**one, lead, &records).await;
        let query = HistoryQuery {
            rule: Some("Errors".to_owned()),
            ..HistoryQuery::default()
        };
        let (mut seen, mut request, mut seq) = (Vec::new(), PageRequest::first(2), 7);
        loop {
            let page = good(two.history(&query, &request).await);
            seen.push(page.items.iter().map(|record| record.seq).collect::<Vec<_>>());
            seq += 1;
            write(&**one, lead, &[self.record(seq)]).await;
            match page.next {
                Some(next) => request = PageRequest::first(2).after(next),
                None => break,
            }
            assert!(seen.len() < 9, "{seen:?}");
        }
        assert_eq!(seen, [vec![7, 6], vec![5, 4], vec![3, 2], vec![1]]);
    }

    pub(super) async fn a_cursor_is_of_its_query(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        write(&**one, lead, &[self.record(1), self.record(2)]).await;
        let query = HistoryQuery {
            rule: Some("Errors".to_owned()),
            ..HistoryQuery::default()
        };
        let page = good(two.history(&query, &PageRequest::first(1)).await);
        let next = page.next.unwrap_or_else(|| panic!("there is one more"));
        let after = |cursor: &Cursor| PageRequest::first(1).after(cursor.clone());
        let last = good(two.history(&query, &after(&next)).await);
        assert_eq!((last.items, last.next), (vec![self.record(1)], None));
        let others = [
            HistoryQuery::default(),
            HistoryQuery {
                rule: Some("errors".to_owned()),
                ..HistoryQuery::default()
            },
            HistoryQuery {
                channel: query.rule.clone(),
                ..HistoryQuery::default()
            },
            HistoryQuery {
                from: Some(Timestamp::UNIX_EPOCH),
                ..query.clone()
            },
        ];
        for other in others {
            let outcome = two.history(&other, &after(&next)).await;
            assert_eq!(refused(outcome), StoreErrorKind::Invalid, "{other:?}");
        }
        let forged: Cursor = "AAAA".parse().unwrap_or_else(|_| panic!("it looks like one"));
        let outcome = two.history(&query, &after(&forged)).await;
        assert_eq!(refused(outcome), StoreErrorKind::Invalid);
    }

    pub(super) async fn old_history_is_forgotten(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let begin = self.now();
        let record = |seq: u32| Record {
            at: begin + SECOND * seq,
            ..self.record(seq.into())
        };
        let records: Vec<Record> = (1..=6).map(record).collect();
        write(&**one, lead, &records).await;
        assert_eq!(good(two.sweep(begin + SECOND, 10).await), 0, "before, not at");
        assert_eq!(good(two.sweep(begin + SECOND * 5, 2).await), 2);
        assert_eq!(
            seqs(&**one, &HistoryQuery::default()).await,
            [6, 5, 4, 3],
            "the oldest first"
        );
        assert_eq!(good(two.sweep(begin + SECOND * 5, 0).await), 0);
        assert_eq!(good(two.sweep(begin + SECOND * 5, usize::MAX).await), 2);
        assert_eq!(seqs(&**one, &HistoryQuery::default()).await, [6, 5]);
        assert_eq!(good(one.sweep(begin + TTL, 10).await), 2);
        assert!(seqs(&**two, &HistoryQuery::default()).await.is_empty());
        assert_eq!(good(one.sweep(Timestamp::from_micros(i64::MAX), 10).await), 0);
    }
}
