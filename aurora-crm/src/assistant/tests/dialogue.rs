use aurora_core::time::Clock as _;

use super::model::receptionist;
use super::stage::{Clinic, HOUR};
use crate::appointments::AppointmentStatus;
use crate::assistant::{Reason, StepKind, TurnStep};
use crate::conversations::{Assignee, Content};
use crate::testing::each_database;

#[tokio::test]
async fn somebody_new_books_moves_and_calls_off() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let model = receptionist("front", |_| false);
        let llm = model.client();
        let talk = clinic.contact("5511987654321", None);

        clinic.says(talk, "Oi, quero marcar uma consulta");
        clinic.attend(&llm, talk).await;
        let times = clinic.choices(talk);
        assert_eq!(times.len(), 10, "as many as a list has: {times:?}");
        assert_eq!(times[0], "slot:s1");

        // Who is not registered is asked for a name, and has not to choose again.
        clinic.chooses(talk, &times[2]);
        clinic.attend(&llm, talk).await;
        assert!(
            clinic.last_reply(talk).contains("nome completo"),
            "{}",
            clinic.last_reply(talk)
        );
        assert!(clinic.appointments().is_empty());
        clinic.says(talk, "Meu nome é Ana Souza");
        clinic.attend(&llm, talk).await;
        let client = clinic.client_of(talk).unwrap();
        let ana = clinic.crm.clients().get(&clinic.context, client).await.unwrap();
        assert_eq!(
            (ana.legal_name.as_str(), ana.phones[0].as_str()),
            ("Ana Souza", "+5511987654321")
        );
        let booked = clinic.appointments();
        let third = clinic.stage.inner().slots[2];
        assert_eq!(booked.len(), 1);
        assert_eq!(
            (booked[0].client_id, booked[0].starts_at),
            (client, third.starts_at)
        );
        assert!(
            clinic.last_reply(talk).contains("Pronto"),
            "{}",
            clinic.last_reply(talk)
        );

        // A time that is chosen for an appointment moves it, without a model.
        clinic.says(talk, "Preciso remarcar");
        clinic.attend(&llm, talk).await;
        let times = clinic.choices(talk);
        let asked = model.asked();
        clinic.chooses(talk, &times[5]);
        clinic.attend(&llm, talk).await;
        assert_eq!(model.asked(), asked, "a choice needs no model");
        let moved = clinic.appointments();
        assert_eq!((moved.len(), moved[0].moves), (1, 1));
        assert!(
            clinic.last_reply(talk).contains("remarcado"),
            "{}",
            clinic.last_reply(talk)
        );

        clinic.says(talk, "Melhor cancelar");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments()[0].status, AppointmentStatus::Cancelled);
        assert_eq!(clinic.replies(talk).len(), 6, "one answer to each message");
        let steps = clinic.steps(talk).await;
        let ran: Vec<&str> = steps
            .iter()
            .filter(|step| step.kind == StepKind::Ran && !step.failed)
            .flat_map(|step| step.tools.iter().map(String::as_str))
            .collect();
        let wanted = [
            "find_slots",
            "register_client",
            "book_appointment",
            "my_appointments",
            "find_slots",
            "book_appointment",
            "my_appointments",
            "cancel_appointment",
        ];
        assert_eq!(ran, wanted);
        for step in &steps {
            assert!(!format!("{step:?}").contains("Ana"), "{step:?}");
            let called = if step.kind == StepKind::Ran {
                0
            } else {
                step.tools.len()
            };
            assert_eq!(step.arguments.len(), called, "{step:?}");
        }
        let booked = |step: &&TurnStep| step.kind != StepKind::Ran && step.tools == ["book_appointment"];
        let booked = steps.iter().find(booked).unwrap();
        let arguments: serde_json::Value = serde_json::from_str(&booked.arguments[0]).unwrap();
        assert!(arguments["slot"].is_string(), "{arguments}");
    })
    .await;
}

#[tokio::test]
async fn an_english_speaker_is_answered_in_english() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let client = clinic.client("John Smith").await;
        let talk = clinic.contact("14155552671", Some(client));
        let llm = receptionist("front", |_| false).client();
        clinic.says(talk, "Hello, I would like to book an appointment please");
        clinic.attend(&llm, talk).await;
        let Some(Content::List {
            body,
            button,
            sections,
        }) = clinic.replies(talk).pop()
        else {
            panic!("times are offered as a list");
        };
        assert!(body.contains("I have these times"), "{body}");
        assert_eq!(button, "See times");
        assert!(
            sections[0].rows[0].title.starts_with("Fri 2 Jan"),
            "{}",
            sections[0].rows[0].title
        );
        let first = clinic.choices(talk).remove(0);
        clinic.chooses(talk, &first);
        clinic.attend(&llm, talk).await;
        assert!(
            clinic
                .last_reply(talk)
                .starts_with("Done! Consulta is booked for Fri 2 Jan")
        );
    })
    .await;
}

#[tokio::test]
async fn quick_messages_get_one_answer_and_what_was_covered_none() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let model = receptionist("front", |_| false);
        let llm = model.client();
        let talk = clinic.contact("5511987654321", None);
        for text in ["Oi", "tudo bem?", "queria marcar uma consulta"] {
            clinic.says(talk, text);
        }
        for _ in 0..4 {
            clinic.attend(&llm, talk).await; // each message has its own in the queue, and the queue delivers some twice
        }
        assert_eq!(clinic.replies(talk).len(), 1);
        assert_eq!(clinic.ends(talk).await, [Reason::Answered]);
        assert_eq!(model.asked(), 2, "one question and one result");
        // A sign on a message asks for nothing.
        let reaction = Content::Reaction {
            to: "wamid.1".to_owned(),
            emoji: Some("👍".to_owned()),
        };
        clinic.hears(talk, reaction);
        clinic.attend(&llm, talk).await;
        assert_eq!((clinic.replies(talk).len(), model.asked()), (1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_person_takes_over_and_gives_back() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let model = receptionist("front", |_| false);
        let llm = model.client();
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "Quero falar com uma pessoa, por favor");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.assignee(talk), Assignee::Nobody);
        assert!(clinic.last_reply(talk).contains("pessoa da equipe"));
        assert_eq!(
            (clinic.ends(talk).await, model.asked()),
            (vec![Reason::AskedForPerson], 0)
        );

        clinic.says(talk, "Alô?");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 1, "a person has it");
        clinic.person_writes(talk, "Oi, aqui é a Carla");
        clinic.assign(talk, Assignee::Assistant);
        clinic.attend(&llm, talk).await;
        assert_eq!(
            clinic.replies(talk).len(),
            1,
            "what a person has answered is answered"
        );
        clinic.says(talk, "quero marcar uma consulta");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 2);

        // Somebody takes over while the assistant works: it says nothing more.
        clinic.says(talk, "marcar de manhã");
        clinic.stage.inner().takes_over = true;
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.replies(talk).len(), 2);
        assert_eq!(clinic.ends(talk).await.last(), Some(&Reason::TakenOver));
        assert!(matches!(clinic.assignee(talk), Assignee::Person(_)));
    })
    .await;
}

#[tokio::test]
async fn buttons_of_reminders_are_answered_without_a_model() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let model = receptionist("front", |_| false);
        let llm = model.client();
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        let at = clinic.clock.now() + 50 * HOUR;
        let mine = clinic.booked(client, at);
        clinic.chooses(talk, &format!("apt:{}:confirm", mine.id));
        clinic.attend(&llm, talk).await;
        assert!(clinic.appointments()[0].acknowledged_at.is_some());
        assert!(clinic.last_reply(talk).contains("Obrigado por confirmar"));
        clinic.chooses(talk, &format!("apt:{}:cancel", mine.id));
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments()[0].status, AppointmentStatus::Cancelled);
        assert_eq!(model.asked(), 0);

        // A button of somebody else's appointment does nothing, and the model is told so.
        let other = clinic.client("Bruno Lima").await;
        let theirs = clinic.booked(other, at + HOUR);
        clinic.chooses(talk, &format!("apt:{}:cancel", theirs.id));
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments()[1], theirs);
        assert_eq!(model.asked(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_offer_runs_out_and_a_time_that_is_gone_is_offered_anew() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let client = clinic.client("Ana Souza").await;
        let talk = clinic.contact("5511987654321", Some(client));
        clinic.says(talk, "marcar");
        clinic.attend(&llm, talk).await;
        let times = clinic.choices(talk);
        let other = clinic.client("Bruno Lima").await;
        let first = clinic.stage.inner().slots[0].starts_at;
        clinic.booked(other, first);
        clinic.chooses(talk, &times[0]);
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments().len(), 1, "it was taken");
        let anew = clinic.choices(talk);
        assert!(!anew.is_empty() && !anew.contains(&times[0]), "{anew:?}");

        clinic.clock.advance(25 * HOUR);
        clinic.chooses(talk, &anew[0]);
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.appointments().len(), 1, "it was offered too long ago");
    })
    .await;
}
