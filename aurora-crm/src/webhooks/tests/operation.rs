use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use aurora_core::time::Timestamp;

use super::*;
use crate::error::ErrorKind;
use crate::testing::each_database;
use crate::webhooks::DeliveryState;

#[tokio::test]
async fn a_replay_sends_the_same_body_under_the_same_id_and_drops_what_was_planned() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = MockServer::start().await;
        let made = house.endpoint(&server).await;
        house.event().await;
        house.work().await; // 404: nothing is mounted
        let [delivery] = house.deliveries().await.try_into().unwrap();
        house.clock.advance(Duration::from_secs(2));
        house.webhooks.replay(&house.context, delivery.id).await.unwrap();
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&server)
            .await;
        house.clock.advance(10 * MINUTE);
        // The attempt that was planned finds that another run counts; the replay is delivered.
        assert_eq!(house.work().await, 2);
        let [first, second] = requests(&server).await.try_into().unwrap();
        assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
        assert_eq!(first.body, second.body);
        assert_genuine(&second, &made, &house.clock);
        // What was delivered can be sent again too.
        house.webhooks.replay(&house.context, delivery.id).await.unwrap();
        assert_eq!(house.work().await, 1);
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 3));
        let statuses: Vec<_> = house
            .attempts(delivery.id)
            .await
            .into_iter()
            .map(|attempt| attempt.status.unwrap())
            .collect();
        assert_eq!(statuses, [404, 200, 200]);
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_ends_after_a_replay_is_logged_and_decides_nothing() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(move |_: &Request| {
                arrived.send(()).unwrap();
                ResponseTemplate::new(200).set_delay(Duration::from_millis(300))
            })
            .mount(&server)
            .await;
        house.endpoint(&server).await;
        house.event().await;
        let [message] = house
            .outbox()
            .claim(QUEUE, 10, MINUTE)
            .await
            .unwrap()
            .try_into()
            .unwrap();
        let [delivery] = house.deliveries().await.try_into().unwrap();
        let replay = async {
            arrival.recv().await.unwrap();
            let replay = house.webhooks.replay(&house.context, delivery.id);
            replay.await.unwrap();
        };
        let ((), handled) = tokio::join!(replay, house.webhooks.attempts.handle(&message));
        handled.unwrap();
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 1));
        assert_eq!(house.work().await, 1);
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 2));
        assert_eq!(requests(&server).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_failed_since_a_time_is_sent_again_once_the_endpoint_is_back() {
    each_database(|db| async move {
        let house = House::with(db.database, |builder| {
            builder.schedule(outbox::Schedule::listed([]))
        })
        .await;
        let server = MockServer::start().await;
        let id = house.endpoint(&server).await.endpoint.id;
        house.event().await;
        house.work().await;
        house.clock.advance(HOUR);
        let since = house.clock.now();
        for _ in 0..3 {
            house.event().await;
        }
        let (webhooks, context) = (&house.webhooks, &house.context);
        webhooks.disable(context, id, 1).await.unwrap();
        house.event().await; // while it is disabled, nothing is written for it
        house.work().await;
        for refused in [
            webhooks.replay_failed(context, id, since).await.err(),
            webhooks.send_test(context, id).await.err(),
            webhooks
                .replay(context, house.deliveries().await[0].id)
                .await
                .err(),
        ] {
            assert_eq!(refused.unwrap().kind(), ErrorKind::Invalid);
        }
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(200))
            .mount(&server)
            .await;
        webhooks.enable(context, id, 2).await.unwrap();
        assert_eq!(webhooks.replay_failed(context, id, since).await.unwrap(), 3);
        assert_eq!(webhooks.replay_failed(context, id, since).await.unwrap(), 0);
        assert_eq!(house.work().await, 3);
        let states: Vec<_> = house
            .deliveries()
            .await
            .into_iter()
            .map(|delivery| delivery.state)
            .collect();
        assert_eq!(
            states,
            [
                DeliveryState::Delivered,
                DeliveryState::Delivered,
                DeliveryState::Delivered,
                DeliveryState::Failed
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn what_is_over_for_long_is_purged_with_its_attempts_and_what_is_due_stays() {
    each_database(|db| async move {
        let house = House::new(db.database.clone()).await;
        let server = answering(ResponseTemplate::new(200)).await;
        house.endpoint(&server).await;
        for _ in 0..3 {
            house.event().await;
        }
        house.work().await;
        house.clock.advance(30 * DAY);
        house.event().await;
        let purge = |most| house.webhooks.purge(&house.context, 29 * DAY, most);
        assert_eq!(purge(2).await.unwrap(), 2);
        assert_eq!(purge(2).await.unwrap(), 1);
        assert_eq!(purge(2).await.unwrap(), 0);
        assert_eq!(house.deliveries().await.len(), 1);
        let count = "select count(*) from webhook_attempts";
        let left: i64 = aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_scalar(count)
            .fetch_one(pool))
        .unwrap();
        assert_eq!(left, 0);
        assert_eq!(house.work().await, 1);
    })
    .await;
}

#[tokio::test]
async fn pages_of_deliveries_hold_everything_once_and_come_from_an_index() {
    each_database(|db| async move {
        let house = House::new(db.database.clone()).await;
        let server = answering(ResponseTemplate::new(200)).await;
        let id = house.endpoint(&server).await.endpoint.id;
        for _ in 0..7 {
            house.event().await;
            house.clock.advance(MINUTE);
        }
        let mut seen = Vec::new();
        let filter = DeliveryFilter::all().endpoint(id);
        let mut request = PageRequest::first(3);
        loop {
            let page = house.webhooks.deliveries(&house.context, &filter, &request);
            let page = page.await.unwrap();
            seen.extend(page.items.into_iter().map(|delivery| delivery.id));
            let Some(next) = page.next else { break };
            let (all, foreign) = (DeliveryFilter::all(), PageRequest::first(3).after(next.clone()));
            let elsewhere = house.webhooks.deliveries(&house.context, &all, &foreign).await;
            assert_eq!(elsewhere.unwrap_err().kind(), ErrorKind::Invalid);
            request = PageRequest::first(3).after(next);
        }
        assert_eq!(seen.len(), 7);
        assert!(seen.is_sorted_by(|a, b| a > b));
        if db.database.engine_name() == "sqlite" {
            for (name, sql) in crate::webhooks::sql::deliveries::ALL {
                if name.starts_with("PAGE") || *name == "FAILED_SINCE" {
                    let explain = format!("explain query plan {sql}");
                    let plan: Vec<(i64, i64, i64, String)> = aurora_core::store::on_reader!(
                        db.database,
                        |pool| sqlx::query_as(sqlx::AssertSqlSafe(explain.as_str())).fetch_all(pool)
                    )
                    .unwrap();
                    let plan: Vec<_> = plan.into_iter().map(|row| row.3).collect();
                    assert!(!plan.iter().any(|step| step.contains("SCAN")), "{name}: {plan:?}");
                    let sorts = plan.iter().any(|step| step.contains("TEMP B-TREE"));
                    assert!(!sorts, "{name}: {plan:?}");
                }
            }
        }
    })
    .await;
}

/// Whatever happens in whatever order: what was sent is what was logged, and nothing is ever stuck.
#[tokio::test]
async fn no_order_of_failures_replays_and_switching_loses_a_delivery() {
    for seed in 0..4 {
        each_database(|db| async move {
            let random = Random::seeded(seed);
            let house = House::with(db.database, |builder| builder.disable_after(1, DAY)).await;
            let status = Arc::new(AtomicU16::new(200));
            let answer = Arc::clone(&status);
            let server = MockServer::start().await;
            Mock::given(method("POST"))
                .respond_with(move |_: &Request| ResponseTemplate::new(answer.load(Ordering::Relaxed)))
                .mount(&server)
                .await;
            let id = house.endpoint(&server).await.endpoint.id;
            let (webhooks, context) = (&house.webhooks, &house.context);
            for _ in 0..40 {
                let endpoint = webhooks.get(context, id).await.unwrap();
                match random.below(8) {
                    0 | 1 => house.event().await,
                    2 => {
                        let statuses = [200, 204, 302, 404, 429, 500, 503, 410];
                        let index = usize::try_from(random.below(8)).unwrap();
                        status.store(statuses[index], Ordering::Relaxed);
                    }
                    3 => house.clock.advance(DAY.mul_f64(random.unit())),
                    4 if endpoint.disabled.is_none() && random.below(4) == 0 => {
                        webhooks.disable(context, id, endpoint.version).await.unwrap();
                    }
                    4 if endpoint.disabled.is_some() => {
                        webhooks.enable(context, id, endpoint.version).await.unwrap();
                    }
                    5 if endpoint.disabled.is_none() => {
                        if let Some(delivery) = house.deliveries().await.first() {
                            webhooks.replay(context, delivery.id).await.unwrap();
                        }
                    }
                    _ => drop(house.work().await),
                }
            }
            let logged: i64 = house
                .deliveries()
                .await
                .iter()
                .map(|delivery| delivery.attempts)
                .sum();
            let sent = requests(&server).await.len();
            assert_eq!(usize::try_from(logged).unwrap(), sent, "seed {seed}");

            status.store(200, Ordering::Relaxed);
            house.work().await;
            let endpoint = webhooks.get(context, id).await.unwrap();
            if endpoint.disabled.is_some() {
                webhooks.enable(context, id, endpoint.version).await.unwrap();
            }
            while webhooks
                .replay_failed(context, id, Timestamp::UNIX_EPOCH)
                .await
                .unwrap()
                > 0
            {}
            for _ in 0..3 {
                house.clock.advance(2 * DAY);
                house.work().await;
            }
            for delivery in house.deliveries().await {
                assert_eq!(delivery.state, DeliveryState::Delivered, "seed {seed}");
            }
        })
        .await;
    }
}
