//! What is kept of two contacts that turn out to be one.

use serde_json::json;

use super::{ANA, BIA, Desk, field, inbound, wa, wrong};
use crate::channels::{Address, AddressKind, DeliveryState};
use crate::clients::{NewClient, OwnerId};
use crate::conversations::{
    Assignee, Author, Content, Conversation, ConversationId, ConversationStatus, NewMessage,
};
use crate::testing::each_database;
use aurora_core::time::Clock as _;

/// Somebody without a number, who was there first, and somebody with one.
async fn two(desk: &Desk) -> (ConversationId, ConversationId) {
    let first = inbound(desk.channel, &[hidden()], "1", "sem número");
    let first = desk.talks().ingest(&desk.context, &first).await.unwrap();
    desk.clock.advance(super::HOUR);
    let second = desk.hear(ANA, "2", "com número").await;
    assert_ne!(first.conversation, second.conversation);
    (first.conversation, second.conversation)
}

fn hidden() -> Address {
    Address::new(AddressKind::Bsuid, "BR.1502576394655843")
}

/// The channel tells that they are one: a notice, which opens nothing.
async fn join(desk: &Desk) -> Conversation {
    let mut notice = inbound(desk.channel, &[wa(ANA), hidden()], "join", "");
    notice.content = Content::Notice {
        kind: "user_id_update".to_owned(),
        raw: json!({}),
    };
    let told = desk.talks().ingest(&desk.context, &notice).await.unwrap();
    desk.get(told.conversation).await
}

#[tokio::test]
async fn a_block_holds_for_both_and_who_is_no_client_does_not_become_one() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let ana = NewClient::person("Ana Souza").phone("+5511987654321");
        let ana = desk.crm.clients().create(&desk.context, ana).await.unwrap();
        let (first, second) = two(&desk).await;
        let lost = desk.get(second).await.contact;
        assert_eq!(lost.client_id, Some(ana.id));
        desk.talks().unlink_client(&desk.context, lost.id).await.unwrap();
        let lost = desk.talks().block(&desk.context, lost.id).await.unwrap();
        let kept = join(&desk).await;
        assert_eq!((kept.id, kept.contact.addresses.len()), (first, 2));
        assert_eq!(kept.contact.blocked_at, lost.blocked_at);
        assert_eq!(kept.contact.client_id, None);
        assert_eq!(
            wrong(desk.say(first, "Olá").await),
            [field("contact", "contact_blocked")]
        );
        desk.hear(ANA, "3", "Oi").await;
        assert_eq!(
            desk.get(first).await.contact.client_id,
            None,
            "a person has said so"
        );
    })
    .await;
}

#[tokio::test]
async fn a_link_to_a_client_whose_data_may_not_be_used_holds_for_both() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let clients = desk.crm.clients();
        let ana = NewClient::person("Ana Souza").phone("+5511987654321");
        let ana = clients.create(&desk.context, ana).await.unwrap();
        let (first, _) = two(&desk).await;
        let none = desk.get(first).await.contact;
        desk.talks().unlink_client(&desk.context, none.id).await.unwrap();
        clients
            .block(&desk.context, ana.id, ana.version, "asked for")
            .await
            .unwrap();
        assert_eq!(join(&desk).await.contact.client_id, Some(ana.id));
        assert_eq!(
            wrong(desk.say(first, "Olá").await),
            [field("contact", "client_blocked")]
        );
    })
    .await;
}

#[tokio::test]
async fn what_waits_is_sent_and_who_has_taken_one_answers_both() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let talks = desk.talks();
        let (first, second) = two(&desk).await;
        let post = async |to, key: &str| {
            let new = NewMessage::text(Author::System, key).idempotency_key(key);
            talks.post(&desk.context, to, new).await.unwrap()
        };
        let same = post(first, "same").await;
        let other = post(second, "same").await;
        let own = post(second, "own").await;
        let version = desk.get(first).await.version;
        talks.close(&desk.context, first, version).await.unwrap();
        let me = Assignee::Person(OwnerId::new(desk.clock.now()));
        talks.assign(&desk.context, second, 1, me).await.unwrap();
        let kept = join(&desk).await;
        assert_eq!(
            (kept.id, kept.assignee, kept.status),
            (first, me, ConversationStatus::Open)
        );
        // Tried again across the join.
        assert_eq!(post(second, "own").await.id, own.id);
        assert_eq!(post(second, "same").await.id, same.id);
        desk.send().await;
        for waiting in [&other, &own] {
            let state = desk.message(waiting).await.delivery;
            assert_eq!(state, Some(DeliveryState::Accepted));
        }
    })
    .await;
}

#[tokio::test]
async fn where_a_person_is_waited_for_the_assistant_does_not_go_on() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let (_, second) = two(&desk).await;
        let given = desk.talks().assign(&desk.context, second, 1, Assignee::Nobody);
        given.await.unwrap();
        assert_eq!(join(&desk).await.assignee, Assignee::Nobody);
        // Two that both have stay with it.
        let third = desk.hear(BIA, "3", "Oi").await.conversation;
        assert_eq!(desk.get(third).await.assignee, Assignee::Assistant);
    })
    .await;
}
