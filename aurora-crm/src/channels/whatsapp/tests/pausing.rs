use std::time::Duration;

use super::house::House;
use super::*;
use crate::channels::DeliveryState;
use crate::channels::whatsapp::testing::Fault;
use crate::clients::OwnerId;
use crate::conversations::{Author, Message, NewMessage};
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);

async fn say(house: &House, text: &str) -> Message {
    let conversation = house.conversation().await;
    let person = Author::Person(OwnerId::from_uuid(conversation.id.uuid()));
    let new = NewMessage::text(person, text);
    house
        .crm
        .conversations()
        .post(&house.context, conversation.id, new)
        .await
        .unwrap()
}

async fn delivery(house: &House, message: &Message) -> Option<DeliveryState> {
    let talks = house.crm.conversations();
    talks.message(&house.context, message.id).await.unwrap().delivery
}

async fn pause(house: &House) -> Option<String> {
    let number = house.whatsapp.get(&house.context, house.number.id).await.unwrap();
    let channels = house
        .crm
        .conversations()
        .paused_channels(&house.context)
        .await
        .unwrap();
    let reasons: Vec<String> = channels.into_iter().map(|pause| pause.code).collect();
    let reason = number.pause.map(|pause| pause.reason);
    assert_eq!(reason.clone().into_iter().collect::<Vec<_>>(), reasons);
    reason
}

#[tokio::test]
async fn a_number_with_a_bad_token_waits_until_either_end_resumes_it_and_then_delivers() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let (talks, context, id) = (house.crm.conversations(), &house.context, house.number.id);
        house.hear("wamid.1", "Oi").await;
        for is_by_number in [true, false] {
            let message = say(&house, "Bom dia").await;
            house.graph.fail_next(Fault::code(190));
            house.send().await;
            assert_eq!(pause(&house).await.as_deref(), Some("190"));
            // Meta is not asked again.
            let seen = house.graph.seen().len();
            house.clock.advance(HOUR);
            house.send().await;
            assert_eq!(house.graph.seen().len(), seen);
            assert_eq!(delivery(&house, &message).await, Some(DeliveryState::Queued));
            if is_by_number {
                assert_eq!(house.whatsapp.resume(context, id).await.unwrap().pause, None);
            } else {
                assert!(talks.resume_channel(context, id).await.unwrap());
            }
            assert_eq!(pause(&house).await, None);
            house.clock.advance(HOUR);
            house.send().await;
            assert_eq!(delivery(&house, &message).await, Some(DeliveryState::Accepted));
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_paused_by_hand_or_by_meta_is_one_pause() {
    each_database(|db| async move {
        let house = House::live(db.database).await;
        let (context, id) = (&house.context, house.number.id);
        house.hear("wamid.1", "Oi").await;
        house.whatsapp.pause(context, id).await.unwrap();
        let payment =
            serde_json::json!({"errors": [{"code": 131_042, "title": "Business eligibility payment issue"}]});
        let posted = crate::channels::whatsapp::testing::Webhooks::new().value(NUMBER, payment);
        house.post(&posted.signed(&super::house::SECRET.into())).await;
        house.work().await;
        assert_eq!(pause(&house).await.as_deref(), Some("manual"));
        let message = say(&house, "Bom dia").await;
        house.send().await;
        assert!(house.graph.seen().is_empty());
        house.whatsapp.resume(context, id).await.unwrap();
        house.clock.advance(HOUR);
        // Told again later, it pauses again.
        house.post(&posted.signed(&super::house::SECRET.into())).await;
        house.work().await;
        assert_eq!(pause(&house).await.as_deref(), Some("131042"));
        house.whatsapp.resume(context, id).await.unwrap();
        house.post(&posted.signed(&super::house::SECRET.into())).await;
        house.work().await;
        assert_eq!(pause(&house).await, None, "Meta repeats what it has told");
        house.clock.advance(HOUR);
        house.send().await;
        assert_eq!(delivery(&house, &message).await, Some(DeliveryState::Accepted));
    })
    .await;
}
