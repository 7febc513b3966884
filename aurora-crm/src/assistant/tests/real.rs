//! More of the house itself: numbers that change hands, clients that are blocked, lists that are tapped twice.

use aurora_core::page::PageRequest;

use super::house::House;
use super::model::receptionist;
use crate::assistant::Reason;
use crate::conversations::Assignee;
use crate::testing::each_database;

const NUMBER: &str = "5511987654321";

#[tokio::test]
async fn a_number_that_has_changed_hands_is_not_given_the_client_from_before() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let assistant = house.assistant(&receptionist("front", |_| false).client());
        let stored = assistant.settings(&house.context).await.unwrap();
        let settings = stored.settings.consent("Usamos seus dados para o atendimento.");
        assistant
            .configure(&house.context, stored.version, &settings)
            .await
            .unwrap();
        let talk = house.says(NUMBER, "meu nome é Ana Souza, aceito").await;
        house.work(&assistant).await;
        let ana = house.client_of(talk).await.unwrap();
        let talks = house.crm.conversations();
        let contact = talks.get(&house.context, talk).await.unwrap().contact.id;
        talks.unlink_client(&house.context, contact).await.unwrap();

        house.says(NUMBER, "meu nome é Bruno Lima, aceito").await;
        house.work(&assistant).await;
        let bruno = house.client_of(talk).await.unwrap();
        assert_ne!(ana, bruno);
        for (client, name) in [(ana, "Ana Souza"), (bruno, "Bruno Lima")] {
            let stored = house.crm.clients().get(&house.context, client).await.unwrap();
            assert_eq!(stored.legal_name, name);
            let consents = house.crm.privacy().consents(&house.context, client).await;
            assert_eq!(consents.unwrap().len(), 1, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_while_a_message_waits_is_shown_to_no_model() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let model = receptionist("front", |_| false);
        let assistant = house.assistant(&model.client());
        let talk = house.says(NUMBER, "meu nome é Ana Souza").await;
        house.work(&assistant).await;
        let client = house.client_of(talk).await.unwrap();
        let (asked, replies) = (model.asked(), house.replies(talk).await.len());

        house.says(NUMBER, "quero marcar uma consulta").await;
        let clients = house.crm.clients();
        let version = clients.get(&house.context, client).await.unwrap().version;
        clients
            .block(&house.context, client, version, "pedido da titular")
            .await
            .unwrap();
        house.work(&assistant).await;
        assert_eq!((model.asked(), house.replies(talk).await.len()), (asked, replies));
        let page = PageRequest::first(1);
        let last = assistant.steps(&house.context, talk, &page).await.unwrap();
        assert_eq!(last.items[0].reason, Some(Reason::Blocked));
        let conversation = house.crm.conversations().get(&house.context, talk).await;
        assert_eq!(conversation.unwrap().assignee, Assignee::Nobody);
    })
    .await;
}

#[tokio::test]
async fn in_the_house_itself_a_time_that_is_tapped_twice_is_booked_once() {
    each_database(|db| async move {
        let house = House::open(&db).await;
        let model = receptionist("front", |_| false);
        let assistant = house.assistant(&model.client());
        let talk = house.says(NUMBER, "meu nome é Ana Souza").await;
        house.work(&assistant).await;
        house.says(NUMBER, "quero marcar uma consulta").await;
        house.work(&assistant).await;
        let times = house.choices(talk).await;
        for _ in 0..2 {
            house.chooses(NUMBER, &times[3]).await;
            house.work(&assistant).await;
            let said = house.replies(talk).await.pop().unwrap();
            assert!(said.content.words().starts_with("Pronto!"), "{said:?}");
        }
        assert_eq!(house.appointments().await.len(), 1);
    })
    .await;
}
