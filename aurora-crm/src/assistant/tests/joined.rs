//! Contacts that turn out to be one while the assistant is at work with both, in the house itself.

use std::time::Duration;

use aurora_core::store::outbox::Handler as _;
use aurora_core::time::Clock as _;
use aurora_llm::ErrorKind;
use serde_json::json;

use super::house::House;
use super::model::{Act, Model, receptionist};
use crate::assistant::QUEUE;
use crate::channels::{Address, AddressKind, Inbound, Sender};
use crate::conversations::{Assignee, Content, ConversationId};
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);
const NUMBER: &str = "5511987654321";

fn hidden() -> Address {
    Address::new(AddressKind::Bsuid, "BR.1502576394655843")
}

fn number() -> Address {
    Address::new(AddressKind::WaId, NUMBER)
}

async fn hear(house: &House, from: &[Address], name: &str, content: Content) -> ConversationId {
    let inbound = Inbound {
        channel: house.channel,
        from: Sender {
            addresses: from.to_vec(),
            name: None,
        },
        provider_id: name.to_owned(),
        sent_at: house.clock.now(),
        content,
        reply_to: None,
        extra: None,
    };
    let talks = house.crm.conversations();
    talks.ingest(&house.context, &inbound).await.unwrap().conversation
}

/// The channel tells that both are one: a notice, which opens no turn.
async fn join(house: &House) -> ConversationId {
    let told = Content::Notice {
        kind: "user_id_update".to_owned(),
        raw: json!({}),
    };
    hear(house, &[number(), hidden()], "join", told).await
}

fn tapped(id: &str) -> Content {
    Content::Chosen {
        id: id.to_owned(),
        title: "escolhido".to_owned(),
    }
}

#[tokio::test]
async fn what_was_answered_before_is_not_answered_again() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        let kept = hear(&house, &[hidden()], "a", Content::text("bom dia")).await;
        house.work(&assistant).await;
        house.clock.advance(HOUR);
        let lost = hear(&house, &[number()], "b", Content::text("bom dia")).await;
        house.work(&assistant).await;
        assert_ne!(kept, lost);
        assert_eq!(join(&house).await, kept);
        assert_eq!(house.replies(lost).await.len(), 2);
        house.assign(kept, Assignee::Nobody).await;
        house.assign(kept, Assignee::Assistant).await;
        house.work(&assistant).await;
        assert_eq!(house.replies(kept).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn who_was_registered_stays_so_and_a_list_on_the_screen_can_be_tapped() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        let kept = hear(&house, &[hidden()], "a", Content::text("bom dia")).await;
        house.work(&assistant).await;
        house.clock.advance(HOUR);
        let lost = house.says(NUMBER, "meu nome é Ana Souza").await;
        house.work(&assistant).await;
        let ana = house.client_of(lost).await.unwrap();
        house.says(NUMBER, "quero marcar uma consulta").await;
        house.work(&assistant).await;
        let times = house.choices(lost).await;
        // The tap names both addresses, and joins them.
        let both = [number(), hidden()];
        assert_eq!(hear(&house, &both, "tap", tapped(&times[3])).await, kept);
        house.work(&assistant).await;
        assert_eq!(house.client_of(kept).await, Some(ana));
        let booked = house.appointments().await;
        assert_eq!((booked.len(), booked[0].client_id), (1, ana));
    })
    .await;
}

#[tokio::test]
async fn a_tap_books_no_time_of_the_other_list() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        for (name, text) in [("a", "meu nome é Ana Souza"), ("b", "quero marcar uma consulta")] {
            hear(&house, &[hidden()], name, Content::text(text)).await;
            house.work(&assistant).await;
        }
        house.clock.advance(HOUR);
        let lost = house.says(NUMBER, "quero marcar uma consulta").await;
        house.work(&assistant).await;
        let times = house.choices(lost).await;
        let both = [number(), hidden()];
        let kept = hear(&house, &both, "tap", tapped(&times[5])).await;
        house.work(&assistant).await;
        assert!(house.client_of(kept).await.is_some());
        assert!(house.appointments().await.is_empty());
        // What is offered from now on can be chosen.
        hear(&house, &both, "c", Content::text("quero marcar uma consulta")).await;
        house.work(&assistant).await;
        let times = house.choices(kept).await;
        hear(&house, &both, "d", tapped(&times[5])).await;
        house.work(&assistant).await;
        assert_eq!(house.appointments().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_turn_that_waits_for_a_model_goes_on() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let overloaded = Model::new("overloaded", |_, _| Act::Fail(ErrorKind::Overloaded));
        let (broken, whole) = (
            house.assistant(&overloaded.client()),
            house.assistant(&receptionist("front", |_| false).client()),
        );
        let kept = hear(&house, &[hidden()], "a", Content::text("bom dia")).await;
        house.work(&whole).await;
        house.clock.advance(HOUR);
        house.says(NUMBER, "quero marcar uma consulta").await;
        let outbox = house.crm.store().outbox();
        let minute = Duration::from_secs(60);
        for letter in outbox.claim(QUEUE, 10, minute).await.unwrap() {
            assert!(broken.engine.handle(&letter).await.is_err());
        }
        assert_eq!(join(&house).await, kept);
        house.clock.advance(2 * minute);
        house.work(&whole).await;
        assert_eq!(house.choices(kept).await.len(), 10);
        assert_eq!(house.replies(kept).await.len(), 2, "one to each message");
        house.assign(kept, Assignee::Nobody).await;
        house.assign(kept, Assignee::Assistant).await;
        house.work(&whole).await;
        assert_eq!(
            house.replies(kept).await.len(),
            2,
            "and it is covered where it was answered"
        );
    })
    .await;
}
