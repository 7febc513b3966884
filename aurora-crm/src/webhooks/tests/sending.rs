use aurora_core::webhook::{SigningKey, Verifier};

use super::*;
use crate::error::ErrorKind;
use crate::testing::each_database;
use crate::webhooks::{DeliveryState, EventTypes, TEST_EVENT};

fn types(entries: &[&str]) -> EventTypes {
    let entries: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    entries.try_into().unwrap()
}

#[tokio::test]
async fn an_event_reaches_whoever_wants_it_signed_and_without_personal_data() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(204)).await;
        let new = || NewEndpoint::new(format!("{}/hook?k=v", server.uri())).header("X-Token", "t-1");
        let wants = new().event_types(types(&["client.*"]));
        let made = house.webhooks.create(&house.context, wants).await.unwrap();
        let other = new().event_types(types(&["client.deleted", "lead.*"]));
        house.webhooks.create(&house.context, other).await.unwrap();
        house.event().await;
        assert_eq!(house.work().await, 1);

        let [request] = requests(&server).await.try_into().unwrap();
        assert_eq!((request.url.path(), request.url.query()), ("/hook", Some("k=v")));
        assert_eq!(header(&request, "content-type"), "application/json");
        assert_eq!(header(&request, "x-token"), "t-1");
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!(header(&request, "webhook-id"), delivery.id.to_string());
        assert_eq!(
            header(&request, "webhook-timestamp"),
            house.clock.now().as_secs().to_string()
        );
        assert_genuine(&request, &made, &house.clock);
        let key = SigningKey::parse(&made.secret).unwrap();
        let verifier = Verifier::new(key).clock(house.clock.clone());
        assert!(verifier.verify(&request.headers, request.body.clone()).is_ok());

        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["type"], "client.created");
        assert_eq!(body["timestamp"], house.clock.now().to_string());
        assert!(body["data"]["id"].as_str().unwrap().starts_with("cli_"));
        let text = String::from_utf8(request.body).unwrap();
        assert!(!text.contains("Ana") && !text.contains("example.com"), "{text}");

        assert_eq!(
            (delivery.state, delivery.attempts, delivery.last_status),
            (DeliveryState::Delivered, 1, Some(204))
        );
        assert_eq!(
            (delivery.finished_at, delivery.next_attempt_at),
            (Some(house.clock.now()), None)
        );
        let [attempt] = house.attempts(delivery.id).await.try_into().unwrap();
        assert_eq!((attempt.status, attempt.error), (Some(204), None));
    })
    .await;
}

#[tokio::test]
async fn a_change_that_is_refused_tells_nobody() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(200)).await;
        house.endpoint(&server).await;
        let new = || NewClient::person("Ana").cpf("529.982.247-25");
        let clients = house.crm.clients();
        clients.create(&house.context, new()).await.unwrap();
        let twice = clients.create(&house.context, new()).await.unwrap_err();
        assert_eq!(twice.kind(), ErrorKind::AlreadyExists);
        assert_eq!(house.work().await, 1);
        assert_eq!(requests(&server).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn both_secrets_sign_for_a_day_after_a_change() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(200)).await;
        let old = house.endpoint(&server).await;
        let id = old.endpoint.id;
        let new = house.webhooks.rotate_secret(&house.context, id, 1).await.unwrap();
        assert_ne!(old.secret.expose(), new.secret.expose());
        assert_eq!(new.endpoint.previous_secret_until, Some(house.clock.now() + DAY));
        house.clock.advance(DAY - MINUTE);
        house.event().await;
        house.work().await;
        let during = requests(&server).await.pop().unwrap();
        assert_eq!(header(&during, "webhook-signature").split(' ').count(), 2);
        assert_genuine(&during, &old, &house.clock);
        assert_genuine(&during, &new, &house.clock);

        house.clock.advance(MINUTE);
        house.event().await;
        house.work().await;
        let after = requests(&server).await.pop().unwrap();
        assert_eq!(header(&after, "webhook-signature").split(' ').count(), 1);
        assert_genuine(&after, &new, &house.clock);
        if let Some(answer) = official(&after, old.secret.expose(), house.clock.now().as_secs()) {
            assert_eq!(answer["refused"], "No matching signature found");
        }
    })
    .await;
}

#[tokio::test]
async fn a_test_event_goes_through_everything_whatever_is_wanted() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(200).set_body_string("thanks")).await;
        let new = NewEndpoint::new(server.uri()).event_types(types(&["nothing.at_all"]));
        let made = house.webhooks.create(&house.context, new).await.unwrap();
        let id = house
            .webhooks
            .send_test(&house.context, made.endpoint.id)
            .await
            .unwrap();
        house.event().await;
        assert_eq!(house.work().await, 1);
        let [request] = requests(&server).await.try_into().unwrap();
        assert_genuine(&request, &made, &house.clock);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["type"], TEST_EVENT);
        assert_eq!(body["data"]["id"], made.endpoint.id.to_string());
        assert_eq!(house.attempts(id).await[0].body.as_deref(), Some("thanks"));
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_runs_sends_what_is_written_while_it_runs() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database).build().await.unwrap();
        let context = workspace(&crm).await;
        let sealer = Sealer::new(LocalKeys::generate("test").unwrap());
        let webhooks = crm.webhooks(sealer).egress(Egress::Any).allow_http();
        let webhooks = webhooks.build().unwrap();
        let (arrived, mut arrival) = tokio::sync::mpsc::unbounded_channel();
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .respond_with(move |_: &Request| {
                arrived.send(()).unwrap();
                ResponseTemplate::new(200)
            })
            .mount(&server)
            .await;
        let new = NewEndpoint::new(server.uri());
        webhooks.create(&context, new).await.unwrap();
        let worker = webhooks.worker().unwrap();
        let work = worker.run(async {
            crm.clients()
                .create(&context, NewClient::person("Ana"))
                .await
                .unwrap();
            arrival.recv().await.unwrap();
        });
        work.await;
        let (all, first) = (DeliveryFilter::all(), PageRequest::first(9));
        let page = webhooks.deliveries(&context, &all, &first).await.unwrap();
        let [delivery] = page.items.try_into().unwrap();
        assert_eq!(delivery.state, DeliveryState::Delivered);
    })
    .await;
}

#[tokio::test]
async fn who_dies_between_sending_and_writing_sends_again_under_the_same_id() {
    each_database(|db| async move {
        let house = House::new(db.database).await;
        let server = answering(ResponseTemplate::new(200)).await;
        house.endpoint(&server).await;
        house.event().await;
        let [message] = house
            .outbox()
            .claim(QUEUE, 10, MINUTE)
            .await
            .unwrap()
            .try_into()
            .unwrap();
        // It sends, and dies before anything is written.
        let job: crate::webhooks::fan_out::Job = message.json().unwrap();
        let task = crate::store::reading!(house.webhooks.store, &house.context, |tx| {
            let tx = &mut (&mut *tx).into();
            Ok(crate::webhooks::sql::outcome::task(tx, &house.context, job.delivery).await?)
        });
        let sender = &house.webhooks.attempts.sender;
        let task = task.unwrap().unwrap();
        sender.send(job.workspace, job.delivery, &task).await.unwrap();
        assert_eq!(house.work().await, 0, "the lease is still held");
        house.clock.advance(2 * MINUTE);
        assert_eq!(house.work().await, 1);

        let [first, second] = requests(&server).await.try_into().unwrap();
        assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
        assert_eq!(first.body, second.body);
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        // Whoever comes back to it finds that it is done.
        assert!(house.webhooks.attempts.handle(&message).await.is_ok());
        assert_eq!(requests(&server).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn who_comes_too_late_to_write_it_down_changes_nothing() {
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
        let pass = async {
            arrival.recv().await.unwrap();
            house.clock.advance(2 * MINUTE);
        };
        let (handled, ()) = tokio::join!(house.webhooks.attempts.handle(&message), pass);
        assert!(handled.is_err(), "its lease is gone");
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Pending, 0));
        assert_eq!(house.work().await, 1);
        let [delivery] = house.deliveries().await.try_into().unwrap();
        assert_eq!((delivery.state, delivery.attempts), (DeliveryState::Delivered, 1));
        let [first, second] = requests(&server).await.try_into().unwrap();
        assert_eq!(header(&first, "webhook-id"), header(&second, "webhook-id"));
    })
    .await;
}

#[tokio::test]
async fn deliveries_go_on_after_the_keys_of_the_system_have_changed() {
    each_database(|db| async move {
        let old = LocalKeys::generate("old").unwrap();
        let new = LocalKeys::generate("new").unwrap();
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database)
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let context = workspace(&crm).await;
        let on = |keys: LocalKeys| {
            let builder = crm.webhooks(Sealer::new(keys)).egress(Egress::Any).allow_http();
            builder.random(Random::seeded(7)).build().unwrap()
        };
        let server = answering(ResponseTemplate::new(200)).await;
        let first = NewEndpoint::new(server.uri()).header("x-token", "abc");
        let first = on(old.clone()).create(&context, first).await.unwrap();
        let id = first.endpoint.id;
        let made = on(old.clone()).rotate_secret(&context, id, 1).await.unwrap();
        let both = Sealer::new(new.clone().also(&old).unwrap());
        let accounts = crate::accounts::Accounts::builder(&crm, both).build().unwrap();
        let told = accounts.rewrap(&context).await.unwrap();
        assert_eq!(
            (told.rewrapped, told.failed),
            (3, 0),
            "the secret, the one before it, the headers"
        );
        let house = House {
            webhooks: on(new.clone()),
            crm,
            context,
            clock,
            sealer: Sealer::new(new),
        };
        house.event().await;
        house.work().await;
        let request = requests(&server).await.pop().unwrap();
        assert_eq!(header(&request, "x-token"), "abc");
        assert_genuine(&request, &first, &house.clock);
        assert_genuine(&request, &made, &house.clock);
    })
    .await;
}
