use std::sync::Arc;
use std::time::Duration;

use aurora_core::store::outbox::{Handler as _, Outcome};
use aurora_core::time::{Clock as _, ManualClock};

use super::{VisitorMessage, VisitorSession, WebChat, WebChatKeys};
use crate::channels::{ChannelId, ChannelKind, DeliveryState, Messenger, SendError, SendErrorKind};
use crate::context::Context;
use crate::conversations::{Author, Content, MESSAGES, NewMessage};
use crate::crm::Crm;
use crate::error::ErrorKind;
use crate::leads::tests::{field, kind, workspace, wrong};
use crate::testing::{ScriptedMessenger, each_database};

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OLD_SECRET: &str = "fedcba9876543210fedcba9876543210";
const DAY: Duration = Duration::from_secs(86_400);

struct Page {
    crm: Crm,
    clock: ManualClock,
    context: Context,
    chat: WebChat,
    channel: ChannelId,
    session: VisitorSession,
}

impl Page {
    async fn open(database: aurora_core::store::Database) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let context = workspace(&crm).await;
        let chat = crm.web_chat(WebChatKeys::new("k1", SECRET).unwrap());
        let end = chat.create(&context, "Site").await.unwrap();
        let key = chat.page_key(&context, end.id).await.unwrap();
        let session = chat.begin(&key).await.unwrap();
        Self {
            crm,
            clock,
            context,
            chat,
            channel: end.id,
            session,
        }
    }

    async fn send(&self) {
        self.send_with(Arc::new(self.chat.messenger())).await;
    }

    async fn send_with(&self, messenger: Arc<dyn Messenger>) {
        let (sender, outbox) = (
            self.crm.conversations().sender([messenger]),
            self.crm.store().outbox(),
        );
        for letter in outbox.claim(MESSAGES, 100, DAY).await.unwrap() {
            sender.handle(&letter).await.unwrap();
            outbox.settle(&[(letter, Outcome::Done)]).await.unwrap();
        }
    }

    async fn poll(&self, after: i64) -> super::VisitorMessages {
        self.chat
            .poll(&self.session.token, after, 100, Duration::ZERO)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn a_visitor_writes_and_fetches_answers_which_then_count_as_delivered() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        assert_eq!(page.poll(0).await.items, []);
        let new = VisitorMessage::text("a", "Olá").name("Ana");
        let posted = page.chat.post(&page.session.token, &new).await.unwrap();
        let twice = page.chat.post(&page.session.token, &new).await.unwrap();
        assert_eq!(twice, posted, "the page tried again");
        let talks = page.crm.conversations();
        let listed = talks
            .list(&page.context, &Default::default(), &Default::default())
            .await
            .unwrap();
        let conversation = &listed.items[0];
        assert_eq!((listed.items.len(), conversation.unread), (1, 1));
        assert_eq!(conversation.contact.name.as_deref(), Some("Ana"));
        assert_eq!(conversation.window_expires_at, None, "a page has no window");
        page.clock.advance(DAY * 3);
        let answer = NewMessage::text(Author::Assistant, "Como posso ajudar?");
        let answer = talks.post(&page.context, conversation.id, answer).await.unwrap();
        assert_eq!(page.poll(0).await.items.len(), 1, "the sender has it first");
        page.send().await;
        let fetched = page.poll(0).await;
        let own: Vec<bool> = fetched.items.iter().map(|one| one.own).collect();
        assert_eq!(own, [true, false]);
        assert_eq!(fetched.items[1].content, Content::text("Como posso ajudar?"));
        let stored = talks.message(&page.context, answer.id).await.unwrap();
        assert_eq!(stored.delivery, Some(DeliveryState::Delivered));
        assert_eq!(page.poll(fetched.after).await.items, []);
        let choice = VisitorMessage::text("b", "Sim").choice("yes");
        let chosen = page.chat.post(&page.session.token, &choice).await.unwrap();
        assert!(matches!(chosen.content, Content::Chosen { .. }));
    })
    .await;
}

#[tokio::test]
async fn a_page_that_waits_is_answered_at_once() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        let posted = page
            .chat
            .post(&page.session.token, &VisitorMessage::text("a", "Oi"))
            .await
            .unwrap();
        let talks = page.crm.conversations();
        let listed = talks
            .list(&page.context, &Default::default(), &Default::default())
            .await
            .unwrap();
        let waiting = page
            .chat
            .poll(&page.session.token, posted.position, 10, Duration::from_secs(30));
        let answering = async {
            let answer = NewMessage::text(Author::Assistant, "Olá");
            talks
                .post(&page.context, listed.items[0].id, answer)
                .await
                .unwrap();
            page.send().await;
        };
        let (seen, ()) = futures::join!(waiting, answering);
        assert_eq!(seen.unwrap().items.len(), 1, "the clock has not moved");
    })
    .await;
}

#[tokio::test]
async fn only_what_was_signed_here_and_counts_still_is_taken() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        let new = VisitorMessage::text("a", "Oi");
        let token = page.session.token.clone();
        let unknown = Some(ErrorKind::Unauthenticated);
        for n in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[n] = if bytes[n] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            // The last character of a base64 text has bits that do not count, and those must be zero.
            assert_eq!(kind(page.chat.post(&changed, &new).await), unknown, "{n}");
        }
        let key = page.chat.page_key(&page.context, page.channel).await.unwrap();
        for wrong in [key.as_str(), "", "..", "k1..", &"a".repeat(10_000)] {
            assert_eq!(kind(page.chat.post(wrong, &new).await), unknown);
            assert_eq!(kind(page.chat.poll(wrong, 0, 1, Duration::ZERO).await), unknown);
        }
        assert_eq!(
            kind(page.chat.begin(&token).await),
            unknown,
            "a visitor's token begins nobody"
        );
        let others = page.crm.web_chat(WebChatKeys::new("k1", OLD_SECRET).unwrap());
        assert_eq!(kind(others.post(&token, &new).await), unknown);
        let turned = WebChatKeys::new("k2", OLD_SECRET)
            .unwrap()
            .accepting("k1", SECRET)
            .unwrap();
        page.crm.web_chat(turned).post(&token, &new).await.unwrap();
        page.clock.advance(DAY * 29);
        let renewed = page.chat.renew(&token).await.unwrap();
        page.clock.advance(DAY);
        assert_eq!(page.session.expires_at, page.clock.now());
        assert_eq!(kind(page.chat.post(&token, &new).await), unknown);
        let seen = page
            .chat
            .poll(&renewed.token, 0, 10, Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(seen.items.len(), 1, "it is the same visitor");
        page.chat
            .set_enabled(&page.context, page.channel, false)
            .await
            .unwrap();
        let off = Some(ErrorKind::NotFound);
        assert_eq!(kind(page.chat.begin(&key).await), off);
        assert_eq!(kind(page.chat.post(&renewed.token, &new).await), off);
        assert!(!format!("{renewed:?} {:?}", page.chat).contains(&renewed.token));
        assert!(WebChatKeys::new("k", "short").is_err() && WebChatKeys::new("a.b", SECRET).is_err());
    })
    .await;
}

#[tokio::test]
async fn visitors_and_workspaces_do_not_see_each_other() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        let key = page.chat.page_key(&page.context, page.channel).await.unwrap();
        let other = page.chat.begin(&key).await.unwrap();
        page.chat
            .post(&page.session.token, &VisitorMessage::text("a", "Oi"))
            .await
            .unwrap();
        let seen = page.chat.poll(&other.token, 0, 10, Duration::ZERO).await.unwrap();
        assert_eq!(seen.items, []);
        let theirs = workspace(&page.crm).await;
        assert_eq!(page.chat.list(&theirs).await.unwrap(), []);
        let not_found = Some(ErrorKind::NotFound);
        assert_eq!(kind(page.chat.page_key(&theirs, page.channel).await), not_found);
        assert_eq!(
            kind(page.chat.set_enabled(&theirs, page.channel, false).await),
            not_found
        );
        assert_eq!(page.chat.list(&page.context).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_visitor_that_floods_is_held_back_and_what_is_wrong_is_told() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        let bad = VisitorMessage::text("a b", "").choice("").name("x".repeat(201));
        assert_eq!(
            wrong(page.chat.post(&page.session.token, &bad).await),
            [
                field("key", "invalid"),
                field("text", "required"),
                field("choice", "required"),
                field("name", "too_long"),
            ]
        );
        for n in 0..30 {
            let new = VisitorMessage::text(format!("m{n}"), "Oi");
            page.chat.post(&page.session.token, &new).await.unwrap();
        }
        let again = VisitorMessage::text("m29", "Oi");
        let again = page.chat.post(&page.session.token, &again).await;
        again.expect("it is there, and the page tries again");
        let more = VisitorMessage::text("more", "Oi");
        let refused = page.chat.post(&page.session.token, &more).await;
        assert_eq!(wrong(refused), [field("message", "too_many")]);
        page.clock.advance(Duration::from_secs(61));
        page.chat.post(&page.session.token, &more).await.unwrap();
        // A new one, and all at the same moment.
        let key = page.chat.page_key(&page.context, page.channel).await.unwrap();
        let other = page.chat.begin(&key).await.unwrap();
        let many: Vec<_> = (0..40)
            .map(|n| VisitorMessage::text(format!("m{n}"), "Oi"))
            .collect();
        let posted = many.iter().map(|new| page.chat.post(&other.token, new));
        let posted = futures::future::join_all(posted).await;
        assert_eq!(posted.iter().filter(|one| one.is_ok()).count(), 30);
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_takes_its_time_is_fetched_after_what_the_visitor_wrote_meanwhile() {
    each_database(|db| async move {
        let page = Page::open(db.database).await;
        let token = page.session.token.clone();
        let post = async |key: &str| {
            let new = VisitorMessage::text(key, "Oi");
            page.chat.post(&token, &new).await.unwrap()
        };
        post("a").await;
        let first = page.poll(0).await;
        let talks = page.crm.conversations();
        let listed = talks
            .list(&page.context, &Default::default(), &Default::default())
            .await
            .unwrap();
        let conversation = listed.items[0].id;
        let say = async |text: &str| {
            let answer = NewMessage::text(Author::Assistant, text);
            talks.post(&page.context, conversation, answer).await.unwrap()
        };
        let answer = say("Como posso ajudar?").await;
        let meanwhile = post("b").await;
        assert!(answer.position < meanwhile.position);
        let seen = page.poll(first.after).await;
        let ids = |seen: &super::VisitorMessages| seen.items.iter().map(|one| one.id).collect::<Vec<_>>();
        assert_eq!(ids(&seen), [meanwhile.id], "at once to whoever wrote it");
        page.send().await;
        let late = page.poll(seen.after).await;
        assert_eq!(ids(&late), [answer.id]);
        assert_eq!(page.poll(late.after).await.items, [], "once");
        // Nobody knows whether it was sent, and it is sent once more after 10 minutes.
        let lost = say("Temos às 15h").await;
        let scripted = ScriptedMessenger::new(ChannelKind::WebChat);
        scripted.then(Err(SendError::new(SendErrorKind::Unknown, "x", "no answer")));
        page.send_with(Arc::new(scripted)).await;
        let after = post("c").await;
        let seen = page.poll(late.after).await;
        assert_eq!(ids(&seen), [after.id]);
        page.clock.advance(Duration::from_secs(600));
        page.send().await;
        page.send().await;
        let late = page.poll(seen.after).await;
        assert_eq!(ids(&late), [lost.id]);
        // What is never sent keeps nothing back.
        let failed = say("Tarde demais").await;
        page.clock.advance(DAY);
        page.send().await;
        let failed = talks.message(&page.context, failed.id).await.unwrap();
        assert_eq!(failed.delivery, Some(DeliveryState::Failed));
        let next = post("d").await;
        assert_eq!(ids(&page.poll(late.after).await), [next.id]);
        assert_eq!(
            page.poll(0).await.items.len(),
            6,
            "all of it for a page that begins"
        );
    })
    .await;
}
