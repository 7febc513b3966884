use std::collections::BTreeSet;
use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::execute;
use aurora_core::time::Clock as _;

use super::sending::error;
use super::{ANA, BIA, Desk, field, wa, workspace, wrong};
use crate::channels::{ChannelId, DeliveryState, SendErrorKind};
use crate::clients::{NewClient, OwnerId};
use crate::conversations::{
    Assignee, Author, Content, Conversation, ConversationFilter, ConversationId, ConversationStatus,
    Direction, Message, tests::inbound,
};
use crate::testing::each_database;

async fn all(desk: &Desk, filter: &ConversationFilter, limit: u32) -> Vec<Conversation> {
    let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
    loop {
        let page = desk.talks().list(&desk.context, filter, &request).await.unwrap();
        seen.extend(page.items);
        let Some(next) = page.next else { return seen };
        request = PageRequest::first(limit).after(next);
    }
}

#[tokio::test]
async fn the_last_that_was_said_is_told_of_many_conversations_at_once() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let mut ids = Vec::new();
        for n in 0..30 {
            let from = format!("55119876500{n:02}");
            desk.hear(&from, &format!("a.{n}"), "Oi").await;
            desk.clock.advance(Duration::from_secs(1));
            let heard = desk.hear(&from, &format!("b.{n}"), &format!("Vaga {n}?")).await;
            ids.push(heard.conversation);
        }
        desk.clock.advance(Duration::from_secs(1));
        desk.messenger.then(Err(error(SendErrorKind::WindowClosed)));
        desk.say(ids[3], "Há vaga").await.unwrap();
        desk.send().await;
        desk.clock.advance(Duration::from_secs(1));
        talks
            .note(&desk.context, ids[3], Author::System, "Liga antes")
            .await
            .unwrap();
        let mut sign = desk.inbound("5511987650004", "r1", "");
        sign.content = Content::Reaction {
            to: "b.4".to_owned(),
            emoji: Some("👍".to_owned()),
        };
        talks.ingest(&desk.context, &sign).await.unwrap();

        let last = talks.last_messages(&desk.context, &ids).await.unwrap();
        assert_eq!(last.len(), 30);
        for (n, id) in ids.iter().enumerate() {
            let message = &last[id];
            if n == 3 {
                let told = (message.content.words(), message.delivery);
                assert_eq!(told, ("Há vaga", Some(DeliveryState::Failed)));
            } else {
                assert_eq!(message.content.words(), format!("Vaga {n}?"));
                assert_eq!((message.direction, message.delivery), (Direction::In, None));
            }
        }
        let theirs = workspace(&desk.crm).await;
        assert!(talks.last_messages(&theirs, &ids).await.unwrap().is_empty());
        assert!(talks.last_messages(&desk.context, &[]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn each_filter_finds_its_conversations_once_the_newest_first() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let client = NewClient::person("Ana").phone("+5511987650000");
        let client = desk.crm.clients().create(&desk.context, client).await.unwrap();
        let me = Assignee::Person(OwnerId::new(desk.clock.now()));
        let other = ChannelId::new(desk.clock.now());
        for n in 0..24 {
            let channel = if n % 4 == 0 { other } else { desk.channel };
            let from = format!("55119876500{:02}", n % 12);
            let message = inbound(channel, &[wa(&from)], &format!("in.{n}"), "Oi");
            let id = talks.ingest(&desk.context, &message).await.unwrap().conversation;
            if n % 3 == 0 {
                talks.tag(&desk.context, id, "vip").await.unwrap();
            }
            let conversation = desk.get(id).await;
            if n % 5 == 0 {
                talks
                    .assign(&desk.context, id, conversation.version, me)
                    .await
                    .unwrap();
            }
            let conversation = desk.get(id).await;
            if n % 7 == 0 {
                talks
                    .close(&desk.context, id, conversation.version)
                    .await
                    .unwrap();
            }
            if n % 2 == 0 {
                talks.mark_read(&desk.context, id, i64::MAX).await.unwrap();
            }
            if n % 6 < 3 {
                desk.clock.advance(Duration::from_secs(1));
            }
        }
        // What was labelled before goes up with what comes later.
        desk.hear("5511987650003", "late", "Oi").await;
        let everything = all(&desk, &ConversationFilter::all(), 200).await;
        type Wanted = fn(&Conversation, Assignee, ChannelId) -> bool;
        let cases: [(ConversationFilter, Wanted); 9] = [
            (ConversationFilter::all(), |_, _, _| true),
            (
                ConversationFilter::all().status(ConversationStatus::Closed),
                |one, _, _| one.status == ConversationStatus::Closed,
            ),
            (ConversationFilter::all().assignee(me), |one, me, _| {
                one.assignee == me
            }),
            (ConversationFilter::all().tag("vip"), |one, _, _| {
                !one.tags.is_empty()
            }),
            (ConversationFilter::all().channel(other), |one, _, other| {
                one.channel_id == other
            }),
            (ConversationFilter::all().client(client.id), |one, _, _| {
                one.contact.client_id.is_some()
            }),
            (ConversationFilter::all().unread(), |one, _, _| one.unread > 0),
            (ConversationFilter::all().tag("vip").unread(), |one, _, _| {
                !one.tags.is_empty() && one.unread > 0
            }),
            (
                ConversationFilter::all()
                    .status(ConversationStatus::Open)
                    .assignee(Assignee::Nobody)
                    .unread(),
                |one, _, _| {
                    one.status == ConversationStatus::Open
                        && one.assignee == Assignee::Nobody
                        && one.unread > 0
                },
            ),
        ];
        for (filter, is_wanted) in cases {
            let wanted: BTreeSet<ConversationId> = everything
                .iter()
                .filter(|one| is_wanted(one, me, other))
                .map(|one| one.id)
                .collect();
            assert!(!wanted.is_empty(), "{filter:?}");
            for limit in [1, 5, 200] {
                let seen = all(&desk, &filter, limit).await;
                let ids: BTreeSet<_> = seen.iter().map(|one| one.id).collect();
                assert_eq!(
                    (seen.len(), &ids),
                    (wanted.len(), &wanted),
                    "{filter:?} by {limit}"
                );
                assert!(seen.is_sorted_by(|a, b| (a.last_message_at, a.id) > (b.last_message_at, b.id)));
            }
        }
        let page = talks
            .list(&desk.context, &ConversationFilter::all(), &PageRequest::first(1))
            .await
            .unwrap();
        let foreign = PageRequest::first(1).after(page.next.unwrap());
        let refused = talks
            .list(&desk.context, &ConversationFilter::all().unread(), &foreign)
            .await;
        assert_eq!(wrong(refused), [field("cursor", "invalid")]);
    })
    .await;
}

#[tokio::test]
async fn words_are_found_without_accents_and_by_their_beginnings() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let ana = desk
            .hear(ANA, "1", "Preciso de uma CONSULTA com a doutora Conceição")
            .await;
        let bia = desk.hear(BIA, "2", "A consulta foi cancelada?").await;
        let reply = desk
            .say(ana.conversation, "Temos consulta às 15:30")
            .await
            .unwrap();
        let find = async |text: &str, limit: u32| {
            let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
            loop {
                let page = desk.talks().search(&desk.context, text, &request).await.unwrap();
                seen.extend(page.items);
                let Some(next) = page.next else { break };
                request = PageRequest::first(limit).after(next);
            }
            seen.iter().map(|one: &Message| one.id).collect::<Vec<_>>()
        };
        let (first, second) = (ana.message.id, bia.message.id);
        for limit in [1, 2, 50] {
            assert_eq!(find("consulta", limit).await, [reply.id, second, first]);
        }
        assert_eq!(find("conceicao consul", 10).await, [first]);
        assert_eq!(find("CONCEIÇÃO", 10).await, [first]);
        assert_eq!(find("15:30", 10).await, [reply.id]);
        assert_eq!(find("cancel doutora", 10).await, []);
        let refused = async |text: &str| {
            wrong(
                desk.talks()
                    .search(&desk.context, text, &Default::default())
                    .await,
            )
        };
        assert_eq!(refused(" ! ").await, [field("text", "required")]);
        assert_eq!(refused("a b c d e f g h i").await, [field("text", "too_many")]);
    })
    .await;
}

#[tokio::test]
async fn a_history_is_read_in_pages_that_hold_everything_once() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let mut wanted = BTreeSet::new();
        let mut id = None;
        for n in 0..25_u64 {
            let mut message = desk.inbound(ANA, &format!("in.{n}"), "x");
            // In whatever order they come, and some at the same moment.
            message.sent_at = message.sent_at + Duration::from_secs((n * 7) % 10);
            let heard = desk.talks().ingest(&desk.context, &message).await.unwrap();
            wanted.insert(heard.message.id);
            id = Some(heard.conversation);
        }
        let id = id.unwrap();
        for limit in [1, 7, 200] {
            let (mut seen, mut request) = (Vec::new(), PageRequest::first(limit));
            loop {
                let page = desk.talks().messages(&desk.context, id, &request).await.unwrap();
                seen.extend(page.items);
                let Some(next) = page.next else { break };
                request = PageRequest::first(limit).after(next);
            }
            assert!(seen.is_sorted_by(|a, b| (a.sent_at, a.position) > (b.sent_at, b.position)));
            let ids: BTreeSet<_> = seen.iter().map(|one| one.id).collect();
            assert_eq!((seen.len(), &ids), (25, &wanted));
        }
        let recent = desk.talks().recent(&desk.context, id, 10).await.unwrap();
        assert_eq!(recent.len(), 10);
        assert!(recent.is_sorted_by_key(|one| (one.sent_at, one.position)));
        let after = desk
            .talks()
            .after(&desk.context, id, recent[0].position, 200)
            .await
            .unwrap();
        assert!(after.items.iter().all(|one| one.position > recent[0].position));
        assert!(after.items.is_sorted_by_key(|one| one.position));
    })
    .await;
}

#[tokio::test]
async fn conversations_are_found_by_the_names_and_numbers_of_their_contacts() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let talks = desk.talks();
        let mut ids = Vec::new();
        for (n, (from, name)) in [
            ("5511987650001", "Zoé Conceição"),
            ("5521987650002", "Zoé Ávila"),
            ("351912345678", "João"),
        ]
        .into_iter()
        .enumerate()
        {
            let mut message = desk.inbound(from, &format!("in.{n}"), "Oi");
            message.from.name = Some(name.to_owned());
            ids.push(talks.ingest(&desk.context, &message).await.unwrap().conversation);
            desk.clock.advance(Duration::from_secs(1));
        }
        let found = async |filter: ConversationFilter| -> Vec<ConversationId> {
            let all = all(&desk, &filter, 1).await;
            all.into_iter().map(|it| it.id).collect()
        };
        let of = |text: &str| ConversationFilter::all().contact(text);
        for (text, expected) in [
            ("zoe", vec![ids[1], ids[0]]),
            ("ZOÉ conc", vec![ids[0]]),
            ("98765-0002", vec![ids[1]]),
            ("(21) 98765-0002", vec![ids[1]]),
            ("+55 11", vec![ids[0]]),
            ("0001", vec![ids[0]]),
            ("351912", vec![ids[2]]),
            ("zoe joao", vec![]),
            ("nceicao", vec![]),
        ] {
            assert_eq!(found(of(text)).await, expected, "{text}");
        }
        talks.tag(&desk.context, ids[0], "vip").await.unwrap();
        assert_eq!(found(of("zoe").tag("vip")).await, [ids[0]]);
        assert_eq!(found(of("zoe").unread()).await.len(), 2);
        let mut renamed = desk.inbound("5511987650001", "in.9", "Sou eu");
        renamed.from.name = Some("Zélia".to_owned());
        talks.ingest(&desk.context, &renamed).await.unwrap();
        assert_eq!(found(of("zoe")).await, [ids[1]]);
        assert_eq!(found(of("zelia 0001")).await, [ids[0]]);
        let nothing = talks
            .list(&desk.context, &of(" - "), &PageRequest::first(1))
            .await;
        assert_eq!(wrong(nothing), [field("text", "required")]);
        let theirs = workspace(&desk.crm).await;
        let page = talks.list(&theirs, &of("zoe"), &PageRequest::first(9)).await;
        assert_eq!(page.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn contacts_from_before_there_were_words_are_given_theirs_batch_by_batch() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let (talks, theirs) = (desk.talks(), workspace(&desk.crm).await);
        for n in 0..5 {
            desk.hear(&format!("551198765000{n}"), &format!("in.{n}"), "Oi")
                .await;
        }
        let found = async |text: &str| {
            let filter = ConversationFilter::all().contact(text);
            let page = talks.list(&desk.context, &filter, &PageRequest::default()).await;
            page.unwrap().items.len()
        };
        let given = async |context: &crate::Context| talks.index_contacts(context, 2).await.unwrap();
        assert_eq!((found("ana").await, given(&desk.context).await), (5, 0));
        // As a server that knew of no words has left them.
        for sql in ["delete from contact_words", "update contacts set has_words = 0"] {
            execute!(db.owner, sqlx::query(sql)).unwrap();
        }
        desk.hear("5511987650000", "again", "Oi").await;
        assert_eq!(found("ana").await, 0, "nothing of the contact has changed");
        assert_eq!(given(&theirs).await, 0, "not those of another workspace");
        for expected in [2, 2, 1, 0] {
            assert_eq!(given(&desk.context).await, expected);
        }
        assert_eq!((found("ana").await, found("0003").await), (5, 1));
    })
    .await;
}

/// The longest word is one that many contacts have, and those that come first in its order are not the one that is looked for.
#[tokio::test]
async fn the_word_that_the_fewest_contacts_have_leads_to_them() {
    const FILL: &str = "insert into contact_words (workspace_id, contact_id, word)
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5500)
        select c.workspace_id, c.id, 'conceicao' || cast(n.i as text) from n cross join contacts c where c.id = $1";
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let mut ids = Vec::new();
        for (from, name) in [(ANA, "Zoé Conceiçãozinha"), (BIA, "Zoé Souza")] {
            let mut message = desk.inbound(from, from, "Oi");
            message.from.name = Some(name.to_owned());
            let heard = desk.talks().ingest(&desk.context, &message).await.unwrap();
            ids.push(heard.conversation);
            desk.clock.advance(Duration::from_secs(1));
        }
        let other = desk.get(ids[1]).await.contact.id;
        execute!(db.owner, sqlx::query(FILL).bind(other)).unwrap();
        for text in ["zoe conceicao", "conceicao zoe"] {
            let filter = ConversationFilter::all().contact(text);
            let found = all(&desk, &filter, 1).await;
            let found: Vec<ConversationId> = found.into_iter().map(|it| it.id).collect();
            assert_eq!(found, [ids[1], ids[0]], "{text}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_filter_shows_nobody_and_its_cursors_serve_nobody_else() {
    let shown = format!("{:?}", ConversationFilter::all().contact("Zoé 98765").tag("vip"));
    assert!(!shown.contains("Zo") && !shown.contains("98765"), "{shown}");
    assert!(shown.contains("vip"), "{shown}");
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        desk.hear(ANA, "1", "Oi").await;
        desk.hear(BIA, "2", "Oi").await;
        let of = |text: &str| ConversationFilter::all().contact(text);
        let first = PageRequest::first(1);
        let page = desk
            .talks()
            .list(&desk.context, &of("ana"), &first)
            .await
            .unwrap();
        let next = first.after(page.next.unwrap());
        let other = desk.talks().list(&desk.context, &of("55"), &next).await;
        assert_eq!(wrong(other), [field("cursor", "invalid")]);
    })
    .await;
}
