use std::time::Duration;

use super::super::{DeadReason, Enqueued, Failed, Message, Outbox, Outcome, Priority, State};
use super::{LEASE, SECOND, message, open, texts, with_clock};
use crate::failure::FailureClass;
use crate::page::PageRequest;
use crate::store::{Error, ErrorKind, in_transaction};
use crate::testing::each_database;

fn failed() -> Failed {
    Failed::again(FailureClass::Transient, "no answer")
}

#[tokio::test]
async fn what_goes_in_comes_out_with_everything_it_had() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let sent = Message::json("mail", &("olá", 7))
            .unwrap()
            .tenant("wsp_1")
            .ordering_key("client-7")
            .idempotency_key("order-17")
            .header("traceparent", "00-ab-cd-01")
            .priority(Priority::High)
            .max_attempts(3);
        let id = outbox.enqueue(&sent).await.unwrap().id();
        assert!(outbox.claim("other", 10, LEASE).await.unwrap().is_empty());
        let claimed = outbox.claim("mail", 10, LEASE).await.unwrap();
        let [delivery] = claimed.as_slice() else {
            panic!("{claimed:?}")
        };
        assert_eq!(delivery.id, id);
        assert_eq!(delivery.json::<(String, u8)>().unwrap(), ("olá".to_owned(), 7));
        assert_eq!(delivery.tenant.as_deref(), Some("wsp_1"));
        assert_eq!(delivery.ordering_key.as_deref(), Some("client-7"));
        assert_eq!(delivery.idempotency_key, "order-17");
        assert_eq!(
            delivery.headers,
            [("traceparent".to_owned(), "00-ab-cd-01".to_owned())]
        );
        assert_eq!(delivery.priority, Priority::High);
        assert_eq!(
            (delivery.attempt, delivery.max_attempts, delivery.fence),
            (1, 3, 1)
        );
        use crate::time::Clock as _;
        assert_eq!(
            (delivery.enqueued_at, delivery.due_at),
            (clock.now(), clock.now())
        );
        assert!(!format!("{sent:?} {delivery:?}").contains("olá"));
        outbox.done(delivery).await.unwrap();
        outbox.done(delivery).await.unwrap(); // saying it twice is no error
        assert_eq!(outbox.get(id).await.unwrap().state, State::Done);
        assert!(outbox.claim("mail", 10, LEASE).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_message_is_there_if_and_only_if_the_change_is() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        for commits in [false, true] {
            let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
                outbox.enqueue_in(&mut (&mut *tx).into(), &message("a")).await?;
                outbox.enqueue_in(&mut (&mut *tx).into(), &message("b")).await?;
                if commits {
                    Ok(())
                } else {
                    Err(Error::new(ErrorKind::Other, "the change is refused"))
                }
            });
            assert_eq!(outcome.is_ok(), commits);
            let claimed = outbox.claim("q", 10, LEASE).await.unwrap();
            assert_eq!(texts(&claimed), if commits { vec!["a", "b"] } else { vec![] });
        }
    })
    .await;
}

#[tokio::test]
async fn a_duplicate_changes_nothing_and_is_told_the_first_id() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let keyed = |text: &str| message(text).idempotency_key("k");
        let first = outbox.enqueue(&keyed("first")).await.unwrap();
        assert!(first.is_new());
        let again = outbox
            .enqueue_all(&[keyed("second"), message("other")])
            .await
            .unwrap();
        assert_eq!(again[0], Enqueued::Duplicate(first.id()));
        assert!(again[1].is_new());
        // another tenant's and another queue's keys are their own
        assert!(outbox.enqueue(&keyed("a").tenant("t")).await.unwrap().is_new());
        assert!(
            outbox
                .enqueue(&Message::new("q2", "a").idempotency_key("k"))
                .await
                .unwrap()
                .is_new()
        );
        let claimed = outbox.claim("q", 10, LEASE).await.unwrap();
        assert_eq!(texts(&claimed), ["first", "other", "a"]);
        // also within one call, and after it was done
        let twice = [
            message("x").idempotency_key("x"),
            message("y").idempotency_key("x"),
        ];
        let twice = outbox.enqueue_all(&twice).await.unwrap();
        assert_eq!(twice[1], Enqueued::Duplicate(twice[0].id()));
        for delivery in claimed {
            outbox.done(&delivery).await.unwrap();
        }
        assert!(!outbox.enqueue(&keyed("third")).await.unwrap().is_new());
    })
    .await;
}

#[tokio::test]
async fn many_duplicates_at_once_leave_one_message() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let same = message("one").idempotency_key("k").ordering_key("o");
        let all = futures::future::join_all((0..16).map(|_| outbox.enqueue(&same))).await;
        let all: Vec<Enqueued> = all.into_iter().map(Result::unwrap).collect();
        assert_eq!(all.iter().filter(|enqueued| enqueued.is_new()).count(), 1);
        assert!(all.iter().all(|enqueued| enqueued.id() == all[0].id()));
        assert_eq!(outbox.claim("q", 10, LEASE).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn what_is_urgent_comes_first_then_what_is_due_longest_and_nothing_before_its_time() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        for (name, priority, delay) in [
            ("late", Priority::Urgent, 10),
            ("n1", Priority::Normal, 0),
            ("low", Priority::Low, 0),
            ("n2", Priority::Normal, 0),
            ("high", Priority::High, 0),
        ] {
            let message = message(name).priority(priority).delay(SECOND * delay);
            outbox.enqueue(&message).await.unwrap();
        }
        assert_eq!(texts(&outbox.claim("q", 2, LEASE).await.unwrap()), ["high", "n1"]);
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["n2", "low"]);
        clock.advance(SECOND * 9);
        assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
        clock.advance(SECOND);
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["late"]);
    })
    .await;
}

#[tokio::test]
async fn a_holder_that_comes_late_is_refused_whatever_it_says() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        outbox.enqueue(&message("a")).await.unwrap();
        let late = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        clock.advance(LEASE);
        for takeover in [false, true] {
            if takeover {
                let next = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
                assert_eq!(next.id, late.id);
                assert_eq!(next.idempotency_key, late.idempotency_key);
                assert_eq!((next.attempt, next.fence), (2, late.fence + 1));
            }
            let refused = [
                outbox.done(&late).await,
                outbox.retry(&late, SECOND, failed()).await,
                outbox.dead(&late, DeadReason::Rejected, failed()).await,
                in_transaction!(db.database, |tx| {
                    outbox.done_in(&mut (&mut *tx).into(), &late).await
                }),
            ];
            for refused in refused {
                assert_eq!(refused.unwrap_err().kind(), ErrorKind::LeaseLost);
            }
            let mine = std::slice::from_ref(&late);
            assert_eq!(outbox.extend(mine, LEASE).await.unwrap(), [late.id]);
            let released = [(late.clone(), Outcome::Release)];
            assert_eq!(outbox.settle(&released).await.unwrap(), [late.id]);
        }
        assert_eq!(outbox.get(late.id).await.unwrap().state, State::Leased);
    })
    .await;
}

#[tokio::test]
async fn a_lease_can_be_lengthened_and_given_back() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        outbox.enqueue(&message("a")).await.unwrap();
        let mine = outbox.claim("q", 1, LEASE).await.unwrap();
        clock.advance(LEASE - SECOND);
        assert!(outbox.extend(&mine, LEASE).await.unwrap().is_empty());
        clock.advance(LEASE - SECOND);
        assert!(outbox.claim("q", 1, LEASE).await.unwrap().is_empty());
        let back = [(mine[0].clone(), Outcome::Release)];
        assert!(outbox.settle(&back).await.unwrap().is_empty());
        let again = outbox.claim("q", 1, LEASE).await.unwrap();
        // the attempt did not count, the fence did
        assert_eq!((again[0].attempt, again[0].fence), (1, 2));
        assert_eq!(
            outbox.done(&mine[0]).await.unwrap_err().kind(),
            ErrorKind::LeaseLost
        );
    })
    .await;
}

#[tokio::test]
async fn the_effect_and_its_end_are_one_transaction() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        crate::store::execute!(
            db.database,
            sqlx::query("create table effects (n bigint not null)")
        )
        .unwrap();
        outbox.enqueue(&message("a")).await.unwrap();
        let effect = async |delivery| {
            let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
                sqlx::query("insert into effects values (1)")
                    .execute(&mut *tx)
                    .await?;
                outbox.done_in(&mut (&mut *tx).into(), delivery).await
            });
            outcome
        };
        let slow = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        clock.advance(LEASE);
        let quick = outbox.claim("q", 1, LEASE).await.unwrap().remove(0);
        effect(&quick).await.unwrap();
        assert_eq!(effect(&slow).await.unwrap_err().kind(), ErrorKind::LeaseLost);
        let effects: i64 = crate::store::on_reader!(db.database, |pool| sqlx::query_scalar(
            "select count(*) from effects"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(effects, 1);
    })
    .await;
}

#[tokio::test]
async fn a_paused_queue_gives_nothing_until_it_is_resumed() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        outbox.enqueue_all(&[message("a"), message("b")]).await.unwrap();
        let held = outbox.claim("q", 1, LEASE).await.unwrap();
        outbox.pause("q").await.unwrap();
        outbox.pause("q").await.unwrap();
        assert_eq!(outbox.paused().await.unwrap(), ["q"]);
        assert!(outbox.claim("q", 9, LEASE).await.unwrap().is_empty());
        outbox.done(&held[0]).await.unwrap();
        outbox.resume("q").await.unwrap();
        assert!(outbox.paused().await.unwrap().is_empty());
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["b"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_there_can_be_counted_listed_and_purged() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let many: Vec<Message> = (0..7).map(|n| message(&n.to_string()).tenant(n % 2)).collect();
        outbox.enqueue_all(&many).await.unwrap();
        clock.advance(SECOND * 5);
        for delivery in outbox.claim("q", 3, LEASE).await.unwrap() {
            outbox.done(&delivery).await.unwrap();
        }
        let counts = outbox.counts().await.unwrap();
        let told: Vec<_> = counts
            .iter()
            .map(|count| (count.queue.as_str(), count.state, count.messages, count.oldest))
            .collect();
        assert_eq!(
            told,
            [
                ("q", State::Done, 3, SECOND * 5),
                ("q", State::Ready, 4, SECOND * 5)
            ]
        );
        let (mut seen, mut request) = (Vec::new(), PageRequest::first(2));
        loop {
            let page = outbox.page("q", State::Ready, None, &request).await.unwrap();
            for item in page.items {
                seen.push(outbox.payload(item.id).await.unwrap());
            }
            let Some(next) = page.next else { break };
            let foreign = PageRequest::first(2).after(next.clone());
            let foreign = outbox.page("q", State::Done, None, &foreign).await;
            assert_eq!(foreign.unwrap_err().kind(), ErrorKind::Invalid);
            request = PageRequest::first(2).after(next);
        }
        assert_eq!(seen, ["6", "5", "4", "3"]);
        let of_tenant = outbox
            .page("q", State::Ready, Some("1"), &PageRequest::first(9))
            .await;
        assert_eq!(of_tenant.unwrap().items.len(), 2);

        clock.advance(SECOND);
        assert_eq!(outbox.purge(State::Done, SECOND * 2, 10).await.unwrap(), 0);
        assert_eq!(outbox.purge(State::Done, Duration::ZERO, 2).await.unwrap(), 2);
        assert_eq!(outbox.purge(State::Done, Duration::ZERO, 2).await.unwrap(), 1);
        assert_eq!(outbox.counts().await.unwrap().len(), 1);
        let wrong = outbox.purge(State::Ready, Duration::ZERO, 2).await;
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Invalid);
    })
    .await;
}

#[tokio::test]
async fn what_is_out_of_range_is_refused_with_all_that_is_wrong() {
    each_database(|db| async move {
        let small = Outbox::builder(db.database.clone())
            .max_payload(4)
            .open()
            .await
            .unwrap();
        let wrong = Message::new("a b", "12345")
            .tenant("")
            .ordering_key("a\0b")
            .idempotency_key("x".repeat(257))
            .header("a", "b\n")
            .delay(Duration::MAX)
            .max_attempts(0);
        let error = small.enqueue(&wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        for word in [
            "queue",
            "tenant",
            "ordering_key",
            "idempotency_key",
            "payload",
            "headers",
            "delay",
            "max_attempts",
        ] {
            assert!(error.to_string().contains(word), "{word}: {error}");
        }
        for (most, lease) in [
            (0, LEASE),
            (1_001, LEASE),
            (1, Duration::ZERO),
            (1, Duration::MAX),
        ] {
            assert_eq!(
                small.claim("q", most, lease).await.unwrap_err().kind(),
                ErrorKind::Invalid
            );
        }
        for builder in [
            Outbox::builder(db.database.clone()).holder(""),
            Outbox::builder(db.database.clone()).max_payload(0),
        ] {
            assert_eq!(builder.open().await.unwrap_err().kind(), ErrorKind::Invalid);
        }
    })
    .await;
}

#[tokio::test]
async fn two_that_open_it_at_once_both_succeed_and_leases_need_no_common_clock_on_postgres() {
    each_database(|db| async move {
        let other = crate::store::Database::open(&db.url).await.unwrap();
        let (a, b) = tokio::join!(Outbox::open(db.database.clone()), Outbox::open(other.clone()));
        let (a, b) = (a.unwrap(), b.unwrap());
        a.enqueue(&message("a")).await.unwrap();
        let held = a.claim("q", 1, LEASE).await.unwrap();
        assert!(b.claim("q", 1, LEASE).await.unwrap().is_empty());
        a.done(&held[0]).await.unwrap();
        // a clock that is given counts, be it a day ahead
        let ahead = crate::time::ManualClock::at(crate::time::Timestamp::from_secs(4_000_000_000));
        b.enqueue(&message("b")).await.unwrap();
        assert_eq!(
            with_clock(&other, &ahead)
                .await
                .claim("q", 1, LEASE)
                .await
                .unwrap()
                .len(),
            1
        );
        other.close().await;
    })
    .await;
}
