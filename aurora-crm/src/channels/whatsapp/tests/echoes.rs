use std::time::Duration;

use aurora_core::time::Clock as _;
use serde_json::{Value, json};

use super::house::{House, SECRET};
use super::*;
use crate::channels::DeliveryState;
use crate::channels::whatsapp::testing::Webhooks;
use crate::conversations::{Author, Content, ConversationStatus, Direction, Message};
use crate::testing::each_database;

/// What staff write with the app.
async fn write(house: &House, id: &str, to: &str, mut said: Value) {
    said["from"] = json!("551138765432");
    said["to"] = json!(to);
    said["id"] = json!(id);
    said["timestamp"] = json!(house.clock.now().as_secs().to_string());
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "551138765432", "phone_number_id": NUMBER},
        "message_echoes": [said],
    });
    let posted = Webhooks::new().change("smb_message_echoes", value);
    house.post(&posted.signed(&SECRET.into())).await;
    house.work().await;
}

fn text(body: &str) -> Value {
    json!({"type": "text", "text": {"body": body}})
}

async fn recent(house: &House) -> Vec<Message> {
    let conversation = house.conversation().await;
    let talks = house.crm.conversations();
    talks.recent(&house.context, conversation.id, 10).await.unwrap()
}

#[tokio::test]
async fn what_staff_write_with_the_app_is_in_the_conversation_as_an_answer_of_a_person() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let heard = house.hear("wamid.1", "Vocês atendem sábado?").await;
        let talks = house.crm.conversations();
        let closed = talks
            .close(&house.context, heard.id, heard.version)
            .await
            .unwrap();
        assert_eq!(closed.status, ConversationStatus::Closed);
        house.clock.advance(Duration::from_secs(60));
        for _ in 0..2 {
            write(&house, "wamid.2", ANA, text("Sim, até meio-dia")).await;
        }
        let said = recent(&house).await;
        assert_eq!(said.len(), 2);
        assert_eq!(said[1].content, Content::text("Sim, até meio-dia"));
        assert_eq!(
            (said[1].direction, said[1].delivery),
            (Direction::Out, Some(DeliveryState::Accepted))
        );
        assert!(
            matches!(said[1].author, Author::Person(_)),
            "the assistant goes by it"
        );
        assert_eq!(said[1].provider_id.as_deref(), Some("wamid.2"));
        let after = house.conversation().await;
        assert_eq!((after.id, after.status), (heard.id, ConversationStatus::Open));
        assert_eq!(after.window_expires_at, heard.window_expires_at);
        // It is not sent once more, and its deliveries are told of it.
        assert_eq!(house.send().await, 0);
        let posted = Webhooks::new().status(NUMBER, ANA, "wamid.2", house.clock.now(), "read", None);
        house.post(&posted.signed(&SECRET.into())).await;
        house.work().await;
        assert_eq!(recent(&house).await[1].delivery, Some(DeliveryState::Read));
    })
    .await;
}

#[tokio::test]
async fn staff_can_begin_a_conversation_and_what_was_told_of_it_before_counts() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let posted = Webhooks::new().status(NUMBER, ANA, "wamid.1", house.clock.now(), "delivered", None);
        house.post(&posted.signed(&SECRET.into())).await;
        house.work().await;
        write(&house, "wamid.1", ANA, text("Bom dia, Ana")).await;
        assert_eq!(house.conversation().await.status, ConversationStatus::Pending);
        assert_eq!(recent(&house).await[0].delivery, Some(DeliveryState::Delivered));
        // Deleting it says nothing, and is shown.
        let revoked = json!({"type": "revoke", "revoke": {"original_message_id": "wamid.1"}});
        write(&house, "wamid.2", ANA, revoked).await;
        assert_eq!(recent(&house).await.len(), 1);
        let conversation = house.conversation().await;
        let talks = house.crm.conversations();
        let page = aurora_core::page::PageRequest::first(10);
        let all = talks
            .messages(&house.context, conversation.id, &page)
            .await
            .unwrap()
            .items;
        assert!(
            all.iter()
                .any(|one| matches!(&one.content, Content::Notice { kind, .. } if kind == "revoke"))
        );
        // Nobody can be told to have got it: it stays in the inbox.
        write(&house, "wamid.3", "", text("a quem?")).await;
        assert_eq!(super::intake::rows(&house, "failed").await, 1);
    })
    .await;
}
