use super::{ANA, Desk, kind, template_of, workspace};
use crate::channels::DeliveryState;
use crate::clients::NewClient;
use crate::conversations::{Assignee, Author, ConversationFilter, NewMessage};
use crate::error::ErrorKind;
use crate::testing::each_database;

/// Sweeps every call with the ids of another workspace.
#[tokio::test]
async fn another_workspace_finds_nothing() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let (talks, mine, theirs) = (desk.talks(), &desk.context, &workspace(&desk.crm).await);
        let not_found = Some(ErrorKind::NotFound);
        let heard = desk.hear(ANA, "wamid.1", "consulta").await;
        let sent = desk.say(heard.conversation, "Olá").await.unwrap();
        desk.send().await;
        let sent = desk.message(&sent).await;
        let (id, message) = (heard.conversation, heard.message.id);
        talks.tag(mine, id, "vip").await.unwrap();
        let before = desk.get(id).await;
        let contact = before.contact.id;
        let client = desk
            .crm
            .clients()
            .create(theirs, NewClient::person("Ana"))
            .await
            .unwrap();

        assert_eq!(kind(talks.get(theirs, id).await), not_found);
        assert_eq!(kind(talks.message(theirs, message).await), not_found);
        assert_eq!(
            kind(talks.messages(theirs, id, &Default::default()).await),
            not_found
        );
        assert_eq!(kind(talks.recent(theirs, id, 10).await), not_found);
        assert_eq!(kind(talks.after(theirs, id, 0, 10).await), not_found);
        let new = || NewMessage::text(Author::Assistant, "x");
        assert_eq!(kind(talks.post(theirs, id, new()).await), not_found);
        assert_eq!(kind(talks.note(theirs, id, Author::System, "x").await), not_found);
        assert_eq!(
            kind(talks.assign(theirs, id, 1, Assignee::Assistant).await),
            not_found
        );
        assert_eq!(
            kind(talks.hand_over(theirs, id, 1, Assignee::Nobody, "x").await),
            not_found
        );
        assert_eq!(kind(talks.close(theirs, id, 1).await), not_found);
        assert_eq!(kind(talks.reopen(theirs, id, 1).await), not_found);
        assert_eq!(kind(talks.set_pending(theirs, id, 1).await), not_found);
        assert_eq!(kind(talks.tag(theirs, id, "x").await), not_found);
        assert_eq!(kind(talks.untag(theirs, id, "x").await), not_found);
        assert_eq!(kind(talks.mark_read(theirs, id, i64::MAX).await), not_found);
        assert_eq!(kind(talks.contact(theirs, contact).await), not_found);
        assert_eq!(
            kind(talks.link_client(theirs, contact, client.id).await),
            not_found
        );
        assert_eq!(kind(talks.link_client(mine, contact, client.id).await), not_found);
        assert_eq!(kind(talks.unlink_client(theirs, contact).await), not_found);
        assert_eq!(kind(talks.block(theirs, contact).await), not_found);
        assert_eq!(kind(talks.unblock(theirs, contact).await), not_found);
        assert_eq!(
            kind(talks.media_stored(theirs, message, "fil_x").await),
            not_found
        );
        assert_eq!(
            kind(talks.start(mine, desk.channel, client.id, template_of()).await),
            not_found
        );
        let nothing = talks
            .list(theirs, &ConversationFilter::all(), &Default::default())
            .await
            .unwrap();
        assert_eq!(nothing.items, []);
        assert_eq!(
            talks
                .search(theirs, "consulta", &Default::default())
                .await
                .unwrap()
                .items,
            []
        );
        let found = ConversationFilter::all().contact("551198");
        let nothing = talks.list(theirs, &found, &Default::default()).await.unwrap();
        assert_eq!(nothing.items, []);
        assert_eq!(talks.unread_counts(theirs).await.unwrap(), []);
        assert_eq!(talks.tags(theirs).await.unwrap(), []);
        assert_eq!(talks.changes(theirs, 0, 100).await.unwrap().items, []);
        assert_eq!(talks.last_change(theirs).await.unwrap(), 0);
        assert_eq!(
            talks
                .with_address(theirs, desk.channel, &super::wa(ANA))
                .await
                .unwrap(),
            None
        );
        assert_eq!(talks.paused_channels(theirs).await.unwrap(), []);
        assert!(!talks.resume_channel(theirs, desk.channel).await.unwrap());

        // Their channel may use the same names: it is another message, and moves nothing of mine.
        let update = desk.update(
            &sent.provider_id.clone().unwrap(),
            Some(&sent),
            DeliveryState::Read,
        );
        assert_eq!(talks.delivery(theirs, &update).await.unwrap(), None);
        let same = desk.inbound(ANA, "wamid.1", "outra casa");
        let other = talks.ingest(theirs, &same).await.unwrap();
        assert!(other.fresh && other.conversation != id);
        assert_eq!(desk.message(&sent).await, sent);
        assert_eq!(desk.get(id).await, before);
        let nowhere = crate::Context::new(crate::workspaces::WorkspaceId::from_uuid(uuid::Uuid::max()), "x");
        assert_eq!(kind(talks.ingest(&nowhere, &same).await), not_found);
    })
    .await;
}
