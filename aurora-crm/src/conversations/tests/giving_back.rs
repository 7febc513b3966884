//! Who gets a turn when the assistant gets a conversation back, and who gets none.

use aurora_core::time::Clock as _;

use super::{ANA, Desk, field, wrong};
use crate::clients::{NewClient, OwnerId};
use crate::conversations::{Assignee, Author, ConversationId, NewMessage};
use crate::testing::each_database;

/// To nobody and to the assistant again.
async fn give_back(desk: &Desk, id: ConversationId) {
    for to in [Assignee::Nobody, Assignee::Assistant] {
        let version = desk.get(id).await.version;
        let given = desk.talks().assign(&desk.context, id, version, to).await;
        assert_eq!(given.unwrap().assignee, to);
    }
}

#[tokio::test]
async fn what_a_person_has_answered_waits_for_nobody() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        assert_eq!(desk.turns().await.len(), 1);
        // What the assistant says when it hands over is no answer.
        desk.say(id, "Voltamos amanhã").await.unwrap();
        give_back(&desk, id).await;
        assert_eq!(desk.turns().await.len(), 1);
        let hers = Author::Person(OwnerId::new(desk.clock.now()));
        let hers = NewMessage::text(hers, "Olá, tudo certo");
        desk.talks().post(&desk.context, id, hers).await.unwrap();
        give_back(&desk, id).await;
        assert_eq!(desk.turns().await, []);
    })
    .await;
}

#[tokio::test]
async fn a_blocked_contact_is_heard_and_not_answered() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let contact = desk.get(heard.conversation).await.contact;
        let waiting = desk.say(heard.conversation, "Olá").await.unwrap();
        desk.talks().block(&desk.context, contact.id).await.unwrap();
        assert!(desk.hear(ANA, "2", "spam").await.fresh);
        let turns = desk.turns().await;
        assert_eq!(
            (turns.len(), turns[0].message),
            (1, heard.message.id),
            "that before"
        );
        give_back(&desk, heard.conversation).await;
        assert_eq!(desk.turns().await, []);
        assert_eq!(desk.get(heard.conversation).await.unread, 1);
        let refused = desk.say(heard.conversation, "Olá").await;
        assert_eq!(wrong(refused), [field("contact", "contact_blocked")]);
        desk.send().await;
        assert_eq!(desk.messenger.sent(), []);
        let failure = desk.message(&waiting).await.failure.unwrap();
        assert!(failure.starts_with("contact_blocked"), "{failure}");
        let free = desk.talks().unblock(&desk.context, contact.id).await.unwrap();
        assert_eq!(free.blocked_at, None);
        desk.say(heard.conversation, "Olá").await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_client_whose_data_may_not_be_used_is_heard_and_not_answered() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let clients = desk.crm.clients();
        let ana = NewClient::person("Ana Souza").phone("(11) 98765-4321");
        let ana = clients.create(&desk.context, ana).await.unwrap();
        let heard = desk.hear(ANA, "1", "Oi").await;
        assert_eq!(desk.get(heard.conversation).await.contact.client_id, Some(ana.id));
        let waiting = desk.say(heard.conversation, "Olá").await.unwrap();
        let blocked = clients
            .block(&desk.context, ana.id, ana.version, "asked for")
            .await
            .unwrap();
        let asked = desk.hear(ANA, "2", "Alô?").await;
        assert!(asked.fresh);
        let turns = desk.turns().await;
        assert_eq!(turns.len(), 1, "none for what came in since");
        assert_eq!(
            turns[0].message, heard.message.id,
            "it was there before the block"
        );
        assert_eq!(desk.get(heard.conversation).await.unread, 2, "people see it");
        give_back(&desk, heard.conversation).await;
        assert_eq!(desk.turns().await, [], "no model is shown it");
        let refused = desk.say(heard.conversation, "Olá").await;
        assert_eq!(wrong(refused), [field("contact", "client_blocked")]);
        desk.send().await;
        assert_eq!(desk.messenger.sent(), []);
        let failure = desk.message(&waiting).await.failure.unwrap();
        assert!(failure.starts_with("client_blocked"), "{failure}");
        clients
            .unblock(&desk.context, ana.id, blocked.version)
            .await
            .unwrap();
        give_back(&desk, heard.conversation).await;
        assert_eq!(desk.turns().await[0].message, asked.message.id);
        desk.say(heard.conversation, "Olá").await.unwrap();
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 1);
    })
    .await;
}
