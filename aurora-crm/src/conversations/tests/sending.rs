use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::outbox::{Handler as _, State};
use aurora_core::time::{Clock as _, SystemClock};

use super::{ANA, BIA, Desk, HOUR};
use crate::channels::{ChannelKind, DeliveryState, Receipt, SendError, SendErrorKind};
use crate::conversations::{Author, Content, Direction, MESSAGES, Message, NewMessage};
use crate::testing::{ScriptedMessenger, each_database};

const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn receipt(name: &str) -> Receipt {
    Receipt {
        provider_id: name.to_owned(),
        address: None,
    }
}

pub(super) fn error(kind: SendErrorKind) -> SendError {
    SendError::new(kind, "131000", "something went wrong")
}

/// What the history tells besides what both sides said.
async fn notices(desk: &Desk, message: &Message) -> Vec<String> {
    let page = desk
        .talks()
        .messages(&desk.context, message.conversation_id, &PageRequest::default())
        .await
        .unwrap();
    let notes = page
        .items
        .into_iter()
        .filter(|one| one.direction == Direction::Note);
    notes
        .map(|note| match note.content {
            Content::Notice { kind, .. } => kind,
            other => other.words().to_owned(),
        })
        .collect()
}

#[tokio::test]
async fn messages_of_a_conversation_are_sent_in_order_and_one_at_a_time() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let ana = desk.hear(ANA, "1", "Oi").await.conversation;
        let bia = desk.hear(BIA, "2", "Oi").await.conversation;
        for n in 0..5 {
            desk.say(ana, &format!("a{n}")).await.unwrap();
            desk.say(bia, &format!("b{n}")).await.unwrap();
        }
        let outbox = desk.crm.store().outbox();
        let first = outbox.claim(MESSAGES, 10, MINUTE).await.unwrap();
        assert_eq!(first.len(), 2, "one of each conversation");
        assert_eq!(outbox.claim(MESSAGES, 10, MINUTE).await.unwrap().len(), 0);
        desk.clock.advance(MINUTE * 2);
        desk.send().await;
        for letter in ["a", "b"] {
            let sent: Vec<String> = desk
                .messenger
                .sent()
                .iter()
                .map(|one| one.content.words().to_owned())
                .filter(|words| words.starts_with(letter))
                .collect();
            let wanted: Vec<String> = (0..5).map(|n| format!("{letter}{n}")).collect();
            assert_eq!(sent, wanted);
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_for_now_is_tried_again_not_before_it_was_asked() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let message = desk.say(id, "Olá").await.unwrap();
        desk.messenger
            .then(Err(error(SendErrorKind::Retry(Some(MINUTE * 10)))));
        desk.messenger.then(Err(error(SendErrorKind::Retry(None))));
        desk.send().await;
        desk.clock.advance(MINUTE * 9);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 1);
        assert_eq!(desk.message(&message).await.delivery, Some(DeliveryState::Queued));
        desk.clock.advance(MINUTE * 3);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 2);
        desk.clock.advance(MINUTE);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 3);
        let sent = desk.message(&message).await;
        assert_eq!(sent.delivery, Some(DeliveryState::Accepted));
        assert_eq!(sent.provider_id, Some(format!("wamid.{}", message.id)));
        // After a day nobody waits for it any more.
        let old = desk.say(id, "velha").await;
        let old = old.unwrap();
        desk.messenger.then(Err(error(SendErrorKind::Retry(None))));
        desk.send().await;
        desk.clock.advance(HOUR * 24);
        desk.send().await;
        let old = desk.message(&old).await;
        assert!(old.failure.unwrap().starts_with("expired"));
        assert_eq!(desk.messenger.sent().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn no_answer_is_unknown_until_the_channel_tells_and_sent_once_more_if_it_does_not() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let told = desk.say(id, "o canal conta").await.unwrap();
        desk.messenger.then(Err(error(SendErrorKind::Unknown)));
        desk.send().await;
        assert_eq!(desk.message(&told).await.delivery, Some(DeliveryState::Unknown));
        assert_eq!(notices(&desk, &told).await, ["delivery_unknown"]);
        // What comes after it does not wait for ten minutes.
        let next = desk.say(id, "a seguinte").await.unwrap();
        desk.send().await;
        assert_eq!(desk.message(&next).await.delivery, Some(DeliveryState::Accepted));
        // The channel tells by our own name of it, with the provider's.
        let update = desk.update("wamid.told", Some(&told), DeliveryState::Sent);
        let changed = desk
            .talks()
            .delivery(&desk.context, &update)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(changed.provider_id.as_deref(), Some("wamid.told"));
        desk.clock.advance(MINUTE * 11);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 2, "it is not sent again");

        let silent = desk.say(id, "ninguém conta").await.unwrap();
        desk.messenger.then(Err(error(SendErrorKind::Unknown)));
        desk.send().await;
        desk.clock.advance(MINUTE * 9);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 3);
        desk.messenger.then(Err(error(SendErrorKind::Unknown)));
        desk.clock.advance(MINUTE * 2);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 4, "once more after ten minutes");
        desk.clock.advance(HOUR);
        desk.send().await;
        assert_eq!(desk.messenger.sent().len(), 4, "and never again");
        assert_eq!(desk.message(&silent).await.delivery, Some(DeliveryState::Unknown));
        assert_eq!(notices(&desk, &silent).await.len(), 3);
        // It is told at last.
        let update = desk.update("wamid.silent", Some(&silent), DeliveryState::Read);
        desk.talks().delivery(&desk.context, &update).await.unwrap();
        assert_eq!(desk.message(&silent).await.delivery, Some(DeliveryState::Read));
    })
    .await;
}

#[tokio::test]
async fn who_dies_while_sending_does_not_send_twice_when_the_channel_tells() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let outbox = desk.crm.store().outbox();
        for is_told in [true, false] {
            let before = desk.messenger.sent().len();
            let message = desk.say(id, "Olá").await.unwrap();
            desk.messenger.then_hang();
            let letters = outbox.claim(MESSAGES, 10, MINUTE).await.unwrap();
            let sender = desk.sender();
            // The provider has it, and we die before its answer.
            tokio::select! {
                biased;
                outcome = sender.handle(&letters[0]) => panic!("{outcome:?}"),
                () = async {
                    while desk.messenger.sent().len() == before {
                        tokio::task::yield_now().await;
                    }
                } => {}
            }
            assert_eq!(desk.message(&message).await.delivery, Some(DeliveryState::Queued));
            if is_told {
                let update = desk.update("wamid.x", Some(&message), DeliveryState::Delivered);
                desk.talks().delivery(&desk.context, &update).await.unwrap();
            }
            desk.clock.advance(MINUTE * 2);
            desk.send().await;
            assert_eq!(
                desk.messenger.sent().len(),
                before + 1,
                "who takes over does not send"
            );
            let wanted = if is_told {
                DeliveryState::Delivered
            } else {
                DeliveryState::Unknown
            };
            assert_eq!(desk.message(&message).await.delivery, Some(wanted));
            desk.clock.advance(MINUTE * 11);
            desk.send().await;
            let again = usize::from(!is_told);
            assert_eq!(desk.messenger.sent().len(), before + 1 + again);
        }
    })
    .await;
}

/// Polls a future so often, and gives up then.
async fn polled<F: Future + Unpin>(mut work: F, mut polls: u32) -> Option<F::Output> {
    std::future::poll_fn(|cx| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        Pin::new(&mut work).poll(cx).map(Some)
    })
    .await
}

#[tokio::test]
async fn dropped_at_any_step_a_message_is_sent_once_or_unknown() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let outbox = desk.crm.store().outbox();
        for polls in 0..300_u32 {
            let before = desk.messenger.sent().len();
            let message = desk.say(id, &format!("passo {polls}")).await.unwrap();
            let letters = outbox.claim(MESSAGES, 1, MINUTE).await.unwrap();
            let sender = desk.sender();
            let ended = polled(Box::pin(sender.handle(&letters[0])), polls)
                .await
                .is_some();
            desk.clock.advance(MINUTE * 2);
            desk.send().await;
            let state = desk.message(&message).await.delivery.unwrap();
            let sent = desk.messenger.sent().len() - before;
            let fits = match state {
                DeliveryState::Accepted => sent == 1,
                DeliveryState::Unknown => sent <= 1 && !ended,
                _ => false,
            };
            assert!(fits, "after {polls} polls: {state:?}, sent {sent} times");
            if state == DeliveryState::Unknown {
                // The channel tells, or else it would be sent once more.
                let update = desk.update(&format!("w{polls}"), Some(&message), DeliveryState::Sent);
                desk.talks().delivery(&desk.context, &update).await.unwrap();
            }
            if ended {
                return;
            }
        }
        panic!("it never came to its end");
    })
    .await;
}

#[tokio::test]
async fn many_workers_send_each_message_once() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        for n in 0..4 {
            let from = format!("551198765430{n}");
            let id = desk.hear(&from, &format!("in.{n}"), "Oi").await.conversation;
            for m in 0..5 {
                desk.say(id, &format!("{n}.{m}")).await.unwrap();
            }
        }
        let outbox = desk.crm.store().outbox();
        let workers: Vec<_> = (0..3).map(|_| desk.sender().worker().build().unwrap()).collect();
        let work = futures::future::join_all(workers.iter().map(|worker| worker.run(std::future::pending())));
        let time = async {
            for _ in 0..20_000 {
                // In one look: between two, a message that waits may have become ready and be seen in neither.
                let counts = outbox.counts().await.unwrap();
                let of = |state| {
                    counts
                        .iter()
                        .any(|one| one.queue == MESSAGES && one.state == state)
                };
                if ![State::Ready, State::Waiting, State::Leased].into_iter().any(of) {
                    return;
                }
                // Time stands still while somebody works, or a slow machine would let leases run out.
                if !of(State::Leased) {
                    desk.clock.advance(Duration::from_millis(50));
                }
                SystemClock.sleep(Duration::from_millis(1)).await;
            }
            panic!("the workers do not work");
        };
        tokio::select! {
            _ = work => {}
            () = time => {}
        }
        let sent = desk.messenger.sent();
        let ids: std::collections::BTreeSet<_> = sent.iter().map(|one| one.message).collect();
        assert_eq!((sent.len(), ids.len()), (20, 20));
    })
    .await;
}

#[tokio::test]
async fn a_kind_of_channel_that_nobody_sends_on_waits() {
    each_database(|db| async move {
        let desk = Desk::open(db.database).await;
        let id = desk.hear(ANA, "1", "Oi").await.conversation;
        let new = NewMessage::text(Author::Assistant, "Olá");
        let message = desk.talks().post(&desk.context, id, new).await.unwrap();
        let other = ScriptedMessenger::new(ChannelKind::WebChat);
        let sender = desk.talks().sender([Arc::new(other.clone()) as _]);
        let letters = desk
            .crm
            .store()
            .outbox()
            .claim(MESSAGES, 1, MINUTE)
            .await
            .unwrap();
        sender.handle(&letters[0]).await.unwrap_err();
        assert_eq!(other.sent(), []);
        desk.clock.advance(MINUTE * 2);
        desk.send().await;
        assert_eq!(
            desk.message(&message).await.delivery,
            Some(DeliveryState::Accepted)
        );
    })
    .await;
}
