//! Models and channels that fail.

use aurora_llm::{ErrorKind, LlmClient};
use serde_json::json;

use super::model::{Act, Model, receptionist};
use super::stage::{Clinic, HOUR};
use crate::assistant::{Reason, ToolName};
use crate::conversations::{Assignee, Content};
use crate::testing::each_database;

#[tokio::test]
async fn another_provider_takes_over_mid_way() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        // The first finds the times and is gone when it is to tell of them.
        let first = receptionist("first", |number| number > 1);
        let second = receptionist("second", |_| false);
        let llm = LlmClient::builder()
            .clock(clinic.clock.clone())
            .retry(aurora_core::resilience::RetryPolicy::never())
            .provider(first.clone(), "large")
            .provider(second.clone(), "small")
            .build()
            .unwrap();
        clinic.says(talk, "quero marcar uma consulta");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.choices(talk).len(), 10);
        let steps = clinic.steps(talk).await;
        let models: Vec<_> = steps.iter().filter_map(|step| step.model.as_deref()).collect();
        assert_eq!(models, ["first/large", "second/small"]);
        assert_eq!(
            second.asked(),
            1,
            "what the first had answered was not asked again"
        );
        let times = clinic.choices(talk);
        clinic.chooses(talk, &times[1]);
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn when_no_model_answers_it_is_tried_again_and_then_a_person_is_called() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let talk = clinic.contact("5511987654321", None);
        let down = Model::new("down", |_, _| Act::Fail(ErrorKind::Overloaded));
        let never = aurora_core::resilience::RetryPolicy::never();
        let llm = LlmClient::builder()
            .retry(never)
            .provider(down.clone(), "m")
            .build()
            .unwrap();
        clinic.says(talk, "marcar");
        let assistant = clinic.assistant(llm);
        for _ in 0..3 {
            let failed = assistant
                .engine
                .attend(&clinic.context, talk, false)
                .await
                .unwrap_err();
            assert!(
                failed.class().is_retryable() && !failed.text().contains("marcar"),
                "{failed:?}"
            );
            assert_eq!(clinic.replies(talk).len(), 0);
        }
        assistant
            .engine
            .attend(&clinic.context, talk, true)
            .await
            .unwrap();
        assert_eq!(clinic.replies(talk).len(), 1);
        assert!(
            clinic.last_reply(talk).contains("Não estou conseguindo"),
            "{}",
            clinic.last_reply(talk)
        );
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
        assert_eq!(clinic.ends(talk).await, [Reason::ModelUnavailable]);

        // What no other attempt would change is told at once.
        let refused = Model::new("refused", |_, _| Act::Fail(ErrorKind::Authentication));
        let other = clinic.contact("5511987654322", None);
        clinic.says(other, "marcar");
        clinic.attend(&refused.client(), other).await;
        assert_eq!(clinic.ends(other).await, [Reason::ModelUnavailable]);
    })
    .await;
}

#[tokio::test]
async fn an_overloaded_model_is_asked_again_later_for_what_is_left_alone() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        let model = receptionist("front", |number| number == 2);
        let llm = LlmClient::builder()
            .retry(aurora_core::resilience::RetryPolicy::never())
            .provider(model.clone(), "m")
            .build()
            .unwrap();
        clinic.says(talk, "quero marcar uma consulta");
        let assistant = clinic.assistant(llm.clone());
        let failed = assistant
            .engine
            .attend(&clinic.context, talk, false)
            .await
            .unwrap_err();
        assert!(failed.class().is_retryable(), "{failed:?}");
        assert_eq!(
            (clinic.replies(talk).len(), clinic.steps(talk).await.len()),
            (0, 2)
        );
        let healed = receptionist("front", |_| false);
        clinic.attend(&healed.client(), talk).await;
        assert_eq!((clinic.choices(talk).len(), healed.asked()), (10, 1));
    })
    .await;
}

#[tokio::test]
async fn a_reply_that_cannot_be_sent_leaves_the_conversation_to_a_person() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "Oi");
        clinic.stage.inner().is_window_closed = true;
        clinic
            .attend(&receptionist("front", |_| false).client(), talk)
            .await;
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
        assert!(clinic.replies(talk).is_empty());
        clinic.clock.advance(HOUR);
    })
    .await;
}

#[tokio::test]
async fn a_model_that_goes_round_in_circles_is_stopped() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        let wild = Model::new("wild", |_, _| {
            Act::Call(vec![(ToolName::MyAppointments.to_string(), json!({}))])
        });
        clinic.says(talk, "Oi");
        clinic.attend(&wild.client(), talk).await;
        assert_eq!(clinic.ends(talk).await, [Reason::ToolLimit]);
        assert_eq!(wild.asked(), 9, "eight tools");

        let dear = Model::new("dear", |_, _| {
            Act::Call(vec![(ToolName::MyAppointments.to_string(), json!({}))])
        });
        clinic
            .configure(|settings| {
                let limits = crate::assistant::TurnLimits::default()
                    .gather_seconds(0)
                    .tokens(1_000);
                settings.limits(limits)
            })
            .await;
        clinic.assign(talk, Assignee::Assistant);
        clinic.says(talk, "Oi");
        clinic.attend(&dear.client(), talk).await;
        assert_eq!(clinic.ends(talk).await.pop(), Some(Reason::TokenLimit));
        assert_eq!(dear.asked(), 2);

        let clumsy = Model::new("clumsy", |_, _| {
            Act::Call(vec![("book_appointment".to_owned(), json!({"slot": "s999"}))])
        });
        clinic.assign(talk, Assignee::Assistant);
        clinic.says(talk, "Oi");
        clinic.attend(&clumsy.client(), talk).await;
        assert_eq!(clinic.ends(talk).await.pop(), Some(Reason::FailedTools));
        assert_eq!(clumsy.asked(), 3);

        let mute = Model::new("mute", |_, _| Act::Say("  ".to_owned()));
        clinic.assign(talk, Assignee::Assistant);
        clinic.says(talk, "Oi");
        clinic.attend(&mute.client(), talk).await;
        assert_eq!(clinic.ends(talk).await.pop(), Some(Reason::NoAnswer));
        let last = clinic.replies(talk).pop();
        assert!(matches!(last, Some(Content::Text { body }) if body.contains("equipe")));
    })
    .await;
}
