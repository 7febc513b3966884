use super::*;
use crate::testing::each_database;
use crate::webhooks::{DeliveryState, DisabledReason};

#[tokio::test]
async fn failures_are_repeated_on_the_recommended_schedule_and_then_given_up() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(500).set_body_string("no")).await;
        let made = house.endpoint(&server).await;
        house.event().await;
        let waits = [
            Duration::from_secs(5),
            5 * MINUTE,
            30 * MINUTE,
            2 * HOUR,
            5 * HOUR,
            10 * HOUR,
            14 * HOUR,
            20 * HOUR,
            24 * HOUR,
        ];
        for (made, wait) in waits.into_iter().enumerate() {
            assert_eq!(house.work().await, 1, "attempt {}", made + 1);
            let [delivery] = house.deliveries().await.try_into().unwrap();
            assert_eq!(delivery.state, DeliveryState::Pending);
            let next = delivery.next_attempt_at.unwrap().since(house.clock.now());
            assert!(
                (wait..=wait + wait / 10).contains(&next),
                "attempt {}: {next:?}",
                made + 2
            );
            house.clock.advance(wait - Duration::from_millis(1));
            assert_eq!(house.work().await, 0, "too early");
            house.clock.advance(wait / 10 + Duration::from_millis(1));
        }
        assert_eq!(house.work().await, 1);
        house.clock.advance(30 * DAY);
        assert_eq!(house.work().await, 0);
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!(
            (delivery.state, delivery.attempts, delivery.last_error.as_deref()),
            (DeliveryState::Failed, 10, Some("status"))
        );
        let requests = requests(&server).await;
        assert_eq!(requests.len(), 10);
        let ids: std::collections::BTreeSet<_> = requests
            .iter()
            .map(|request| header(request, "webhook-id"))
            .collect();
        assert_eq!(ids.len(), 1);
        // Each attempt is signed anew, or receivers would refuse it for its age.
        let times: std::collections::BTreeSet<_> = requests
            .iter()
            .map(|request| header(request, "webhook-timestamp"))
            .collect();
        assert_eq!(times.len(), 10);
        house.clock.set_wall(delivery.created_at);
        assert_genuine(&requests[0], &made, &house.clock);
        let attempts = house.attempts(delivery.id).await;
        let numbers: Vec<_> = attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
        assert_eq!(
            (attempts[9].status, attempts[9].body.as_deref()),
            (Some(500), Some("no"))
        );
    })
    .await;
}

#[tokio::test]
async fn a_receiver_is_left_alone_for_as_long_as_it_asks() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(503).insert_header("retry-after", "600")).await;
        house.endpoint(&server).await;
        house.event().await;
        house.work().await;
        let [delivery] = house.deliveries().await.try_into().unwrap();
        let next = delivery.next_attempt_at.unwrap().since(house.clock.now());
        assert!((10 * MINUTE..=11 * MINUTE).contains(&next), "{next:?}");
    })
    .await;
}

#[tokio::test]
async fn redirects_and_silence_are_failures_and_a_large_answer_is_none() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let large = format!("\0{}", "ção".repeat(100_000));
        for (template, error) in [
            (
                ResponseTemplate::new(307).insert_header("location", "/elsewhere"),
                Some("redirect"),
            ),
            (ResponseTemplate::new(404), Some("status")),
            (ResponseTemplate::new(200).set_body_string(&large), None),
        ] {
            let server = answering(template).await;
            let endpoint = house.endpoint(&server).await.endpoint;
            house.event().await;
            house.work().await;
            let requests = requests(&server).await;
            assert_eq!(requests.len(), 1, "no redirect is followed");
            let delivery = house.deliveries().await.into_iter().next().unwrap();
            assert_eq!(delivery.last_error.as_deref(), error);
            let [attempt] = house.attempts(delivery.id).await.try_into().unwrap();
            if let Some(body) = attempt.body {
                assert!((1_000..=1_024).contains(&body.len()) && body.starts_with("ção"));
            }
            let disabled = house
                .webhooks
                .disable(&house.context, endpoint.id, endpoint.version);
            disabled.await.unwrap();
            house.clock.advance(MINUTE); // so that the newest is the newest
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let nobody = NewEndpoint::new(format!("http://127.0.0.1:{port}/"));
        house.webhooks.create(&house.context, nobody).await.unwrap();
        house.event().await;
        house.work().await;
        let delivery = house.deliveries().await.into_iter().next().unwrap();
        assert_eq!(
            (delivery.last_status, delivery.last_error.as_deref()),
            (None, Some("connect"))
        );
    })
    .await;
}

#[tokio::test]
async fn who_answers_410_is_sent_nothing_any_more() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(410)).await;
        let listener = answering(ResponseTemplate::new(200)).await;
        let gone = house.endpoint(&server).await.endpoint;
        let other = NewEndpoint::new(listener.uri())
            .event_types(vec!["webhook_endpoint.*".to_owned()].try_into().unwrap());
        house.webhooks.create(&house.context, other).await.unwrap();
        house.event().await;
        house.event().await;
        house.work().await;
        house.clock.advance(DAY);
        house.event().await;
        house.work().await;
        assert_eq!(requests(&server).await.len(), 1);
        let disabled = house
            .webhooks
            .get(&house.context, gone.id)
            .await
            .unwrap()
            .disabled;
        assert_eq!(disabled.unwrap().reason, DisabledReason::Gone);
        let mut errors: Vec<_> = house
            .deliveries()
            .await
            .into_iter()
            .filter(|delivery| delivery.endpoint == gone.id)
            .map(|delivery| delivery.last_error.unwrap())
            .collect();
        errors.sort();
        assert_eq!(errors, ["disabled", "gone"]);
        // Who wants to know is told.
        let [told] = requests(&listener).await.try_into().unwrap();
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!(
            (&body["type"], &body["data"]["reason"]),
            (&json!("webhook_endpoint.disabled"), &json!("gone"))
        );
        assert_eq!(body["data"]["id"], gone.id.to_string());
    })
    .await;
}

#[tokio::test]
async fn who_fails_entirely_for_days_is_disabled_and_one_success_is_enough_to_go_on() {
    each_database(|db| async move {
        let house = House::with(db.database, |builder| {
            let schedule = outbox::Schedule::listed([HOUR]);
            builder.schedule(schedule).disable_after(3, 5 * DAY)
        })
        .await;
        let server = MockServer::start().await;
        let id = house.endpoint(&server).await.endpoint.id;
        let fail = async || {
            house.event().await;
            house.work().await;
            house.clock.advance(2 * HOUR);
            house.work().await;
            house.webhooks.get(&house.context, id).await.unwrap()
        };
        // No mock is mounted: everything is 404.
        for failed in 1..=4 {
            let endpoint = fail().await;
            assert_eq!((endpoint.failed_deliveries, endpoint.disabled), (failed, None));
        }
        house.clock.advance(4 * DAY);
        assert_eq!(fail().await.disabled, None, "not five days yet");
        let success = Mock::given(method("POST")).respond_with(ResponseTemplate::new(200));
        let success = success.mount_as_scoped(&server).await;
        let endpoint = fail().await;
        assert_eq!((endpoint.failed_deliveries, endpoint.failing_since), (0, None));
        drop(success);
        fail().await;
        house.clock.advance(6 * DAY);
        assert_eq!(fail().await.disabled, None, "only two deliveries");
        let endpoint = fail().await;
        assert_eq!(endpoint.disabled.unwrap().reason, DisabledReason::Failing);
        let before = requests(&server).await.len();
        fail().await;
        assert_eq!(requests(&server).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn a_slow_endpoint_is_passed_by_and_does_not_hold_up_others() {
    each_database(|db| async move {
        let house = House::with(db.database, |builder| builder.concurrency_per_endpoint(1)).await;
        let slow = answering(ResponseTemplate::new(200)).await;
        let quick = answering(ResponseTemplate::new(200)).await;
        let id = house.endpoint(&slow).await.endpoint.id;
        house.endpoint(&quick).await;
        let slot = house.webhooks.attempts.slots.take(id); // a request that is under way
        house.event().await;
        assert_eq!(house.work().await, 2);
        assert_eq!(
            (requests(&slow).await.len(), requests(&quick).await.len()),
            (0, 1)
        );
        drop(slot);
        house.clock.advance(MINUTE);
        assert_eq!(house.work().await, 1);
        let of_slow = house.deliveries().await;
        let of_slow = of_slow.iter().find(|delivery| delivery.endpoint == id);
        assert_eq!(of_slow.unwrap().attempts, 1, "the wait was no attempt");
        // Of a hundred first attempts at one endpoint, a few can be claimed at once.
        for _ in 0..40 {
            house.event().await;
        }
        let claimed = house.outbox().claim(QUEUE, 100, MINUTE).await.unwrap();
        assert!((2..=8).contains(&claimed.len()), "{}", claimed.len());
    })
    .await;
}
