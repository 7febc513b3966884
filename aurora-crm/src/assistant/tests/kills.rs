//! A process that is killed between any two steps.

use std::collections::BTreeSet;

use aurora_core::store::outbox::{Handler as _, Message};

use super::model::receptionist;
use super::stage::{Clinic, HOUR};
use crate::analytics::Period;
use crate::assistant::{QUEUE, StepKind};
use crate::conversations::ConversationId;
use crate::testing::each_database;
use aurora_core::time::{Clock as _, Timestamp};

/// Runs what waits, dying at a point, and then again to its end. Whether it died.
async fn killed(clinic: &Clinic, llm: &aurora_llm::LlmClient, talk: ConversationId, point: u32) -> bool {
    let assistant = clinic.mortal(llm.clone(), point);
    let died = {
        let turn = assistant.engine.attend(&clinic.context, talk, false);
        tokio::select! {
            outcome = turn => { outcome.unwrap(); false }
            () = assistant.engine.mortal.death() => true,
        }
    };
    // Everything of the first process is gone; the message of the queue comes again.
    clinic.attend(llm, talk).await;
    died
}

#[tokio::test]
async fn a_turn_with_a_model_goes_on_where_it_was() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic.offer_times(clinic.clock.now() + 100 * HOUR, 40);
        let (mut points, mut asked_again) = (0, 0);
        for point in 1..100 {
            let model = receptionist("front", |_| false);
            let llm = model.client();
            let talk = clinic.contact(&format!("5511987{point:06}"), None);
            clinic.says(talk, "quero marcar uma consulta");
            clinic.attend(&llm, talk).await;
            let times = clinic.choices(talk);
            clinic.chooses(talk, &times[0]);
            clinic.attend(&llm, talk).await;
            let (replies, asked) = (clinic.replies(talk).len(), model.asked());
            let answered = count(&clinic, talk).await;
            assert_eq!(u32::try_from(answered).unwrap(), asked);

            // Registers and books: three questions, two tools that write, one reply.
            clinic.says(talk, "meu nome é Ana Souza");
            let died = killed(&clinic, &llm, talk, point).await;
            assert_eq!(
                clinic.replies(talk).len(),
                replies + 1,
                "point {point}: one reply"
            );
            let client = clinic.client_of(talk).unwrap();
            let mine = clinic.appointments();
            let mine: Vec<_> = mine.iter().filter(|it| it.client_id == client).collect();
            assert_eq!(mine.len(), 1, "point {point}: one appointment");
            let steps = clinic.steps(talk).await;
            let again = i64::from(model.asked()) - i64::try_from(count(&clinic, talk).await).unwrap();
            assert!(
                (0..=1).contains(&again),
                "point {point}: an answer that was stored is never asked for again"
            );
            asked_again += again;
            let last = steps.last().unwrap().turn_id;
            let of_turn = steps.iter().filter(|step| step.turn_id == last);
            let kinds: Vec<_> = of_turn.map(|step| step.kind).collect();
            use StepKind::{Answered, Decided, Ran};
            assert_eq!(
                kinds,
                [Answered, Ran, Answered, Ran, Answered, Decided],
                "point {point}"
            );
            if !died {
                points = point - 1;
                break;
            }
        }
        assert!(points > 20, "it was killed at {points} points");
        assert_eq!(
            asked_again, 3,
            "only between an answer and its being written down"
        );
        // One person for each turn, whatever was interrupted.
        let changes = clinic.stage.inner().changes.clone();
        let booked: BTreeSet<_> = changes.iter().map(|(id, _)| *id).collect();
        assert_eq!(
            (changes.len(), booked.len()),
            (points as usize + 1, points as usize + 1)
        );
        let always = Period::new(Timestamp::UNIX_EPOCH, clinic.clock.now() + HOUR).unwrap();
        let overview = clinic
            .crm
            .analytics()
            .overview(&clinic.context, always)
            .await
            .unwrap();
        assert_eq!(overview.clients.created, i64::from(points) + 1);
        let used = clinic
            .crm
            .analytics()
            .usage(&clinic.context, always)
            .await
            .unwrap();
        // Six answers of each conversation: two to find times, one to ask for the name, three to register, book and tell.
        let answers = 6 * (i64::from(points) + 1);
        assert_eq!(
            used.iter()
                .map(|sum| (sum.records, sum.quantity))
                .collect::<Vec<_>>(),
            [(answers, 100 * answers), (answers, 20 * answers),]
        );
    })
    .await;
}

async fn count(clinic: &Clinic, talk: ConversationId) -> usize {
    let steps = clinic.steps(talk).await;
    steps
        .iter()
        .filter(|step| step.kind == StepKind::Answered)
        .count()
}

#[tokio::test]
async fn choices_and_hand_overs_go_on_where_they_were() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic.offer_times(clinic.clock.now() + 100 * HOUR, 60);
        let model = receptionist("front", |_| false);
        let llm = model.client();
        let client = clinic.client("Ana Souza").await;
        for point in 1..60 {
            let talk = clinic.contact("5511987654321", Some(client));
            clinic.says(talk, "marcar");
            clinic.attend(&llm, talk).await;
            let (before, asked) = (clinic.stage.inner().changes.len(), model.asked());
            let times = clinic.choices(talk);
            clinic.chooses(talk, &times[0]);
            let died = killed(&clinic, &llm, talk, point).await;
            assert_eq!(clinic.stage.inner().changes.len(), before + 1, "point {point}");
            assert_eq!(
                (clinic.replies(talk).len(), model.asked()),
                (2, asked),
                "point {point}"
            );

            clinic.says(talk, "quero falar com um atendente");
            let handed = killed(&clinic, &llm, talk, point).await;
            assert_eq!(clinic.replies(talk).len(), 3, "point {point}");
            assert_eq!(clinic.assignee(talk), crate::conversations::Assignee::Nobody);
            if !died && !handed {
                assert!(point > 10);
                return;
            }
        }
        panic!("it died everywhere");
    })
    .await;
}

#[tokio::test]
async fn the_queue_leads_to_an_answer() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = receptionist("front", |_| false).client();
        let talk = clinic.contact("5511987654321", None);
        let message = clinic.says(talk, "Oi!");
        let ticket = serde_json::json!({
            "workspace": clinic.context.workspace, "conversation": talk, "message": message,
        });
        let outbox = clinic.crm.store().outbox();
        let queued = Message::json(QUEUE, &ticket).unwrap().tenant(clinic.context.workspace).ordering_key(talk);
        outbox.enqueue(&queued).await.unwrap();
        let assistant = clinic.assistant(llm);
        for delivery in outbox.claim(QUEUE, 10, HOUR / 60).await.unwrap() {
            assistant.engine.handle(&delivery).await.unwrap();
            assistant.engine.handle(&delivery).await.unwrap(); // its end was not written down
            outbox.done(&delivery).await.unwrap();
        }
        assert_eq!(clinic.replies(talk).len(), 1);
        assistant.worker().build().unwrap();
        let gone = ConversationId::new(clinic.clock.now());
        let gone = serde_json::json!({"workspace": clinic.context.workspace, "conversation": gone, "message": message});
        outbox.enqueue(&Message::json(QUEUE, &gone).unwrap()).await.unwrap();
        for delivery in outbox.claim(QUEUE, 10, HOUR / 60).await.unwrap() {
            assistant.engine.handle(&delivery).await.unwrap();
        }
    })
    .await;
}
