use aurora_core::time::Clock as _;

use super::{ANA, ANA_WITHOUT_NINE, BIA, Desk, HOUR, field, wa, wrong};
use crate::channels::DeliveryState;
use crate::clients::NewClient;
use crate::conversations::{
    Assignee, Author, Choice, Content, ConversationStatus, Direction, ListSection, MediaKind, MediaRef,
    NewMessage,
};
use crate::testing::each_database;

pub(super) fn template() -> Content {
    Content::Template {
        name: "lembrete".to_owned(),
        language: "pt_BR".to_owned(),
        body: vec!["Ana".to_owned()],
        payloads: Vec::new(),
        text: "Olá, Ana".to_owned(),
    }
}

#[tokio::test]
async fn the_window_is_open_for_24_hours_to_the_microsecond_and_templates_always_go() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let just = std::time::Duration::from_micros(1);
        desk.clock.advance(HOUR * 24 - just);
        desk.say(heard.conversation, "ainda dá").await.unwrap();
        desk.clock.advance(just);
        let late = desk.say(heard.conversation, "tarde").await;
        assert_eq!(wrong(late), [field("content", "window_closed")]);
        let new = NewMessage::new(Author::System, template());
        let sent = desk
            .talks()
            .post(&desk.context, heard.conversation, new)
            .await
            .unwrap();
        assert_eq!(
            (sent.direction, sent.delivery),
            (Direction::Out, Some(DeliveryState::Queued))
        );
        assert_eq!(desk.message(&sent).await, sent);
    })
    .await;
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_message_is_told_at_once() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let refused = async |content: Content| {
            let new = NewMessage::new(Author::Assistant, content);
            wrong(desk.talks().post(&desk.context, heard.conversation, new).await)
        };
        let choice = |id: &str, title: &str| Choice {
            id: id.to_owned(),
            title: title.to_owned(),
            description: None,
        };
        assert_eq!(
            refused(Content::text("  ")).await,
            [field("content.body", "required")]
        );
        assert_eq!(
            refused(Content::text("é".repeat(4_097))).await,
            [field("content.body", "too_long")]
        );
        desk.say(heard.conversation, &"é".repeat(4_096)).await.unwrap();
        let buttons = Content::Buttons {
            body: String::new(),
            choices: (0..4).map(|_| choice("a", &"x".repeat(21))).collect(),
        };
        assert_eq!(
            refused(buttons).await,
            [
                field("content.body", "required"),
                field("content.choices", "too_many"),
                field("content.choices[0].title", "too_long"),
                field("content.choices[1].title", "too_long"),
                field("content.choices[2].title", "too_long"),
                field("content.choices", "invalid"),
            ]
        );
        let list = Content::List {
            body: "Qual?".to_owned(),
            button: "Ver".to_owned(),
            sections: (0..2)
                .map(|n| ListSection {
                    title: None,
                    rows: (0..6).map(|row| choice(&format!("{n}/{row}"), "x")).collect(),
                })
                .collect(),
        };
        assert_eq!(
            refused(list).await,
            [
                field("content.sections", "too_many"),
                field("content.sections[0].title", "required"),
                field("content.sections[1].title", "required"),
            ]
        );
        let place = Content::Location {
            latitude: 90.1,
            longitude: f64::NAN,
            name: None,
            address: None,
        };
        assert_eq!(
            refused(place).await,
            [
                field("content.latitude", "invalid"),
                field("content.longitude", "invalid")
            ]
        );
        let media = |media: MediaRef| Content::Media {
            kind: MediaKind::Image,
            media,
            caption: Some("x".repeat(1_025)),
            file_name: None,
        };
        assert_eq!(
            refused(media(MediaRef::default())).await,
            [
                field("content.media", "required"),
                field("content.caption", "too_long")
            ]
        );
        assert_eq!(
            refused(media(MediaRef::link("http://example.com/x.png"))).await,
            [
                field("content.media.link", "invalid"),
                field("content.caption", "too_long")
            ]
        );
        let chosen = Content::Chosen {
            id: "a".to_owned(),
            title: "a".to_owned(),
        };
        assert_eq!(refused(chosen).await, [field("content", "not_allowed")]);
        let as_contact = NewMessage::text(Author::Contact, "").idempotency_key("");
        assert_eq!(
            wrong(
                desk.talks()
                    .post(&desk.context, heard.conversation, as_contact)
                    .await
            ),
            [
                field("content.body", "required"),
                field("author", "not_allowed"),
                field("idempotency_key", "invalid"),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn posting_twice_under_one_key_is_one_message_also_at_the_same_moment() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let post = || {
            let new = NewMessage::text(Author::Assistant, "Olá").idempotency_key("turn/1");
            desk.talks().post(&desk.context, heard.conversation, new)
        };
        let made = futures::future::join_all((0..20).map(|_| post())).await;
        let ids: std::collections::BTreeSet<_> = made.into_iter().map(|one| one.unwrap().id).collect();
        assert_eq!(ids.len(), 1);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_answer_points_at_what_it_answers() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let heard = desk.hear(ANA, "wamid.1", "Oi").await;
        let other = desk.hear(BIA, "wamid.2", "Oi").await;
        let answer = NewMessage::text(Author::Assistant, "Olá").reply_to(heard.message.id);
        desk.talks()
            .post(&desk.context, heard.conversation, answer)
            .await
            .unwrap();
        desk.send().await;
        assert_eq!(desk.messenger.sent()[0].reply_to.as_deref(), Some("wamid.1"));
        let foreign = NewMessage::text(Author::Assistant, "Olá").reply_to(other.message.id);
        let refused = desk
            .talks()
            .post(&desk.context, heard.conversation, foreign)
            .await;
        assert_eq!(wrong(refused), [field("reply_to", "invalid")]);
    })
    .await;
}

#[tokio::test]
async fn the_workspace_writes_first_by_template_to_an_address_or_a_client() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let new = || NewMessage::new(Author::System, template());
        let words = NewMessage::text(Author::System, "Oi");
        let refused = talks.start(&desk.context, desk.channel, wa(ANA), words).await;
        assert_eq!(wrong(refused), [field("content", "window_closed")]);
        assert_eq!(
            talks
                .list(&desk.context, &Default::default(), &Default::default())
                .await
                .unwrap()
                .items,
            []
        );
        let sent = talks
            .start(&desk.context, desk.channel, wa(ANA), new())
            .await
            .unwrap();
        let conversation = desk.get(sent.conversation_id).await;
        assert_eq!(conversation.status, ConversationStatus::Pending);
        assert_eq!(
            (conversation.unread, conversation.assignee),
            (0, Assignee::Nobody)
        );
        assert_eq!(
            desk.hear(ANA_WITHOUT_NINE, "1", "Oi").await.conversation,
            conversation.id
        );
        // A client: by its first mobile number, and afterwards where it was heard.
        let client = NewClient::person("Bia")
            .phone("+551138765432")
            .phone("+5521999998888");
        let client = desk.crm.clients().create(&desk.context, client).await.unwrap();
        let to_client = talks
            .start(&desk.context, desk.channel, client.id, new())
            .await
            .unwrap();
        let started = desk.get(to_client.conversation_id).await;
        assert_eq!(started.contact.addresses, [wa(BIA)]);
        assert_eq!(started.contact.client_id, Some(client.id));
        let again = talks
            .start(&desk.context, desk.channel, client.id, new())
            .await
            .unwrap();
        assert_eq!(again.conversation_id, to_client.conversation_id);
        let landline = NewClient::person("Caio").phone("+551138765433");
        let landline = desk.crm.clients().create(&desk.context, landline).await.unwrap();
        let refused = talks.start(&desk.context, desk.channel, landline.id, new()).await;
        assert_eq!(wrong(refused), [field("to", "no_address")]);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_person_opens_what_is_closed_a_reminder_does_not_and_a_goodbye_is_still_sent() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let heard = desk.hear(ANA, "1", "Oi").await;
        let id = heard.conversation;
        let unsent = desk.say(id, "não vai").await.unwrap();
        let goodbye = NewMessage::text(Author::Assistant, "Até logo").closing();
        let goodbye = talks.post(&desk.context, id, goodbye).await.unwrap();
        assert_eq!(desk.get(id).await.status, ConversationStatus::Closed);
        desk.send().await;
        let failed = desk.message(&unsent).await;
        assert_eq!(failed.delivery, Some(DeliveryState::Failed));
        assert!(failed.failure.unwrap().starts_with("conversation_closed"));
        assert_eq!(
            desk.message(&goodbye).await.delivery,
            Some(DeliveryState::Accepted)
        );
        let reminder = NewMessage::new(Author::System, template());
        let reminder = talks.post(&desk.context, id, reminder).await.unwrap();
        assert_eq!(desk.get(id).await.status, ConversationStatus::Closed);
        desk.send().await;
        assert_eq!(
            desk.message(&reminder).await.delivery,
            Some(DeliveryState::Accepted)
        );
        desk.say(id, "Mais uma coisa").await.unwrap();
        assert_eq!(desk.get(id).await.status, ConversationStatus::Open);
        let now = desk.clock.now();
        assert!(desk.get(id).await.last_message_at >= now);
    })
    .await;
}
