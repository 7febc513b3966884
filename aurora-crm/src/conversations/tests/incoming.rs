use std::collections::BTreeSet;

use aurora_core::page::PageRequest;
use serde_json::json;

use super::{ANA, ANA_WITHOUT_NINE, BIA, Desk, HOUR, field, inbound, wa, wrong};
use crate::channels::{Address, AddressKind, ChannelId};
use crate::clients::NewClient;
use crate::conversations::{Assignee, Author, Content, ConversationStatus, Direction};
use crate::testing::each_database;

#[tokio::test]
async fn a_message_opens_a_conversation_with_its_window_and_comes_back_as_it_was() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let now = aurora_core::time::Clock::now(&desk.clock);
        let mut first = desk.inbound(ANA, "wamid.1", "Olá\0, tudo bem?");
        first.extra = Some(json!({"forwarded": true}));
        let heard = desk.talks().ingest(&desk.context, &first).await.unwrap();
        assert!(heard.fresh);
        assert_eq!(heard.message.content, Content::text("Olá\u{fffd}, tudo bem?"));
        assert_eq!(heard.message.direction, Direction::In);
        assert_eq!(heard.message.author, Author::Contact);
        assert_eq!(heard.message.delivery, None);
        let conversation = desk.get(heard.conversation).await;
        assert_eq!(conversation.status, ConversationStatus::Open);
        assert_eq!(conversation.assignee, Assignee::Nobody);
        assert_eq!(conversation.unread, 1);
        assert_eq!(conversation.window_expires_at, Some(now + HOUR * 24));
        assert_eq!(conversation.contact.name.as_deref(), Some("Ana"));
        assert_eq!(conversation.contact.addresses, [wa(ANA)]);
        assert_eq!(
            desk.turns().await,
            [],
            "nobody has said that the assistant answers"
        );
        let shown = format!("{heard:?} {conversation:?} {first:?}");
        assert!(
            !shown.contains("Olá") && !shown.contains("98765") && !shown.contains("Ana"),
            "{shown}"
        );
        // The same again, and with other words: it is the same.
        for text in ["Olá", "x"] {
            let again = desk.hear(ANA, "wamid.1", text).await;
            assert!(!again.fresh);
            assert_eq!(again.message, heard.message);
        }
        assert_eq!(desk.get(heard.conversation).await, conversation);
        // Another channel has names of its own.
        let other = ChannelId::new(now);
        let elsewhere = inbound(other, &[wa(ANA)], "wamid.1", "Oi");
        let elsewhere = desk.talks().ingest(&desk.context, &elsewhere).await.unwrap();
        assert!(elsewhere.fresh && elsewhere.conversation != heard.conversation);
        let elsewhere = desk.get(elsewhere.conversation).await;
        assert_eq!(elsewhere.contact.id, conversation.contact.id);
    })
    .await;
}

#[tokio::test]
async fn what_names_nobody_is_refused() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let none = inbound(desk.channel, &[], "wamid.1", "x");
        let bad = inbound(
            desk.channel,
            &[wa("+55 11"), Address::new(AddressKind::Visitor, "v")],
            "w",
            "x",
        );
        let unnamed = desk.inbound(ANA, "", "x");
        let mut refused = Vec::new();
        for one in [&none, &bad, &unnamed] {
            refused.extend(wrong(desk.talks().ingest(&desk.context, one).await));
        }
        assert_eq!(
            refused,
            [
                field("from.addresses", "required"),
                field("from.addresses[0]", "invalid"),
                field("from.addresses[1]", "invalid"),
                field("provider_id", "required"),
            ]
        );
    })
    .await;
}

#[tokio::test]
async fn a_hundred_at_the_same_moment_are_there_once_with_one_turn_each() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        // 50 messages of 5 people, each delivered twice at the same moment.
        let all: Vec<_> = (0..100)
            .map(|n| {
                let from = format!("551198765432{}", n % 5);
                desk.inbound(&from, &format!("wamid.{}", n % 50), &format!("mensagem {n}"))
            })
            .collect();
        let heard =
            futures::future::join_all(all.iter().map(|one| desk.talks().ingest(&desk.context, one))).await;
        let heard: Vec<_> = heard.into_iter().map(Result::unwrap).collect();
        assert_eq!(heard.iter().filter(|one| one.fresh).count(), 50);
        let ids: BTreeSet<_> = heard.iter().map(|one| one.message.id).collect();
        assert_eq!(ids.len(), 50);
        let places: BTreeSet<_> = heard.iter().map(|one| one.message.position).collect();
        assert_eq!(places.len(), 50, "each has a place of its own");
        let page = desk
            .talks()
            .list(&desk.context, &Default::default(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 5);
        assert!(page.items.iter().all(|one| one.unread == 10), "{:?}", page.items);
        let turns = desk.turns().await;
        let of: BTreeSet<_> = turns.iter().map(|turn| turn.message).collect();
        assert_eq!((turns.len(), of), (50, ids));
        let changes = desk.talks().changes(&desk.context, 0, 500).await.unwrap();
        assert!(changes.items.is_sorted_by_key(|change| change.seq));
        assert_eq!(
            changes
                .items
                .iter()
                .filter(|change| change.message.is_some())
                .count(),
            50
        );
    })
    .await;
}

#[tokio::test]
async fn the_ninth_digit_is_one_person_and_a_landline_another() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let with = desk.hear(ANA, "1", "com").await;
        let without = desk.hear(ANA_WITHOUT_NINE, "2", "sem").await;
        assert_eq!(with.conversation, without.conversation);
        let contact = desk.get(with.conversation).await.contact;
        assert_eq!(
            contact.addresses,
            [wa(ANA_WITHOUT_NINE)],
            "answers go to exactly what was heard last"
        );
        // 55 11 3876-5432 is not 55 11 93876-5432.
        let landline = desk.hear("551138765432", "3", "fixo").await;
        let mobile = desk.hear("5511938765432", "4", "celular").await;
        assert_ne!(landline.conversation, mobile.conversation);
    })
    .await;
}

#[tokio::test]
async fn addresses_that_come_together_become_one_contact_with_one_conversation() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let bsuid = Address::new(AddressKind::Bsuid, "BR.1502576394655843");
        let hidden = inbound(desk.channel, std::slice::from_ref(&bsuid), "1", "sem número");
        let hidden = desk.talks().ingest(&desk.context, &hidden).await.unwrap();
        desk.talks()
            .tag(&desk.context, hidden.conversation, "vip")
            .await
            .unwrap();
        desk.clock.advance(HOUR);
        let open = desk.hear(ANA, "2", "com número").await;
        assert_ne!(hidden.conversation, open.conversation);
        desk.talks()
            .tag(&desk.context, open.conversation, "retorno")
            .await
            .unwrap();
        let both = inbound(desk.channel, &[wa(ANA), bsuid.clone()], "3", "os dois");
        let both = desk.talks().ingest(&desk.context, &both).await.unwrap();
        // The contact that was known first stays, and both names of the conversation lead to it.
        assert_eq!(both.conversation, hidden.conversation);
        let kept = desk.get(open.conversation).await;
        assert_eq!(kept.id, hidden.conversation);
        assert_eq!(kept.unread, 3);
        assert_eq!(kept.contact.addresses, [wa(ANA), bsuid]);
        assert_eq!(kept.tags, ["vip", "retorno"]);
        let words = |messages: Vec<crate::conversations::Message>| -> Vec<String> {
            messages
                .iter()
                .map(|message| message.content.words().to_owned())
                .collect()
        };
        let recent = desk
            .talks()
            .recent(&desk.context, open.conversation, 10)
            .await
            .unwrap();
        let mut said = words(recent);
        said.sort_unstable();
        assert_eq!(said, ["com número", "os dois", "sem número"]);
        let page = desk
            .talks()
            .list(&desk.context, &Default::default(), &PageRequest::default())
            .await
            .unwrap();
        assert_eq!(page.items.len(), 1);
        // Either address leads there from now on.
        assert_eq!(desk.hear(ANA, "4", "x").await.conversation, kept.id);
    })
    .await;
}

#[tokio::test]
async fn a_changed_number_is_the_same_person_and_its_notice_no_turn() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.assisted().await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let conversation = desk.get(heard.conversation).await;
        desk.talks()
            .close(&desk.context, conversation.id, 1)
            .await
            .unwrap();
        assert_eq!(desk.turns().await.len(), 1);
        let mut notice = desk.inbound(ANA, "2", "");
        notice.content = Content::Notice {
            kind: "user_changed_number".to_owned(),
            raw: json!({"type": "user_changed_number", "wa_id": BIA}),
        };
        let told = desk.talks().ingest(&desk.context, &notice).await.unwrap();
        assert_eq!(told.message.author, Author::System);
        let after = desk.get(heard.conversation).await;
        assert_eq!(after.contact.addresses, [wa(BIA), wa(ANA)]);
        assert_eq!((after.status, after.unread), (ConversationStatus::Closed, 1));
        assert_eq!(desk.turns().await, []);
        assert_eq!(
            desk.hear(BIA, "3", "novo número").await.conversation,
            heard.conversation
        );
        assert_eq!(
            desk.get(heard.conversation).await.status,
            ConversationStatus::Open
        );
    })
    .await;
}

#[tokio::test]
async fn a_contact_is_the_client_that_alone_has_its_number_and_goes_with_a_merge() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let clients = desk.crm.clients();
        let ana = NewClient::person("Ana Souza").phone("+5511987654321");
        let ana = clients.create(&desk.context, ana).await.unwrap();
        let heard = desk.hear(ANA_WITHOUT_NINE, "1", "Oi").await;
        let contact = desk.get(heard.conversation).await.contact;
        assert_eq!(contact.client_id, Some(ana.id));
        // A number that two share tells nothing.
        for name in ["Pai", "Mãe"] {
            let new = NewClient::person(name).phone("+5521999998888");
            clients.create(&desk.context, new).await.unwrap();
        }
        let shared = desk.hear(BIA, "2", "Oi").await;
        assert_eq!(desk.get(shared.conversation).await.contact.client_id, None);
        // What a person has said stays.
        let unlinked = desk
            .talks()
            .unlink_client(&desk.context, contact.id)
            .await
            .unwrap();
        assert_eq!(unlinked.client_id, None);
        desk.hear(ANA, "3", "de novo").await;
        assert_eq!(desk.get(heard.conversation).await.contact.client_id, None);
        let linked = desk
            .talks()
            .link_client(&desk.context, contact.id, ana.id)
            .await
            .unwrap();
        assert_eq!(linked.client_id, Some(ana.id));
        let kept = clients
            .create(&desk.context, NewClient::person("Ana S."))
            .await
            .unwrap();
        clients
            .merge(&desk.context, (kept.id, 1), (ana.id, 1), &Default::default())
            .await
            .unwrap();
        assert_eq!(
            desk.get(heard.conversation).await.contact.client_id,
            Some(kept.id)
        );
    })
    .await;
}

#[tokio::test]
async fn a_closed_conversation_opens_and_old_messages_do_not_reopen_the_window() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let heard = desk.hear(ANA, "1", "Oi").await;
        let first = desk.get(heard.conversation).await;
        let closed = desk.talks().close(&desk.context, first.id, 1).await.unwrap();
        assert_eq!((closed.status, closed.version), (ConversationStatus::Closed, 2));
        desk.clock.advance(HOUR * 30);
        // It comes 30 hours late, and one comes from a clock that is ahead.
        let mut late = desk.inbound(ANA, "2", "atrasada");
        late.sent_at = late.sent_at - HOUR * 30;
        desk.talks().ingest(&desk.context, &late).await.unwrap();
        let open = desk.get(first.id).await;
        assert_eq!(
            (open.status, open.version, open.unread),
            (ConversationStatus::Open, 3, 2)
        );
        assert_eq!(open.window_expires_at, first.window_expires_at);
        let mut ahead = desk.inbound(ANA, "3", "adiantada");
        ahead.sent_at = ahead.sent_at + HOUR * 5;
        desk.talks().ingest(&desk.context, &ahead).await.unwrap();
        let now = aurora_core::time::Clock::now(&desk.clock);
        assert_eq!(desk.get(first.id).await.window_expires_at, Some(now + HOUR * 24));
        // They are shown by the provider's clock.
        let page = desk
            .talks()
            .messages(&desk.context, first.id, &PageRequest::default())
            .await
            .unwrap();
        let shown: Vec<_> = page
            .items
            .iter()
            .filter_map(|one| one.provider_id.as_deref())
            .collect();
        assert_eq!(shown, ["3", "2", "1"]);
    })
    .await;
}
