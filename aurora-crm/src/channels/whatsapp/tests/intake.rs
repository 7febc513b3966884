use std::time::Duration;

use aurora_core::store::on_reader;
use serde_json::json;

use super::house::{House, OTHER, SECRET, new_number, workspace};
use super::*;
use crate::channels::whatsapp::testing::{Posted, Webhooks};
use crate::channels::whatsapp::webhook::{Handshake, SignatureRefused};
use crate::channels::whatsapp::{NewNumber, QUEUE, ReceiveError};
use crate::channels::{AddressKind, DeliveryState};
use crate::conversations::{Content, MediaKind};
use crate::testing::each_database;

fn signed(webhooks: Webhooks) -> Posted {
    webhooks.signed(&SECRET.into())
}

fn text(id: &str, body: &str) -> Webhooks {
    Webhooks::new().text(NUMBER, ANA, id, AT, body)
}

/// Rows of the inbox, however often anything was posted.
pub(super) async fn rows(house: &House, state: &str) -> i64 {
    let context = house.context.clone();
    let outcome: Result<i64, crate::Error> = crate::store::reading!(&house.whatsapp.store, &context, |tx| {
        let statement = "select count(*) from whatsapp_inbound where workspace_id = $1 and state = $2";
        Ok(sqlx::query_scalar(statement)
            .bind(context.workspace)
            .bind(state)
            .fetch_one(&mut *tx)
            .await?)
    });
    outcome.unwrap()
}

#[tokio::test]
async fn what_is_posted_is_kept_once_and_understood_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let posted = signed(text("wamid.1", "Olá"));
        let first = house.post(&posted).await;
        assert_eq!((first.stored, first.duplicates), (1, 0));
        let again = house.post(&posted).await;
        assert_eq!((again.stored, again.duplicates), (0, 1));
        assert_eq!(house.work().await, 1);
        house.post(&posted).await;
        assert_eq!(house.work().await, 0);
        let told = house.told.inbound();
        assert_eq!((told.len(), house.told.calls()), (1, 1));
        let (workspace, inbound) = &told[0];
        assert_eq!(
            (*workspace, inbound.channel),
            (house.context.workspace, house.number.id)
        );
        assert_eq!(inbound.sent_at, AT);
        assert_eq!(inbound.content, Content::text("Olá"));
        assert_eq!(inbound.from.addresses[0].value, ANA);
        assert_eq!(inbound.from.name.as_deref(), Some("Sheena Nelson"));
    })
    .await;
}

#[tokio::test]
async fn everything_twice_and_shuffled_has_one_effect() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let mut all = Vec::new();
        for n in 0..6 {
            all.push(signed(text(&format!("wamid.{n}"), "Olá")));
            for status in ["sent", "delivered", "read"] {
                all.push(signed(Webhooks::new().status(
                    NUMBER,
                    ANA,
                    &format!("wamid.out{n}"),
                    AT,
                    status,
                    None,
                )));
            }
        }
        all.push(signed(text("wamid.0", "Olá").text(
            NUMBER,
            ANA,
            "wamid.batch",
            AT,
            "também",
        )));
        let random = aurora_core::rng::Random::seeded(11);
        let mut order: Vec<usize> = (0..all.len()).chain(0..all.len()).collect();
        for at in (1..order.len()).rev() {
            let other = usize::try_from(random.below(u64::try_from(at + 1).unwrap())).unwrap();
            order.swap(at, other);
        }
        let mut stored = 0;
        for (step, at) in order.into_iter().enumerate() {
            stored += house.post(&all[at]).await.stored;
            if step % 5 == 0 {
                house.work().await;
            }
        }
        house.work().await;
        assert_eq!(stored, 6 + 18 + 1);
        let ids: std::collections::BTreeSet<_> = house
            .told
            .inbound()
            .into_iter()
            .map(|told| told.1.provider_id)
            .collect();
        assert_eq!((ids.len(), house.told.updates().len()), (7, 18));
        assert_eq!(house.told.calls(), 7 + 18);
        assert_eq!(rows(&house, "done").await, 25);
    })
    .await;
}

#[tokio::test]
async fn a_batch_goes_to_the_workspaces_that_have_its_numbers() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let second = workspace(&house.crm).await;
        let other = house.whatsapp.add(&second, new_number(OTHER)).await.unwrap();
        let foreign = NewNumber::new("306540352242922", "+1", "other", "token");
        house.whatsapp.add(&second, foreign).await.unwrap();
        let posted = signed(
            text("wamid.1", "um")
                .text(OTHER, ANA, "wamid.1", AT, "dois")
                .text("999", ANA, "wamid.3", AT, "nobody's")
                .text("306540352242922", ANA, "wamid.4", AT, "forged")
                .value(OTHER, json!({"messages": [{"from": ANA, "type": "text"}]}))
                .change("account_update", json!({"event": "ACCOUNT_RESTRICTION"})),
        );
        let received = house.post(&posted).await;
        assert_eq!((received.stored, received.unknown), (3, 2));
        assert_eq!((received.foreign, received.malformed), (1, 1));
        house.work().await;
        let mut told = house.told.inbound();
        told.sort_by_key(|(workspace, _)| *workspace != house.context.workspace);
        assert_eq!(told.len(), 2);
        assert_eq!(
            (told[0].1.channel, &told[0].1.content),
            (house.number.id, &Content::text("um"))
        );
        assert_eq!((told[1].0, told[1].1.channel), (second.workspace, other.id));
        assert_eq!(told[1].1.content, Content::text("dois"));
        // A removed number is nobody's any more.
        house.whatsapp.remove(&second, other.id, 1).await.unwrap();
        let late = house
            .post(&signed(Webhooks::new().text(OTHER, ANA, "wamid.9", AT, "x")))
            .await;
        assert_eq!((late.stored, late.unknown), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn what_is_not_metas_is_not_even_read() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let posted = signed(text("wamid.1", "Olá"));
        let missing = house.intake.receive(&posted.body, None).await.unwrap_err();
        assert!(matches!(
            missing,
            ReceiveError::Signature(SignatureRefused::Missing)
        ));
        assert_eq!(missing.status(), 401);
        for at in 0..posted.body.len() {
            let mut body = posted.body.clone();
            body[at] ^= 1;
            let refused = house
                .intake
                .receive(&body, Some(&posted.signature))
                .await
                .unwrap_err();
            assert!(
                matches!(refused, ReceiveError::Signature(SignatureRefused::Wrong)),
                "byte {at}"
            );
        }
        let stranger = text("wamid.1", "Olá").signed(&"stranger".into());
        house
            .intake
            .receive(&stranger.body, Some(&stranger.signature))
            .await
            .unwrap_err();
        assert_eq!(rows(&house, "pending").await, 0);
        // Another secret of the same app signs as well; what is signed and no JSON is told.
        let rotated = text("wamid.1", "Olá").signed(&"next secret".into());
        assert_eq!(house.post(&rotated).await.stored, 1);
        let signature = crate::channels::whatsapp::webhook::sign(&SECRET.into(), b"{");
        let unreadable = house.intake.receive(b"{", Some(&signature)).await.unwrap_err();
        assert_eq!(unreadable.status(), 400);
        let asked = |token| Handshake {
            mode: Some("subscribe"),
            verify_token: Some(token),
            challenge: Some("42"),
        };
        assert_eq!(house.intake.handshake(&asked("other token")), Ok("42"));
        assert!(house.intake.handshake(&asked("nothing")).is_err());
    })
    .await;
}

#[tokio::test]
async fn a_process_that_dies_anywhere_loses_nothing_and_doubles_nothing() {
    each_database(|db| async move {
        let mut house = House::open(db.database).await;
        house
            .post(&signed(
                text("wamid.1", "um").text(NUMBER, ANA, "wamid.2", AT, "dois"),
            ))
            .await;
        // It dies before anything is understood.
        house.restart();
        let claimed = house
            .outbox()
            .claim(QUEUE, 10, Duration::from_secs(60))
            .await
            .unwrap();
        assert_eq!(
            claimed.len(),
            1,
            "things of one contact are understood one at a time"
        );
        // It dies with a message in its hands: the lease runs out.
        house.clock.advance(Duration::from_secs(61));
        // It dies between the conversation and the inbox: the conversation is told again.
        house.told.fail(1);
        assert_eq!(house.work().await, 3);
        let bodies: Vec<Content> = house
            .told
            .inbound()
            .into_iter()
            .map(|told| told.1.content)
            .collect();
        assert_eq!(bodies, [Content::text("um"), Content::text("dois")]);
        assert_eq!(house.told.calls(), 3);
        assert_eq!(
            (rows(&house, "done").await, rows(&house, "pending").await),
            (2, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn what_people_said_stays_in_the_inbox_no_longer_than_it_is_needed() {
    each_database(|db| async move {
        let house = House::open(db.database.clone()).await;
        house.post(&signed(text("wamid.1", "segredo"))).await;
        let nobody = json!({"messages": [{"id": "wamid.2", "type": "text", "text": {"body": "quem?"}}]});
        house.post(&signed(Webhooks::new().value(NUMBER, nobody))).await;
        house.work().await;
        assert_eq!((rows(&house, "done").await, rows(&house, "failed").await), (1, 1));
        let words: Vec<Option<String>> = on_reader!(db.owner, |pool| sqlx::query_scalar(
            "select cast(payload as text) from whatsapp_inbound order by state"
        )
        .fetch_all(pool))
        .unwrap();
        assert_eq!(words[0], None);
        assert!(words[1].as_ref().unwrap().contains("quem?"));
        let early = house
            .whatsapp
            .purge(&house.context, Duration::from_secs(3_600))
            .await;
        assert_eq!(early.unwrap_err().fields()[0].field, "keep");
        let week = Duration::from_secs(8 * 24 * 3_600);
        assert_eq!(house.whatsapp.purge(&house.context, week).await.unwrap(), 0);
        house.clock.advance(week + Duration::from_secs(1));
        assert_eq!(house.whatsapp.purge(&house.context, week).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test]
async fn every_kind_is_put_into_the_words_of_conversations() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        for (name, mut body) in meta_webhooks() {
            let Some(message) = body["entry"][0]["changes"][0]["value"].get_mut("messages") else { continue };
            message[0]["id"] = json!(name);
            body["entry"][0]["changes"][0]["field"] = json!("messages");
            let bytes = body.to_string().into_bytes();
            let signature = crate::channels::whatsapp::webhook::sign(&SECRET.into(), &bytes);
            house.intake.receive(&bytes, Some(&signature)).await.unwrap();
        }
        house.work().await;
        let told = house.told.inbound();
        let of = |name: &str| told.iter().find(|told| told.1.provider_id == name).unwrap().1.clone();
        assert_eq!(told.len(), 13);
        assert!(matches!(of("Image Message").content, Content::Media { kind: MediaKind::Image, media, .. }
            if media.provider_id.as_deref() == Some("1003383421387256")));
        assert_eq!(of("Button Message").content, Content::Chosen { id: "Unsubscribe".to_owned(), title: "Unsubscribe".to_owned() });
        assert!(matches!(of("Interactive List Reply Message").content, Content::Chosen { id, .. } if id == "priority_express"));
        assert!(of("Interactive List Reply Message").reply_to.unwrap().starts_with("wamid."));
        assert!(matches!(of("Reaction Message").content, Content::Reaction { emoji: Some(_), .. }));
        assert!(matches!(of("Order Message").content, Content::Unsupported { kind, raw } if kind == "order" && raw["order"].is_object()));
        assert!(matches!(of("Unsupported Message").content, Content::Unsupported { .. }));
        let moved = of("System Message");
        assert!(matches!(moved.content, Content::Notice { kind, .. } if kind == "user_changed_number"));
        let addresses: Vec<&str> = moved.from.addresses.iter().map(|address| address.value.as_str()).collect();
        assert_eq!(addresses, ["12195555358", "16505551234"]);
        let ad = of("Text Message from Click to WhatsApp Ad");
        assert_eq!(ad.extra.unwrap()["referral"]["source_type"], "ad");
    })
    .await;
}

#[tokio::test]
async fn statuses_carry_our_own_name_and_a_problem_of_the_account_pauses_the_number() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let ours = crate::conversations::MessageId::new(AT);
        let posted = Webhooks::new()
            .status(NUMBER, ANA, "wamid.1", AT, "delivered", Some(&ours.to_string()))
            .status(NUMBER, ANA, "wamid.2", AT, "failed", None)
            .status(NUMBER, ANA, "wamid.2", AT, "warning", None);
        house.post(&signed(posted)).await;
        house.work().await;
        let mut updates = house.told.updates();
        updates.sort_by(|left, right| left.1.provider_id.cmp(&right.1.provider_id));
        assert_eq!(updates.len(), 2);
        assert_eq!(
            (updates[0].1.state, updates[0].1.message),
            (DeliveryState::Delivered, Some(ours))
        );
        assert_eq!(
            (updates[1].1.state, updates[1].1.message),
            (DeliveryState::Failed, None)
        );
        assert_eq!(updates[1].1.error.as_ref().unwrap().code, "131047");
        assert_eq!(
            house
                .whatsapp
                .get(&house.context, house.number.id)
                .await
                .unwrap()
                .pause,
            None
        );
        let payment = json!({"errors": [{"code": 131_042, "title": "Business eligibility payment issue"}]});
        house.post(&signed(Webhooks::new().value(NUMBER, payment))).await;
        house.work().await;
        let paused = house
            .whatsapp
            .get(&house.context, house.number.id)
            .await
            .unwrap()
            .pause;
        assert_eq!(paused.unwrap().reason, "131042");
    })
    .await;
}

#[tokio::test]
async fn people_without_a_number_are_known_by_their_user_id() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let value = json!({"contacts": [{"profile": {"username": "ana"}, "user_id": "BR.1", "parent_user_id": "BR.ENT.2"}],
            "messages": [{"from_user_id": "BR.1", "id": "wamid.1", "timestamp": "1750000000", "type": "text", "text": {"body": "oi"}}]});
        house.post(&signed(Webhooks::new().value(NUMBER, value))).await;
        house.work().await;
        let from = house.told.inbound().remove(0).1.from;
        let kinds: Vec<AddressKind> = from.addresses.iter().map(|address| address.kind).collect();
        assert_eq!(kinds, [AddressKind::Bsuid, AddressKind::ParentBsuid]);
        assert_eq!(from.name.as_deref(), Some("ana"));
    })
    .await;
}

#[tokio::test]
async fn the_same_request_many_times_at_once_is_kept_once() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let mut all = text("wamid.0", "Olá");
        for n in 1..8 {
            all = all.text(NUMBER, ANA, &format!("wamid.{n}"), AT, "Olá");
        }
        let forwards = signed(all);
        let calls = (0..8).map(|_| house.intake.receive(&forwards.body, Some(&forwards.signature)));
        let outcomes = futures::future::join_all(calls).await;
        let stored: usize = outcomes.into_iter().map(|outcome| outcome.unwrap().stored).sum();
        assert_eq!(stored, 8);
        assert_eq!(rows(&house, "pending").await, 8);
    })
    .await;
}
