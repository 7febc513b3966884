//! What other processes hand in.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;

use super::super::InboxMessage;
use super::{Batch, Bench, StoreErrorKind, Two, good, refused};

fn bodies(messages: &[InboxMessage]) -> Vec<&str> {
    messages.iter().map(|message| message.body.as_str()).collect()
}

fn texts(bodies: &[&str]) -> Vec<String> {
    bodies.iter().map(|body| (*body).to_owned()).collect()
}

fn consume(messages: &[InboxMessage]) -> Batch {
    Batch {
        consumed: messages.iter().map(|message| message.seq).collect(),
        ..Batch::default()
    }
}

impl Bench {
    pub(super) async fn messages_stay_until_they_are_consumed(&self, [one, two]: &Two) {
        assert_eq!(good(one.inbox(0, 10).await), []);
        good(one.submit(&[]).await);
        good(one.submit(&texts(&["\"b\"", "\"a\""])).await);
        good(two.submit(&texts(&["{\"c\":\"ação \\u0000 🚨\"}"])).await);
        let all = good(two.inbox(0, 10).await);
        assert_eq!(bodies(&all), ["\"b\"", "\"a\"", "{\"c\":\"ação \\u0000 🚨\"}"]);
        assert!(
            all.iter().zip(all.iter().skip(1)).all(|(a, b)| a.seq < b.seq),
            "{all:?}"
        );
        assert_eq!(good(one.inbox(0, 10).await), all, "reading takes nothing away");
        assert_eq!(good(one.inbox(0, 2).await), all[..2]);
        assert_eq!(good(one.inbox(all[0].seq, 1).await), all[1..2]);
        assert_eq!(good(one.inbox(all[2].seq, 10).await), []);
        assert_eq!(good(one.inbox(0, 0).await), []);

        let lead = self.must_lead(&**one).await;
        good(one.commit(lead, &consume(&all[1..2])).await);
        assert_eq!(
            bodies(&good(two.inbox(0, 10).await)),
            [&*all[0].body, &*all[2].body]
        );
        good(one.commit(lead, &consume(&all)).await);
        assert_eq!(good(two.inbox(0, 10).await), []);
        good(two.submit(&texts(&["4"])).await);
        let next = good(one.inbox(all[2].seq, 10).await);
        assert_eq!(bodies(&next), ["4"], "numbers rise though the inbox was empty");
    }

    /// Whoever reads on from the last number that it saw gets everything, whoever hands in at the same time.
    pub(super) async fn no_message_is_passed_over(&self, [one, two]: &Two) {
        const SUBMITTERS: usize = 24;
        let under_way = AtomicUsize::new(SUBMITTERS);
        let submitters = join_all((0..SUBMITTERS).map(|number| {
            let (store, under_way) = (if number % 2 == 0 { one } else { two }, &under_way);
            async move {
                let batch: Vec<String> = (0..3).map(|part| format!("[{number},{part}]")).collect();
                good(store.submit(&batch).await);
                under_way.fetch_sub(1, Ordering::SeqCst);
            }
        }));
        let reader = async {
            let (mut seen, mut after) = (Vec::new(), 0);
            loop {
                let done = under_way.load(Ordering::SeqCst) == 0;
                let found = good(one.inbox(after, 7).await);
                if let Some(last) = found.last() {
                    after = last.seq;
                } else if done {
                    return seen;
                }
                seen.extend(found);
                tokio::task::yield_now().await;
            }
        };
        let (seen, _) = futures::join!(reader, submitters);
        assert_eq!(seen.len(), 3 * SUBMITTERS);
        for together in seen.chunks(3) {
            let number = together[0].body.split(',').next().unwrap_or_default();
            let expected: Vec<String> = (0..3).map(|part| format!("{number},{part}]")).collect();
            assert_eq!(
                bodies(together),
                expected,
                "those of one call stay together, in their order"
            );
        }
    }

    pub(super) async fn an_inbox_has_a_limit(&self, [one, two]: &Two) {
        const MANY: usize = 1_000;
        let thousand = vec!["{}".to_owned(); MANY];
        let mut held = 0;
        let kind = loop {
            match one.submit(&thousand).await {
                Ok(()) => held += MANY,
                Err(error) => break error.kind(),
            }
            assert!(held <= 100 * MANY, "it has no limit");
        };
        assert_eq!(kind, StoreErrorKind::Full);
        let all = good(two.inbox(0, usize::MAX).await);
        assert_eq!(all.len(), held, "all of a call are kept, or none");
        let lead = self.must_lead(&**one).await;
        good(one.commit(lead, &consume(&all[..MANY])).await);
        good(one.commit(lead, &consume(&all[..MANY])).await);
        good(two.submit(&thousand).await);
        assert_eq!(refused(one.submit(&thousand).await), StoreErrorKind::Full);
        good(
            one.commit(lead, &consume(&good(one.inbox(0, usize::MAX).await)))
                .await,
        );
        assert_eq!(good(two.inbox(0, 1).await), []);
        let more = vec!["{}".to_owned(); 100 * MANY];
        assert_eq!(refused(two.submit(&more).await), StoreErrorKind::Full);
        assert_eq!(good(two.inbox(0, 1).await), []);
    }
}
