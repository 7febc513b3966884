//! Two workers at one turn, and messages in any order.

use super::model::receptionist;
use super::stage::{Clinic, HOUR};
use crate::testing::each_database;
use aurora_core::time::Clock as _;

#[tokio::test]
async fn two_workers_at_once_give_one_reply_and_do_everything_once() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic.offer_times(clinic.clock.now() + 100 * HOUR, 40);
        for round in 0..8 {
            let llm = receptionist("front", |_| false).client();
            let talk = clinic.contact(&format!("551198765{round:04}"), None);
            clinic.says(talk, "marcar uma consulta");
            clinic.attend(&llm, talk).await;
            let times = clinic.choices(talk);
            clinic.chooses(talk, &times[0]);
            clinic.attend(&llm, talk).await;
            let replies = clinic.replies(talk).len();
            clinic.says(talk, "meu nome é Ana Souza");
            let (one, two) = (clinic.assistant(llm.clone()), clinic.assistant(llm.clone()));
            let (first, second) = tokio::join!(
                one.engine.attend(&clinic.context, talk, false),
                two.engine.attend(&clinic.context, talk, false),
            );
            first.unwrap();
            second.unwrap();
            assert_eq!(clinic.replies(talk).len(), replies + 1);
            let client = clinic.client_of(talk).unwrap();
            let all = clinic.appointments();
            assert_eq!(all.iter().filter(|it| it.client_id == client).count(), 1);
            let changes = clinic.stage.inner().changes.len();
            assert_eq!(changes, round + 1, "each booking once");
        }
    })
    .await;
}

#[tokio::test]
async fn late_and_doubled_messages_are_answered_once_each() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "marcar uma consulta");
        clinic.attend(&llm, talk).await;
        // What was sent earlier comes later: it is written down later, and answered then.
        clinic.says(talk, "Oi, bom dia!");
        clinic.attend(&llm, talk).await;
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 2);
        // Both queues' deliveries of two messages arrive after both were written down.
        clinic.says(talk, "de manhã");
        clinic.says(talk, "marcar");
        clinic.attend(&llm, talk).await;
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_contact_who_goes_on_writing_is_waited_for() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic
            .configure(|settings| {
                let limits = crate::assistant::TurnLimits::default().gather_seconds(3);
                settings.limits(limits)
            })
            .await;
        let llm = receptionist("front", |_| false).client();
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "Oi");
        let assistant = clinic.assistant(llm);
        let turn = assistant.engine.attend(&clinic.context, talk, false);
        let second = async {
            while clinic.clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            clinic.says(talk, "quero marcar uma consulta");
            clinic.clock.advance(HOUR / 1_200);
        };
        let (turn, ()) = tokio::join!(turn, second);
        turn.unwrap();
        assert_eq!(clinic.replies(talk).len(), 1);
        assert_eq!(clinic.choices(talk).len(), 10, "the answer is to both");
    })
    .await;
}
