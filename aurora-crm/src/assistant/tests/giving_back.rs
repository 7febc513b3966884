//! What was handed over unanswered and is given back, in the house itself.

use std::time::Duration;

use aurora_core::time::Clock as _;
use aurora_llm::ErrorKind;

use super::house::House;
use super::model::{Act, Model, receptionist};
use crate::assistant::{AnswerHours, Away};
use crate::clients::OwnerId;
use crate::conversations::{Assignee, Author, NewMessage};
use crate::testing::each_database;

const HOUR: Duration = Duration::from_secs(3_600);

#[tokio::test]
async fn what_came_in_at_night_is_answered_when_it_is_given_back_in_the_morning() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        // It is 7:00.
        house
            .configure(|settings| {
                settings.hours = AnswerHours::always().weekdays(8 * 60, 18 * 60);
                settings.away = Away::Say("Abrimos às 8h.".to_owned());
            })
            .await;
        let talk = house.says("5511987654321", "Oi, quero marcar uma consulta").await;
        house.work(&assistant).await;
        assert_eq!(house.assignee(talk).await, Assignee::Nobody);
        assert_eq!(house.replies(talk).await.len(), 1);
        house.clock.advance(2 * HOUR);
        house.assign(talk, Assignee::Assistant).await;
        house.work(&assistant).await;
        assert_eq!(
            house.choices(talk).await.len(),
            10,
            "{:?}",
            house.replies(talk).await
        );
        // It is answered now, and giving it back once more changes nothing.
        house.assign(talk, Assignee::Nobody).await;
        house.assign(talk, Assignee::Assistant).await;
        house.work(&assistant).await;
        assert_eq!(house.replies(talk).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn so_is_what_no_model_or_an_assistant_that_was_off_has_left() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let refused = Model::new("refused", |_, _| Act::Fail(ErrorKind::Authentication));
        let broken = house.assistant(&refused.client());
        let whole = house.assistant(&receptionist("front", |_| false).client());
        let talk = house.says("5511987654321", "marcar uma consulta").await;
        house.work(&broken).await;
        assert_eq!(house.assignee(talk).await, Assignee::Nobody);
        house.configure(|settings| settings.enabled = false).await;
        house.assign(talk, Assignee::Assistant).await;
        house.work(&whole).await;
        assert_eq!(house.assignee(talk).await, Assignee::Nobody);
        house.configure(|settings| settings.enabled = true).await;
        house.assign(talk, Assignee::Assistant).await;
        house.work(&whole).await;
        assert_eq!(house.choices(talk).await.len(), 10);
        // What a person has answered is answered.
        let talk = house.says("5511987654322", "marcar uma consulta").await;
        house.work(&house.assistant(&refused.client())).await;
        let hers = Author::Person(OwnerId::new(house.clock.now()));
        let hers = NewMessage::text(hers, "Já marquei.");
        let talks = house.crm.conversations();
        talks.post(&house.context, talk, hers).await.unwrap();
        house.assign(talk, Assignee::Assistant).await;
        house.work(&whole).await;
        assert_eq!(house.replies(talk).await.len(), 1, "the notice of before");
    })
    .await;
}
