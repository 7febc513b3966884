//! A house that fails and hangs: whatever is in the way, a person is called in the end.

use std::time::Duration;

use super::model::{Act, Model, receptionist};
use super::stage::Clinic;
use crate::assistant::{Reason, StepKind, TurnLimits};
use crate::conversations::Assignee;
use crate::testing::each_database;

#[tokio::test]
async fn a_house_that_goes_on_failing_leaves_the_conversation_to_a_person() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let assistant = clinic.assistant(llm);
        for call in ["free", "catalogue", "recent", "post"] {
            clinic.stage.inner().failing = vec![call];
            let talk = clinic.contact("5511987654321", None);
            clinic.says(talk, "quero marcar uma consulta");
            for _ in 0..3 {
                let failed = assistant.engine.attend(&clinic.context, talk, false).await;
                assert!(failed.unwrap_err().class().is_retryable(), "{call}");
                assert_eq!(
                    (clinic.replies(talk).len(), clinic.assignee(talk)),
                    (0, Assignee::Assistant),
                    "{call}"
                );
            }
            let last = assistant.engine.attend(&clinic.context, talk, true).await;
            last.unwrap();
            assert_eq!(clinic.assignee(talk), Assignee::Nobody, "{call}");
            if matches!(call, "free" | "catalogue") {
                assert!(
                    clinic.last_reply(talk).contains("Não estou conseguindo"),
                    "{call}"
                );
                assert_eq!(clinic.ends(talk).await, [Reason::FailedTools], "{call}");
            }
            // The turn has ended: what comes next is not swallowed by it.
            clinic.stage.inner().failing.clear();
            let said = clinic.replies(talk).len();
            clinic.assign(talk, Assignee::Assistant);
            clinic.says(talk, "bom dia");
            assistant
                .engine
                .attend(&clinic.context, talk, false)
                .await
                .unwrap();
            assert_eq!(clinic.replies(talk).len(), said + 1, "{call}");
            assert!(clinic.last_reply(talk).contains("Olá"), "{call}");
        }

        clinic.stage.inner().failing = vec!["catalogue"];
        let talk = clinic.contact("5511987654322", None);
        clinic.says(talk, "socorro, dor no peito");
        assistant
            .engine
            .attend(&clinic.context, talk, true)
            .await
            .unwrap();
        assert!(
            clinic.last_reply(talk).contains("192"),
            "{}",
            clinic.last_reply(talk)
        );
    })
    .await;
}

#[tokio::test]
async fn what_was_said_after_a_turn_that_was_left_open_is_answered_after_it() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let talk = clinic.contact("5511987654321", None);
        clinic.stage.inner().failing = vec!["free"];
        clinic.says(talk, "quero marcar uma consulta");
        let assistant = clinic.assistant(llm.clone());
        // No other attempt of the first message follows.
        let failed = assistant.engine.attend(&clinic.context, talk, false).await;
        failed.unwrap_err();
        clinic.stage.inner().failing.clear();
        clinic.says(talk, "bom dia");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 2);
        assert!(
            clinic.last_reply(talk).contains("Olá"),
            "{}",
            clinic.last_reply(talk)
        );
        assert_eq!(clinic.ends(talk).await, [Reason::Answered, Reason::Answered]);
    })
    .await;
}

#[tokio::test]
async fn a_model_that_hangs_is_left_within_an_attempt() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic
            .configure(|mut settings| {
                settings.limits = TurnLimits::default().gather_seconds(0);
                settings.limits.answer_seconds = 60;
                settings
            })
            .await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "marcar");
        let model = Model::new("hung", |_, _| Act::Hang);
        let assistant = clinic.assistant(model.client());
        for (number, is_last) in [(1, false), (2, true)] {
            let turn = assistant.engine.attend(&clinic.context, talk, is_last);
            let time = async {
                while model.asked() < number || clinic.clock.sleepers() < 2 {
                    tokio::task::yield_now().await;
                }
                clinic.clock.advance(Duration::from_secs(60));
            };
            let (outcome, ()) = tokio::join!(turn, time);
            assert_eq!(outcome.is_ok(), is_last, "{outcome:?}");
        }
        assert_eq!(clinic.ends(talk).await, [Reason::ModelUnavailable]);
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
        assert!(clinic.last_reply(talk).contains("Não estou conseguindo"));
    })
    .await;
}

#[tokio::test]
async fn a_house_that_hangs_is_left_before_the_worker_drops_the_attempt() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "quero marcar uma consulta");
        clinic.stage.inner().hangs = true;
        let assistant = clinic.assistant(receptionist("front", |_| false).client());
        let turn = assistant.engine.attend(&clinic.context, talk, true);
        let time = async {
            while clinic.stage.inner().hung == 0 || clinic.clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
            clinic.clock.advance(crate::assistant::engine::TIME);
        };
        let (outcome, ()) = tokio::join!(turn, time);
        outcome.unwrap();
        assert_eq!(clinic.ends(talk).await, [Reason::FailedTools]);
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
    })
    .await;
}

#[tokio::test]
async fn who_is_blocked_between_two_attempts_is_shown_to_no_model_any_more() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        let model = receptionist("front", |_| false);
        clinic.stage.inner().failing = vec!["free"];
        clinic.says(talk, "quero marcar uma consulta");
        let assistant = clinic.assistant(model.client());
        let failed = assistant.engine.attend(&clinic.context, talk, false).await;
        failed.unwrap_err();
        assert_eq!(model.asked(), 1);
        let clients = clinic.crm.clients();
        clients
            .block(&clinic.context, client, 1, "pedido da titular")
            .await
            .unwrap();
        clinic.stage.inner().failing.clear();
        clinic.attend(&model.client(), talk).await;
        assert_eq!((model.asked(), clinic.replies(talk).len()), (1, 0));
        assert_eq!(clinic.ends(talk).await, [Reason::Blocked]);
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
        let steps = clinic.steps(talk).await;
        assert!(steps.iter().all(|step| step.kind != StepKind::Ran), "{steps:?}");
    })
    .await;
}
