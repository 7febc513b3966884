use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::{Handler as _, Outcome};

use super::sending::{error, receipt};
use super::{ANA, ANA_WITHOUT_NINE, Desk, HOUR, wa};
use crate::channels::{DeliveryState, Receipt, SendError, SendErrorKind};
use crate::conversations::sender::schedule;
use crate::conversations::{Content, ConversationSettings, FallbackTemplate, MESSAGES};
use crate::testing::each_database;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn too_late_for_the_window_becomes_the_template_of_the_workspace_once() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let closed = || Err(error(SendErrorKind::WindowClosed));
        desk.messenger.then(closed());
        let failed = desk.say(id, "sem modelo").await.unwrap();
        desk.send().await;
        let failed = desk.message(&failed).await;
        assert_eq!(failed.delivery, Some(DeliveryState::Failed));
        assert_eq!(failed.failure.as_deref(), Some("131000: something went wrong"));
        let template = FallbackTemplate {
            name: "retomar".to_owned(),
            language: "pt_BR".to_owned(),
            places: vec!["{name}".to_owned()],
            text: "Olá {name}, podemos continuar?".to_owned(),
        };
        let settings = ConversationSettings::default().fallback(template.clone());
        desk.talks().configure(&desk.context, &settings).await.unwrap();
        let stored = desk.talks().stored_settings(&desk.context).await.unwrap();
        assert_eq!(stored, (settings.clone(), 1));
        for stale in [0, 2] {
            let late = desk.talks().configure_at(&desk.context, stale, &settings).await;
            assert_eq!(late.unwrap_err().current_version(), Some(1), "{stale}");
        }
        let again = desk.talks().configure_at(&desk.context, 1, &settings).await;
        assert_eq!(again.unwrap(), 2);
        desk.messenger.then(closed());
        desk.say(id, "um").await.unwrap();
        desk.send().await;
        desk.messenger.then(closed());
        desk.say(id, "dois").await.unwrap();
        desk.send().await;
        let sent: Vec<Content> = desk.messenger.sent().into_iter().map(|one| one.content).collect();
        let asked = Content::Template {
            name: "retomar".to_owned(),
            language: "pt_BR".to_owned(),
            body: vec!["Ana".to_owned()],
            payloads: Vec::new(),
            text: "Olá Ana, podemos continuar?".to_owned(),
        };
        assert_eq!(sent[1..], [Content::text("um"), asked, Content::text("dois")]);
        // One that carries the message goes for each; our own clock is enough to know.
        let carrying = FallbackTemplate {
            places: vec!["{text}".to_owned()],
            ..template
        };
        let settings = ConversationSettings::default().fallback(carrying);
        desk.talks().configure(&desk.context, &settings).await.unwrap();
        let waiting = desk.say(id, "linha 1\nlinha 2").await.unwrap();
        desk.clock.advance(HOUR * 23);
        let other = desk.say(id, "x").await.unwrap();
        desk.clock.advance(HOUR);
        desk.send().await;
        assert!(
            desk.message(&waiting)
                .await
                .failure
                .unwrap()
                .starts_with("expired")
        );
        assert!(
            desk.message(&other)
                .await
                .failure
                .unwrap()
                .starts_with("window_closed")
        );
        let Some(Content::Template { body, .. }) =
            desk.messenger.sent().last().map(|one| one.content.clone())
        else {
            panic!("a template is sent");
        };
        assert_eq!(body, ["x"]);
    })
    .await;
}

#[tokio::test]
async fn a_rejected_message_fails_with_its_reason_and_a_lost_account_holds_everything() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        desk.messenger.then(Err(error(SendErrorKind::Rejected)));
        let rejected = desk.say(id, "não").await.unwrap();
        desk.send().await;
        assert_eq!(
            desk.message(&rejected).await.delivery,
            Some(DeliveryState::Failed)
        );
        let denied = SendError::new(SendErrorKind::Account, "190", "the token has expired");
        desk.messenger.then(Err(denied));
        let held = desk.say(id, "espera").await.unwrap();
        desk.send().await;
        let paused = desk.talks().paused_channels(&desk.context).await.unwrap();
        assert_eq!(
            (paused[0].channel, paused[0].code.as_str()),
            (desk.channel, "190")
        );
        let sent = desk.messenger.sent().len();
        desk.clock.advance(MINUTE * 30);
        desk.send().await;
        assert_eq!(
            desk.messenger.sent().len(),
            sent,
            "nothing is sent until somebody has seen to it"
        );
        assert_eq!(desk.message(&held).await.delivery, Some(DeliveryState::Queued));
        assert!(
            desk.talks()
                .resume_channel(&desk.context, desk.channel)
                .await
                .unwrap()
        );
        assert!(
            !desk
                .talks()
                .resume_channel(&desk.context, desk.channel)
                .await
                .unwrap()
        );
        desk.clock.advance(MINUTE * 5);
        desk.send().await;
        assert_eq!(desk.message(&held).await.delivery, Some(DeliveryState::Accepted));
    })
    .await;
}

/// As the sender's own worker does it: the more often a letter was tried, the longer an exponential wait would be.
#[tokio::test]
async fn after_a_long_pause_messages_go_on_within_two_minutes() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        desk.messenger.then(Err(error(SendErrorKind::Account)));
        let held = desk.say(id, "espera").await.unwrap();
        let (sender, outbox) = (desk.sender(), desk.crm.store().outbox());
        let random = aurora_core::rng::Random::seeded(7);
        for round in 0..40 {
            if round == 39 {
                let resumed = desk.talks().resume_channel(&desk.context, desk.channel).await;
                assert!(resumed.unwrap());
            }
            let letters = outbox.claim(MESSAGES, 1, MINUTE).await.unwrap();
            assert_eq!(letters.len(), 1, "round {round}");
            for letter in letters {
                let outcome = match sender.handle(&letter).await {
                    Ok(()) => Outcome::Done,
                    Err(failed) => schedule().decide(&letter, failed, &random),
                };
                outbox.settle(&[(letter, outcome)]).await.unwrap();
            }
            desk.clock.advance(Duration::from_secs(132));
        }
        assert_eq!(desk.message(&held).await.delivery, Some(DeliveryState::Accepted));
    })
    .await;
}

#[tokio::test]
async fn a_channel_that_wants_fewer_calls_is_left_alone_for_a_while() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let (sender, outbox) = (desk.sender(), desk.crm.store().outbox());
        let random = aurora_core::rng::Random::seeded(7);
        desk.say(id, "Olá").await.unwrap();
        for (asked, least) in [(None, 5), (Some(1), 5), (Some(70), 70)] {
            let asked = asked.map(Duration::from_secs);
            desk.messenger.then(Err(error(SendErrorKind::Throttled(asked))));
            let letter = outbox.claim(MESSAGES, 1, MINUTE).await.unwrap().remove(0);
            let failed = sender.handle(&letter).await.unwrap_err();
            assert_eq!(failed.class(), FailureClass::Throttled);
            let outcome = schedule().decide(&letter, failed, &random);
            let Outcome::Retry(wait, _) = &outcome else {
                panic!("{outcome:?}");
            };
            assert!(*wait >= Duration::from_secs(least), "{wait:?}");
            desk.clock.advance(*wait);
            outbox.settle(&[(letter, outcome)]).await.unwrap();
            desk.clock.advance(MINUTE * 2);
        }
    })
    .await;
}

#[tokio::test]
async fn states_never_go_back_and_none_is_lost_that_comes_early() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let take = async |name: &str, state: DeliveryState| {
            let update = desk.update(name, None, state);
            desk.talks()
                .delivery(&desk.context, &update)
                .await
                .unwrap()
                .map(|one| one.delivery.unwrap())
        };
        let message = desk.say(id, "Olá").await.unwrap();
        // The channel is faster than the answer to our call.
        assert_eq!(take("wamid.a", DeliveryState::Delivered).await, None);
        assert_eq!(take("wamid.a", DeliveryState::Sent).await, None);
        desk.messenger.then(Ok(receipt("wamid.a")));
        desk.send().await;
        assert_eq!(
            desk.message(&message).await.delivery,
            Some(DeliveryState::Delivered)
        );
        assert_eq!(take("wamid.a", DeliveryState::Sent).await, None);
        assert_eq!(
            take("wamid.a", DeliveryState::Failed).await,
            None,
            "it was delivered"
        );
        assert_eq!(
            take("wamid.a", DeliveryState::Read).await,
            Some(DeliveryState::Read)
        );
        assert_eq!(take("wamid.a", DeliveryState::Delivered).await, None);
        assert_eq!(
            take("wamid.a", DeliveryState::Played).await,
            Some(DeliveryState::Played)
        );
        // Every order of all states ends the same.
        let states = [
            DeliveryState::Accepted,
            DeliveryState::Sent,
            DeliveryState::Delivered,
            DeliveryState::Read,
        ];
        for order in 0..24_usize {
            let (mut left, mut rest) = (states.to_vec(), order);
            let name = format!("wamid.{order}");
            let message = desk.say(id, "x").await.unwrap();
            desk.messenger.then(Ok(receipt(&name)));
            if order % 2 == 0 {
                desk.send().await;
            }
            while !left.is_empty() {
                let next = left.remove(rest % left.len());
                rest /= 4;
                take(&name, next).await;
            }
            desk.send().await;
            assert_eq!(
                desk.message(&message).await.delivery,
                Some(DeliveryState::Read),
                "{order}"
            );
        }
        // A contact's message is not delivered.
        assert_eq!(take("1", DeliveryState::Read).await, None);
    })
    .await;
}

#[tokio::test]
async fn the_address_of_the_receipt_is_where_the_next_goes_and_reading_is_told() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "wamid.1", "Oi").await.conversation;
        let shown = desk.hear(ANA, "wamid.2", "Tem horário?").await.message.position;
        desk.messenger.then(Ok(Receipt {
            provider_id: "a".to_owned(),
            address: Some(wa(ANA_WITHOUT_NINE)),
        }));
        desk.say(id, "Olá").await.unwrap();
        desk.send().await;
        assert_eq!(desk.get(id).await.contact.addresses, [wa(ANA_WITHOUT_NINE)]);
        // It came in after the page was opened, and nobody has seen it.
        let late = desk.hear(ANA, "wamid.3", "É urgente").await.message.position;
        let mark = async |up_to| desk.talks().mark_read(&desk.context, id, up_to).await.unwrap();
        assert_eq!(mark(0).await.unread, 3);
        let read = mark(shown).await;
        assert_eq!(read.unread, 1);
        assert_eq!(desk.get(id).await.unread, 1);
        desk.send().await;
        assert_eq!(desk.messenger.read(), ["wamid.2"]);
        mark(shown).await;
        desk.send().await;
        assert_eq!(desk.messenger.read().len(), 1);
        assert_eq!(mark(late).await.unread, 0);
        desk.send().await;
        assert_eq!(desk.messenger.read(), ["wamid.2", "wamid.3"]);
    })
    .await;
}
