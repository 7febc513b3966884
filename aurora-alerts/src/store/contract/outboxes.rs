//! Notifications that wait.

use std::time::Duration;

use super::{Batch, Bench, Two, good};

impl Bench {
    pub(super) async fn notifications_wait_until_they_are_removed(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let old = self.row("old");
        self.clock.advance(Duration::from_millis(5));
        let mut new = self.row("new");
        "ops".clone_into(&mut new.channel);
        "+55 11 5555-0100".clone_into(&mut new.target);
        let enqueue = |rows: &[_]| Batch {
            enqueue: rows.to_vec(),
            ..Batch::default()
        };
        good(one.commit(lead, &enqueue(&[new.clone(), old.clone()])).await);
        let found = self.snapshot(&**two).await.outbox;
        assert_eq!(found, [old.clone(), new.clone()], "the oldest first");

        new.attempts = 3;
        new.not_before = self.now() + Duration::from_micros(30_000_001);
        r#"{"text":"it fires again"}"#.clone_into(&mut new.body);
        "mail".clone_into(&mut new.channel);
        good(one.commit(lead, &enqueue(std::slice::from_ref(&new))).await);
        assert_eq!(self.snapshot(&**two).await.outbox, [old.clone(), new.clone()]);

        let done = Batch {
            dequeue: vec![old.id, self.row("unknown").id],
            ..Batch::default()
        };
        good(one.commit(lead, &done).await);
        assert_eq!(self.snapshot(&**two).await.outbox, [new.clone()]);
        new.attempts = u32::MAX;
        good(one.commit(lead, &enqueue(std::slice::from_ref(&new))).await);
        assert_eq!(self.snapshot(&**two).await.outbox, [new]);
    }

    pub(super) async fn one_change_is_notified_once(&self, [one, two]: &Two) {
        let lead = self.must_lead(&**one).await;
        let first = self.row("a");
        let batch = Batch {
            enqueue: vec![first.clone()],
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        self.clock.advance(Duration::from_millis(5));
        // The rest of the batch is written, also where two of it tell the same.
        let (again, b, b_again) = (self.row("a"), self.row("b"), self.row("b"));
        let batch = Batch {
            puts: vec![(super::key(super::StateKind::Told, "x"), "1".to_owned())],
            enqueue: vec![again.clone(), b.clone(), b_again],
            history: vec![self.record(1)],
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        let found = self.snapshot(&**two).await;
        assert_eq!(found.outbox, [first.clone(), b.clone()]);
        assert_eq!(found.state, batch.puts);

        // What is replaced keeps what it tells, so that it takes no other's place.
        let mut changed = b.clone();
        "a".clone_into(&mut changed.dedup);
        changed.attempts = 1;
        let batch = Batch {
            enqueue: vec![changed],
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        let mut b = b;
        b.attempts = 1;
        assert_eq!(self.snapshot(&**two).await.outbox, [first.clone(), b.clone()]);

        // Once it was sent the same can be told again, such as the next time that the alert fires.
        let batch = Batch {
            dequeue: vec![first.id],
            enqueue: vec![again.clone()],
            ..Batch::default()
        };
        good(one.commit(lead, &batch).await);
        let mut expected = [again, b];
        expected.sort_by_key(|row| (row.created_at, row.id));
        assert_eq!(self.snapshot(&**two).await.outbox, expected);
    }
}
