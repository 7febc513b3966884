use std::time::Duration;

use aurora_core::time::Clock as _;

use super::{ANA, BIA, Desk, field, kind, wrong};
use crate::clients::OwnerId;
use crate::conversations::{
    Assignee, Author, Content, ConversationSettings, ConversationStatus, Direction, FallbackTemplate,
    NewMessage, UnreadCount,
};
use crate::error::ErrorKind;
use crate::testing::each_database;

#[tokio::test]
async fn the_assistant_hands_over_to_a_person_and_gets_it_back() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let talks = desk.talks();
        let heard = desk.hear(ANA, "1", "Quero falar com alguém").await;
        assert_eq!(desk.turns().await.len(), 1);
        let me = OwnerId::new(desk.clock.now());
        let given = talks
            .hand_over(
                &desk.context,
                heard.conversation,
                1,
                Assignee::Person(me),
                "pediu uma pessoa",
            )
            .await
            .unwrap();
        assert_eq!((given.assignee, given.version), (Assignee::Person(me), 2));
        let stale = talks
            .assign(&desk.context, heard.conversation, 1, Assignee::Nobody)
            .await
            .unwrap_err();
        assert_eq!(
            (stale.kind(), stale.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let asked = desk.hear(ANA, "2", "Tem alguém aí?").await;
        assert_eq!(desk.turns().await, [], "a person answers");
        let back = talks
            .hand_over(
                &desk.context,
                heard.conversation,
                2,
                Assignee::Assistant,
                "resolvido",
            )
            .await
            .unwrap();
        assert_eq!(back.assignee, Assignee::Assistant);
        let turns = desk.turns().await;
        assert_eq!(turns.len(), 1, "the contact waits for an answer");
        assert_eq!(turns[0].message, asked.message.id);
        // There and back again: whether it was answered meanwhile, the assistant knows.
        talks
            .assign(&desk.context, heard.conversation, 3, Assignee::Nobody)
            .await
            .unwrap();
        talks
            .assign(&desk.context, heard.conversation, 4, Assignee::Assistant)
            .await
            .unwrap();
        let turns = desk.turns().await;
        assert_eq!((turns.len(), turns[0].message), (1, asked.message.id));
        let page = talks
            .messages(&desk.context, heard.conversation, &Default::default())
            .await
            .unwrap();
        let notes: Vec<&Content> = page
            .items
            .iter()
            .filter(|one| one.direction == Direction::Note && one.author == Author::System)
            .map(|one| &one.content)
            .collect();
        assert_eq!(notes.len(), 4);
        let reasons: Vec<_> = notes
            .iter()
            .filter_map(|note| match note {
                Content::Notice { kind, raw } => {
                    assert_eq!(kind, "assigned");
                    raw.get("reason").and_then(serde_json::Value::as_str)
                }
                _ => None,
            })
            .collect();
        assert_eq!(reasons.len(), 2);
        assert!(reasons.contains(&"pediu uma pessoa") && reasons.contains(&"resolvido"));
        let recent = talks.recent(&desk.context, heard.conversation, 10).await.unwrap();
        assert_eq!(recent.len(), 2, "notes are not shown to the model");
        let empty = talks
            .hand_over(&desk.context, heard.conversation, 5, Assignee::Nobody, " ")
            .await;
        assert_eq!(wrong(empty), [field("reason", "required")]);
    })
    .await;
}

#[tokio::test]
async fn of_many_at_the_same_moment_one_takes_a_conversation() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let takes = (0..20).map(|_| {
            let me = Assignee::Person(OwnerId::new(desk.clock.now()));
            desk.talks().assign(&desk.context, id, 1, me)
        });
        let taken = futures::future::join_all(takes).await;
        assert_eq!(taken.iter().filter(|one| one.is_ok()).count(), 1);
        let lost = taken.into_iter().filter_map(kind);
        assert!(lost.into_iter().all(|kind| kind == ErrorKind::Conflict));
        assert_eq!(desk.get(id).await.version, 2);
    })
    .await;
}

#[tokio::test]
async fn labels_notes_and_status() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        talks.tag(&desk.context, id, " retorno ").await.unwrap();
        let twice = talks.tag(&desk.context, id, "retorno").await.unwrap();
        assert_eq!(
            (twice.tags.as_slice(), twice.version),
            (&["retorno".to_owned()][..], 2)
        );
        for n in 1..20 {
            talks.tag(&desk.context, id, &format!("t{n}")).await.unwrap();
        }
        let other = desk.hear(BIA, "2", "Oi").await.conversation;
        talks.tag(&desk.context, other, "retorno").await.unwrap();
        let used = talks.tags(&desk.context).await.unwrap();
        assert_eq!(used.len(), 20);
        let first = (used[0].tag.as_str(), used[0].conversations);
        assert_eq!(first, ("retorno", 2), "in order");
        let many = talks.tag(&desk.context, id, "mais").await;
        assert_eq!(wrong(many), [field("tag", "too_many")]);
        assert_eq!(
            wrong(talks.tag(&desk.context, id, "").await),
            [field("tag", "required")]
        );
        let fewer = talks.untag(&desk.context, id, "retorno").await.unwrap();
        assert_eq!(fewer.tags.len(), 19);
        let pending = talks.set_pending(&desk.context, id, fewer.version).await.unwrap();
        assert_eq!(pending.status, ConversationStatus::Pending);
        let open = talks.reopen(&desk.context, id, pending.version).await.unwrap();
        assert_eq!(open.status, ConversationStatus::Open);
        let me = Author::Person(OwnerId::new(desk.clock.now()));
        let note = talks.note(&desk.context, id, me, "ligar amanhã").await.unwrap();
        assert_eq!(
            (note.direction, note.author, note.delivery),
            (Direction::Note, me, None)
        );
        desk.send().await;
        assert_eq!(desk.messenger.sent(), []);
    })
    .await;
}

#[tokio::test]
async fn settings_are_checked_and_unread_is_counted_by_who_answers() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let bad = ConversationSettings::default().fallback(FallbackTemplate {
            name: String::new(),
            language: "pt_BR".to_owned(),
            places: vec![String::new(); 11],
            text: "x".to_owned(),
        });
        let told = wrong(desk.talks().configure(&desk.context, &bad).await);
        assert_eq!(
            told[..2],
            [
                field("fallback.name", "required"),
                field("fallback.places", "too_many")
            ]
        );
        let ana = desk.hear(ANA, "1", "Oi").await.conversation;
        desk.hear(ANA, "2", "Oi?").await;
        desk.hear(BIA, "3", "Oi").await;
        let me = Assignee::Person(OwnerId::new(desk.clock.now()));
        desk.talks().assign(&desk.context, ana, 1, me).await.unwrap();
        let count = |assignee, conversations, messages| UnreadCount {
            assignee,
            conversations,
            messages,
        };
        let counts = desk.talks().unread_counts(&desk.context).await.unwrap();
        assert_eq!(counts, [count(Assignee::Nobody, 1, 1), count(me, 1, 2)]);
    })
    .await;
}

#[tokio::test]
async fn changes_come_in_order_wake_who_waits_and_are_seen_by_another_replica() {
    each_database(|db| async move {
        let desk = Desk::open(db.database.clone()).await;
        let talks = desk.talks();
        assert_eq!(talks.last_change(&desk.context).await.unwrap(), 0);
        let heard = desk.hear(ANA, "1", "Oi").await;
        let first = talks.changes(&desk.context, 0, 100).await.unwrap();
        assert!(
            first
                .items
                .iter()
                .any(|change| change.message == Some(heard.message.id))
        );
        assert!(
            first
                .items
                .iter()
                .all(|change| change.conversation == heard.conversation)
        );
        let none = talks.changes(&desk.context, first.after, 100).await.unwrap();
        assert_eq!((none.items.len(), none.after), (0, first.after));
        // One by one is the same as all at once.
        let (mut after, mut single) = (0, Vec::new());
        loop {
            let page = talks.changes(&desk.context, after, 1).await.unwrap();
            if page.items.is_empty() {
                break;
            }
            single.extend(page.items);
            after = page.after;
        }
        assert_eq!(single, first.items);
        // This process wakes at once: the clock stands still.
        let waiting = talks.wait_for_changes(&desk.context, first.after, 100, Duration::from_secs(30));
        let (seen, message) = futures::join!(waiting, desk.say(heard.conversation, "Olá"));
        let seen = seen.unwrap();
        assert_eq!(seen.items[0].message, Some(message.unwrap().id));
        // Another one, which has no bell of ours, looks within a second.
        let other = crate::crm::Crm::builder(db.database)
            .clock(desk.clock.clone())
            .build()
            .await
            .unwrap();
        let waiting =
            other
                .conversations()
                .wait_for_changes(&desk.context, seen.after, 100, Duration::from_secs(30));
        let noted = talks.note(&desk.context, heard.conversation, Author::System, "nota");
        let time = async {
            let noted = noted.await.unwrap();
            // Whenever it sleeps, a second passes.
            for _ in 0..1_000_000 {
                if desk.clock.sleepers() > 0 {
                    desk.clock.advance(Duration::from_secs(1));
                }
                tokio::task::yield_now().await;
            }
            panic!("nobody looks: {noted:?}");
        };
        let seen = tokio::select! {
            seen = waiting => seen.unwrap(),
            () = time => return,
        };
        let noted = talks
            .message(&desk.context, seen.items[0].message.unwrap())
            .await
            .unwrap();
        assert_eq!(noted.content, Content::text("nota"));
        // Nothing happens: it ends with its limit.
        let last = talks.last_change(&desk.context).await.unwrap();
        let waiting = talks
            .wait_for_changes(&desk.context, last, 100, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!((waiting.items.len(), waiting.after), (0, last));
    })
    .await;
}

#[tokio::test]
async fn the_assistant_does_not_write_where_a_person_answers() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let person = OwnerId::new(desk.clock.now());
        let version = desk.get(id).await.version;
        let taken = Assignee::Person(person);
        let taken = desk
            .talks()
            .assign(&desk.context, id, version, taken)
            .await
            .unwrap();
        assert_eq!(wrong(desk.say(id, "Olá").await), [field("author", "taken_over")]);
        let hers = NewMessage::text(Author::Person(person), "Olá");
        desk.talks().post(&desk.context, id, hers).await.unwrap();
        let given = desk
            .talks()
            .assign(&desk.context, id, taken.version, Assignee::Assistant)
            .await;
        given.unwrap();
        desk.say(id, "Olá").await.unwrap();
    })
    .await;
}
