//! What a commit writes, and that it writes all of it or nothing.

use std::pin::pin;

use aurora_core::page::PageRequest;
use futures::future::{Either, select};

use super::{Batch, Bench, StateKey, StateKind, Two, good, key, put};
use crate::history::HistoryQuery;

fn keys(state: &[(StateKey, String)]) -> Vec<(StateKind, &str)> {
    let keys = state.iter().map(|((kind, key), _)| (*kind, key.as_str()));
    keys.collect()
}

/// A query by rule or by channel; the empty text is a name as well.
fn queries(name: &str) -> [HistoryQuery; 2] {
    let by_rule = HistoryQuery {
        rule: Some(name.to_owned()),
        ..HistoryQuery::default()
    };
    let by_channel = HistoryQuery {
        channel: Some(name.to_owned()),
        ..HistoryQuery::default()
    };
    [by_rule, by_channel]
}

impl Bench {
    pub(super) async fn state_is_what_was_put_last(&self, [one, two]: &Two) {
        let empty = self.snapshot(&**one).await;
        assert_eq!((empty.state, empty.outbox), (Vec::new(), Vec::new()));
        let lead = self.must_lead(&**one).await;
        let kinds = StateKind::ALL.into_iter().rev();
        let puts =
            kinds.flat_map(|kind| ["b", "a"].map(|name| (key(kind, name), format!("\"{kind:?} {name}\""))));
        let batch = Batch {
            puts: puts.collect(),
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        let mut sorted = batch.puts.clone();
        sorted.sort();
        assert_eq!(
            self.snapshot(&**two).await.state,
            sorted,
            "in the order of their keys"
        );

        let change = Batch {
            puts: vec![(key(StateKind::Group, "a"), "2".to_owned())],
            deletes: vec![key(StateKind::Alert, "a"), key(StateKind::Alert, "unknown")],
            ..Batch::default()
        };
        good(one.commit(lead, &change).await);
        sorted.retain(|(known, _)| *known != key(StateKind::Alert, "a"));
        for (known, body) in &mut sorted {
            if *known == key(StateKind::Group, "a") {
                "2".clone_into(body);
            }
        }
        assert_eq!(self.snapshot(&**two).await.state, sorted);
    }

    pub(super) async fn every_commit_changes_the_version(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let mut seen = vec![good(two.version().await)];
        for batch in [
            put(StateKind::Alert, "a", "1"),
            Batch::default(),
            put(StateKind::Alert, "a", "1"),
        ] {
            good(one.commit(lead, &batch).await);
            let version = good(two.version().await);
            assert_eq!(self.snapshot(&**two).await.version, version);
            assert!(!seen.contains(&version), "{version} was before: {seen:?}");
            seen.push(version);
        }
        assert_eq!(
            Some(&good(one.version().await)),
            seen.last(),
            "it changes with commits alone"
        );
    }

    /// After an answer that was lost nobody knows whether a batch was written.
    pub(super) async fn a_batch_can_be_written_again(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        good(
            two.submit(&["1".to_owned(), "2".to_owned(), "3".to_owned()])
                .await,
        );
        let messages = good(two.inbox(0, 9).await);
        let gone = self.row("gone");
        let before = Batch {
            puts: vec![(key(StateKind::Told, "gone"), "1".to_owned())],
            enqueue: vec![gone.clone(), self.row("stays")],
            history: vec![self.record(1)],
            ..Batch::default()
        };
        good(one.commit(lead, &before).await);
        let batch = Batch {
            puts: vec![(key(StateKind::Told, "new"), "1".to_owned())],
            deletes: vec![key(StateKind::Told, "gone")],
            // What is removed makes room for its dedup, the first time and the second.
            enqueue: vec![self.row("new"), self.row("gone")],
            dequeue: vec![gone.id],
            history: vec![self.record(2), self.record(3)],
            consumed: messages[..2].iter().map(|message| message.seq).collect(),
        };
        let (all, first) = (HistoryQuery::default(), PageRequest::default());
        good(one.commit(lead, &batch).await);
        let once = self.snapshot(&**two).await;
        let history = good(two.history(&all, &first).await);
        assert_eq!(once.outbox.len(), 3, "{:?}", once.outbox);
        for _ in 0..2 {
            good(one.commit(lead, &batch).await);
            let again = self.snapshot(&**two).await;
            assert_eq!((&again.state, &again.outbox), (&once.state, &once.outbox));
            assert_eq!(good(two.history(&all, &first).await), history);
            assert_eq!(good(two.inbox(0, 9).await), messages[2..]);
        }
        assert_eq!(history.items, [self.record(3), self.record(2), self.record(1)]);
    }

    pub(super) async fn engines_do_not_meet(&self, [one, again]: &Two, [other, _]: &Two) {
        let lead = self.must_lead(&**one).await;
        let theirs = self.must_lead(&**other).await;
        good(one.submit(&["1".to_owned()]).await);
        let message = good(one.inbox(0, 1).await).remove(0);
        let row = self.row("same");
        let batch = Batch {
            puts: vec![(key(StateKind::Alert, "same"), "1".to_owned())],
            enqueue: vec![row.clone()],
            history: vec![self.record(1)],
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        let version = good(one.version().await);
        let empty = self.snapshot(&**other).await;
        assert_eq!((empty.state, empty.outbox), (Vec::new(), Vec::new()));
        assert_eq!(good(other.inbox(0, 9).await), []);
        let all = HistoryQuery::default();
        assert_eq!(good(other.history(&all, &PageRequest::default()).await).items, []);

        // Whatever the other one does under the same names and numbers stays its own.
        let mut other_row = self.row("same");
        let mut record = self.record(1);
        record.rule = Some("Another".to_owned());
        for id in [other_row.id, row.id] {
            other_row.id = id;
            let batch = Batch {
                puts: vec![(key(StateKind::Alert, "same"), "2".to_owned())],
                enqueue: vec![other_row.clone()],
                history: vec![record.clone()],
                consumed: vec![message.seq],
                ..Batch::default()
            };
            good(other.commit(theirs, &batch).await);
            let remove = Batch {
                deletes: vec![key(StateKind::Alert, "same")],
                dequeue: vec![id],
                ..Batch::default()
            };
            good(other.commit(theirs, &remove).await);
        }
        let far = self.now() + super::TTL;
        assert_eq!(good(other.sweep(far, 10).await), 1);
        good(other.resign(theirs).await);
        let ours = self.snapshot(&**again).await;
        assert_eq!(
            (ours.state, ours.outbox, ours.version),
            (batch.puts, batch.enqueue, version)
        );
        assert_eq!(good(again.inbox(0, 9).await), [message]);
        let history = good(again.history(&all, &PageRequest::default()).await);
        assert_eq!(history.items, batch.history);
        assert_eq!(self.lead(&**again, "a").await, Some(lead));
    }

    pub(super) async fn any_text_comes_back(&self, [one, two]: &Two) {
        // Not compressible, so that it is as long in an index as it looks.
        let long: String = (0..20_000_u32)
            .filter_map(|n| char::from_u32(0x4e00 + n * 7919 % 20_000))
            .collect();
        let long_too = format!("{long}.");
        let texts = [
            "",
            " ",
            "A",
            "a",
            "á",
            "a\u{301}",
            "{}/{a=\"b\"}:{c=~\"d|e\"}",
            "'; drop table x; --",
            "per%cent_and\\backslash",
            "🚨 line\nbreak\ttab\r",
            "\u{7f}\u{80}\u{feff}\u{fffd}\u{ffff}\u{10ffff}",
            "nul \0 nul",
            "nul \0 null",
            "\\u0000",
            "sha256:00",
            &long,
            &long_too,
        ];
        let lead = self.must_lead(&**one).await;
        let body = serde_json::json!({ "texts": texts[..texts.len() - 2] }).to_string();
        let mut puts: Vec<_> = texts
            .map(|text| (key(StateKind::Group, text), body.clone()))
            .into();
        puts.sort();
        let rows = texts.map(|text| {
            let mut row = self.row(text);
            text.clone_into(&mut row.channel);
            text.clone_into(&mut row.target);
            row.body.clone_from(&body);
            row
        });
        let records = texts.iter().zip(1..).map(|(text, seq)| {
            let mut record = self.record(seq);
            record.rule = Some((*text).to_owned());
            record.channel = Some((*text).to_owned());
            record
        });
        let mut batch = Batch {
            puts,
            enqueue: rows.into(),
            history: records.collect(),
            ..Batch::default()
        };
        batch.enqueue.sort_by_key(|row| row.id);
        for _ in 0..2 {
            good(one.commit(lead, &batch).await);
            let found = self.snapshot(&**two).await;
            assert_eq!(keys(&found.state), keys(&batch.puts));
            assert!(found.state == batch.puts && found.outbox == batch.enqueue);
        }
        for text in texts {
            for query in queries(text) {
                let found = good(two.history(&query, &PageRequest::default()).await).items;
                assert!(
                    found.len() == 1 && found[0].rule.as_deref() == Some(text),
                    "{text:.40?}"
                );
            }
        }
        // The same dedup under another id, as long as it is.
        let again = texts.map(|text| self.row(text));
        let more = Batch {
            enqueue: again.into(),
            deletes: texts.map(|text| key(StateKind::Group, text)).into(),
            ..Batch::default()
        };
        good(one.commit(lead, &more).await);
        let found = self.snapshot(&**two).await;
        assert_eq!(found.state, []);
        assert!(found.outbox == batch.enqueue);
    }

    pub(super) async fn large_batches_are_written(&self, [one, two]: &Two) {
        const MANY: i64 = 5_000;
        let lead = self.must_lead(&**one).await;
        let name = |number: i64| format!("{number:08}");
        let puts = (0..MANY).map(|number| (key(StateKind::Alert, &name(number)), format!("[{number}]")));
        let mut batch = Batch {
            puts: puts.collect(),
            enqueue: (0..MANY).map(|number| self.row(&name(number))).collect(),
            history: (1..=MANY).map(|seq| self.record(seq)).collect(),
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        batch.enqueue.sort_by_key(|row| row.id);
        let found = self.snapshot(&**two).await;
        assert!(found.state == batch.puts && found.outbox == batch.enqueue);
        let first = PageRequest::first(200);
        let page = good(two.history(&HistoryQuery::default(), &first).await);
        let newest: Vec<i64> = page.items.iter().map(|record| record.seq).collect();
        assert_eq!(newest, (1..=MANY).rev().take(200).collect::<Vec<_>>());

        let removed = Batch {
            deletes: batch.puts.drain(1..).map(|(key, _)| key).collect(),
            dequeue: batch.enqueue.drain(1..).map(|row| row.id).collect(),
            ..Batch::default()
        };
        good(one.commit(lead, &removed).await);
        let found = self.snapshot(&**two).await;
        assert_eq!((found.state, found.outbox), (batch.puts, batch.enqueue));
        let far = self.now() + super::TTL;
        let most = usize::try_from(MANY).unwrap_or(usize::MAX);
        assert_eq!(good(two.sweep(far, most + 1).await), MANY.unsigned_abs());
    }

    /// However far it came: each is given more patience than the one before, until some end by themselves.
    pub(super) async fn a_dropped_commit_is_whole_or_not_there(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let (mut patience, mut ended, mut number) = (0, 0, 0);
        while ended < 3 {
            number += 1;
            let name = format!("{number:04}");
            let puts = ["a", "b"].map(|part| (key(StateKind::Alert, &format!("{name}{part}")), name.clone()));
            let batch = Batch {
                puts: puts.into(),
                enqueue: vec![self.row(&name)],
                history: vec![self.record(number)],
                ..Batch::default()
            };
            let waiting = async {
                for _ in 0..patience {
                    tokio::task::yield_now().await;
                }
            };
            let acknowledged = match select(one.commit(lead, &batch), pin!(waiting)).await {
                Either::Left((outcome, _)) => {
                    good(outcome);
                    true
                }
                Either::Right(((), commit)) => {
                    drop(commit);
                    false
                }
            };
            // What is still under way ends before the next commit of this engine does.
            good(two.commit(lead, &Batch::default()).await);
            let found = self.snapshot(&**two).await;
            let puts = found.state.iter().filter(|(_, body)| *body == name).count();
            let rows = found.outbox.iter().filter(|row| row.dedup == name).count();
            let all = HistoryQuery::default();
            let newest = good(two.history(&all, &PageRequest::first(1)).await).items;
            let records = newest.iter().filter(|record| record.seq == number).count();
            match (puts, rows, records) {
                (0, 0, 0) => assert!(!acknowledged, "commit {number} is lost"),
                (2, 1, 1) => {}
                parts => panic!("commit {number} is there in part: {parts:?}"),
            }
            ended += i32::from(acknowledged);
            patience += patience / 4 + 1;
        }
    }
}
