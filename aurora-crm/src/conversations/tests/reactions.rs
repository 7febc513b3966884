use super::{ANA, Desk, field, wrong};
use crate::conversations::{Author, Content, MediaKind, MediaRef, NewMessage};
use crate::testing::each_database;

#[tokio::test]
async fn reactions_stand_on_their_message_also_when_they_come_first() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let mut sign = desk.inbound(ANA, "r1", "");
        let react = |emoji: Option<&str>| Content::Reaction {
            to: "m1".to_owned(),
            emoji: emoji.map(str::to_owned),
        };
        sign.content = react(Some("👍"));
        desk.talks().ingest(&desk.context, &sign).await.unwrap();
        assert_eq!(desk.turns().await, []);
        let heard = desk.hear(ANA, "m1", "Oi").await;
        assert_eq!(heard.message.reactions.contact.as_deref(), Some("👍"));
        assert_eq!(desk.get(heard.conversation).await.unread, 1);
        (sign.provider_id, sign.content) = ("r2".to_owned(), react(Some("❤️")));
        desk.talks().ingest(&desk.context, &sign).await.unwrap();
        let ours = NewMessage::new(Author::Assistant, react(Some("🙏")));
        desk.talks()
            .post(&desk.context, heard.conversation, ours)
            .await
            .unwrap();
        let both = desk.message(&heard.message).await.reactions;
        assert_eq!(
            (both.contact.as_deref(), both.workspace.as_deref()),
            (Some("❤️"), Some("🙏"))
        );
        (sign.provider_id, sign.content) = ("r3".to_owned(), react(None));
        desk.talks().ingest(&desk.context, &sign).await.unwrap();
        assert_eq!(desk.message(&heard.message).await.reactions.contact, None);
        let recent = desk
            .talks()
            .recent(&desk.context, heard.conversation, 10)
            .await
            .unwrap();
        assert_eq!(recent.len(), 1, "reactions are no part of what a model reads");
    })
    .await;
}

#[tokio::test]
async fn media_say_where_their_bytes_are_kept() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let mut photo = desk.inbound(ANA, "1", "");
        photo.content = Content::Media {
            kind: MediaKind::Image,
            media: MediaRef::at_provider("900"),
            caption: Some("exame".to_owned()),
            file_name: None,
        };
        let heard = desk.talks().ingest(&desk.context, &photo).await.unwrap();
        let file = "fil_0190a8b0c0de7000800000000000000a";
        let stored = desk
            .talks()
            .media_stored(&desk.context, heard.message.id, file)
            .await
            .unwrap();
        assert_eq!(desk.message(&heard.message).await.content, stored.content);
        let Content::Media { media, caption, .. } = stored.content else {
            panic!("it has media");
        };
        assert_eq!(
            (media.file_id.as_deref(), media.provider_id.as_deref()),
            (Some(file), Some("900"))
        );
        assert_eq!(caption.as_deref(), Some("exame"));
        let words = desk.hear(ANA, "2", "x").await;
        let refused = desk
            .talks()
            .media_stored(&desk.context, words.message.id, file)
            .await;
        assert_eq!(wrong(refused), [field("message", "invalid")]);
    })
    .await;
}
