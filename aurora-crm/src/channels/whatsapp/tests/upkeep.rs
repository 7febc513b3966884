use std::time::Duration;

use aurora_core::page::PageRequest;
use aurora_core::store::outbox::Handler as _;
use serde_json::json;

use super::house::{House, SECRET, workspace};
use super::intake::rows;
use super::*;
use crate::channels::whatsapp::testing::Webhooks;
use crate::channels::whatsapp::{QUEUE, UnplacedState};
use crate::error::ErrorKind;
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn post(house: &House, webhooks: Webhooks) -> usize {
    house.post(&webhooks.signed(&SECRET.into())).await.stored
}

fn text(id: &str) -> Webhooks {
    Webhooks::new().text(NUMBER, ANA, id, AT, "segredo")
}

/// A message of nobody.
fn failing() -> Webhooks {
    let nobody = json!({"messages": [{"id": "wamid.2", "type": "text", "text": {"body": "quem?"}}]});
    Webhooks::new().value(NUMBER, nobody)
}

/// Done, failed and pending.
async fn counts(house: &House) -> (i64, i64, i64) {
    (
        rows(house, "done").await,
        rows(house, "failed").await,
        rows(house, "pending").await,
    )
}

async fn unplaced(house: &House) -> Vec<(UnplacedState, String)> {
    let page = house
        .whatsapp
        .failed(&house.context, &PageRequest::first(10))
        .await
        .unwrap();
    page.items
        .into_iter()
        .map(|item| (item.state, item.kind))
        .collect()
}

#[tokio::test]
async fn what_cannot_be_handed_over_is_tried_for_days() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        post(&house, text("wamid.1")).await;
        house.told.fail(50);
        assert_eq!(house.work().await, 51);
        assert_eq!((rows(&house, "done").await, house.told.inbound().len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn what_is_in_no_conversation_is_listed_and_can_be_handed_over_again() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        post(&house, failing()).await;
        house.clock.advance(HOUR / 60);
        post(
            &house,
            Webhooks::new().value(NUMBER, json!({"calls": [{"id": "1"}]})),
        )
        .await;
        house.clock.advance(HOUR / 60);
        post(&house, text("wamid.1")).await;
        // The last attempt of the last one fails.
        house.told.fail(1);
        loop {
            let letters = house.outbox().claim(QUEUE, 10, HOUR).await.unwrap();
            if letters.is_empty() {
                break;
            }
            for mut letter in letters {
                letter.attempt = letter.max_attempts;
                house.intake.handle(&letter).await.unwrap();
            }
        }
        let failed = |kind: &str| (UnplacedState::Failed, kind.to_owned());
        let kept = (UnplacedState::Kept, "other".to_owned());
        assert_eq!(
            unplaced(&house).await,
            [failed("message"), kept.clone(), failed("message")]
        );
        let page = house
            .whatsapp
            .failed(&house.context, &PageRequest::first(10))
            .await
            .unwrap();
        let id = page.items[2].id;
        let stranger = workspace(&house.crm).await;
        for _ in 0..2 {
            let error = house.whatsapp.retry(&stranger, id).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound);
        }
        house.whatsapp.retry(&house.context, id).await.unwrap();
        let error = house.whatsapp.retry(&house.context, id).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "it waits");
        house.work().await;
        assert_eq!(house.told.inbound().len(), 1);
        assert_eq!(unplaced(&house).await, [failed("message"), kept]);
        // What fails again is there again.
        house
            .whatsapp
            .retry(&house.context, page.items[0].id)
            .await
            .unwrap();
        house.work().await;
        assert_eq!(unplaced(&house).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_waits_too_long_is_shown_and_no_purge_takes_it() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        post(&house, text("wamid.1")).await;
        assert_eq!(unplaced(&house).await, []);
        house.clock.advance(9 * DAY);
        assert_eq!(
            unplaced(&house).await,
            [(UnplacedState::Late, "message".to_owned())]
        );
        assert_eq!(house.whatsapp.purge(&house.context, 8 * DAY).await.unwrap(), 0);
        house.work().await;
        assert_eq!((unplaced(&house).await.len(), house.told.inbound().len()), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn the_worker_removes_what_is_over_its_time_without_being_told() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        post(&house, text("wamid.1")).await;
        post(&house, failing()).await;
        house.work().await;
        post(&house, text("wamid.3")).await;
        // The last one is lost: its message dies with a process each time.
        let lost = house.outbox().claim(QUEUE, 10, HOUR).await.unwrap();
        house.outbox().done(&lost[0]).await.unwrap();
        house.clock.advance(30 * DAY);
        house.work().await;
        assert_eq!(counts(&house).await, (1, 1, 1));
        house.clock.advance(2 * DAY);
        assert_eq!(house.work().await, 1);
        assert_eq!(counts(&house).await, (0, 1, 0), "what waited is given up");
        house.clock.advance(31 * DAY);
        assert_eq!(house.work().await, 1);
        assert_eq!(counts(&house).await, (0, 0, 0));
        house.clock.advance(100 * DAY);
        assert_eq!(house.work().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_has_no_id_is_the_same_within_an_hour_and_another_one_later() {
    each_database(|db| async move {
        let house = House::open(db.database).await;
        let each = || {
            Webhooks::new()
                .value(NUMBER, json!({"errors": [{"code": 131_042, "title": "Payment"}]}))
                .value(NUMBER, json!({"calls": [{"id": "1"}]}))
                .value(NUMBER, json!({"messages": [{"from": ANA, "type": "text"}]}))
        };
        assert_eq!(post(&house, each()).await, 3);
        assert_eq!(post(&house, each()).await, 0);
        house.clock.advance(3 * DAY);
        assert_eq!(post(&house, each()).await, 3);
        // A message is known by its id for as long as Meta repeats it.
        assert_eq!(post(&house, text("wamid.1")).await, 1);
        house.clock.advance(7 * DAY);
        assert_eq!(post(&house, text("wamid.1")).await, 0);
    })
    .await;
}
