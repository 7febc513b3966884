//! Emergencies, hours, limits.

use chrono::Weekday;

use super::model::{obedient, receptionist};
use super::stage::{Clinic, HOUR, outcome};
use crate::assistant::{AnswerHours, Away, HandOverRules, Reason, Topic, TurnLimits, TurnOutcome};
use crate::conversations::Assignee;
use crate::testing::each_database;

#[tokio::test]
async fn an_emergency_is_answered_at_once_and_seen_by_a_person() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let model = receptionist("front", |_| false);
        let llm = model.client();
        for (text, number) in [
            ("Socorro, estou com dor no peito", "192"),
            ("NÃO CONSIGO RESPIRAR", "192"),
            ("Please help, my father has chest pain", "192"),
            ("eu quero morrer", "188"),
        ] {
            let talk = clinic.contact("5511987654321", None);
            clinic.says(talk, "Oi");
            clinic.says(talk, text);
            clinic.attend(&llm, talk).await;
            assert!(
                clinic.last_reply(talk).contains(number),
                "{text}: {}",
                clinic.last_reply(talk)
            );
            assert_eq!(
                outcome(&clinic, talk).await,
                Some((TurnOutcome::HandedOver, Reason::Topic))
            );
        }
        assert_eq!(model.asked(), 0);
        // Also at night, when it answers nothing else.
        let day = AnswerHours::always().on(Weekday::Sun, 0, 1);
        clinic.configure(|settings| settings.hours(day, Away::Wait)).await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "minha mãe desmaiou");
        clinic.attend(&llm, talk).await;
        assert!(clinic.last_reply(talk).contains("192"));
    })
    .await;
}

#[tokio::test]
async fn outside_of_its_hours_it_says_what_it_is_told_and_a_person_has_it_then() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = obedient().client();
        // The clock of the tests shows Wednesday, 21:00 in São Paulo.
        let hours = AnswerHours::always().weekdays(8 * 60, 18 * 60);
        let away = Away::Say("Abrimos às 8h.".to_owned());
        clinic
            .configure(|settings| settings.hours(hours.clone(), away))
            .await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "Oi");
        clinic.attend(&llm, talk).await;
        assert_eq!(
            (clinic.last_reply(talk).as_str(), clinic.assignee(talk)),
            ("Abrimos às 8h.", Assignee::Nobody)
        );
        clinic
            .configure(|settings| settings.hours(hours, Away::Wait))
            .await;
        let silent = clinic.contact("5511987654322", None);
        clinic.says(silent, "Oi");
        clinic.attend(&llm, silent).await;
        assert_eq!(
            (clinic.replies(silent).len(), clinic.assignee(silent)),
            (0, Assignee::Nobody)
        );
        clinic.clock.advance(12 * HOUR);
        clinic.assign(silent, Assignee::Assistant);
        clinic.says(silent, "Oi SAY Bom dia!");
        clinic.attend(&llm, silent).await;
        assert_eq!(clinic.last_reply(silent), "Bom dia!");
        clinic
            .configure(|mut settings| {
                settings.enabled = false;
                settings
            })
            .await;
        clinic.says(silent, "Oi");
        clinic.attend(&llm, silent).await;
        assert_eq!(
            outcome(&clinic, silent).await,
            Some((TurnOutcome::HandedOver, Reason::Disabled))
        );
    })
    .await;
}

#[tokio::test]
async fn a_conversation_has_its_limits() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let llm = obedient().client();
        let rules = HandOverRules::default().answers(3);
        clinic.configure(|settings| settings.hand_over(rules)).await;
        let talk = clinic.contact("5511987654321", None);
        for _ in 0..4 {
            clinic.says(talk, "Oi SAY oi");
            clinic.attend(&llm, talk).await;
            clinic.clock.advance(HOUR);
        }
        assert_eq!(clinic.ends(talk).await[3], Reason::AnswerLimit);
        clinic.assign(talk, Assignee::Assistant);
        clinic.says(talk, "Oi SAY oi");
        clinic.attend(&llm, talk).await;
        assert_eq!(
            clinic.ends(talk).await[4],
            Reason::Answered,
            "a person has had it since"
        );

        let limits = TurnLimits::default().gather_seconds(0).turns_per_hour(2);
        clinic.configure(|settings| settings.limits(limits)).await;
        let flood = clinic.contact("5511987654322", None);
        for _ in 0..3 {
            clinic.says(flood, "Oi SAY oi");
            clinic.attend(&llm, flood).await;
        }
        assert_eq!(
            clinic.ends(flood).await,
            [Reason::Answered, Reason::Answered, Reason::TurnLimit]
        );
    })
    .await;
}

#[tokio::test]
async fn topics_of_the_house_and_tools_that_are_taken_away() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let mut topic = Topic::new(
            "results",
            "Resultados só na recepção.",
            "Results at the desk only.",
        )
        .phrase("resultado do exame");
        topic.hands_over = false;
        let rules = HandOverRules::default().topic(topic);
        clinic
            .configure(|settings| {
                let settings = settings.hand_over(rules);
                settings.without(crate::assistant::ToolName::LookupClient)
            })
            .await;
        let talk = clinic.contact("5511987654321", None);
        let llm = obedient().client();
        clinic.says(talk, "Cadê o resultado do exame?");
        clinic.attend(&llm, talk).await;
        assert_eq!(
            outcome(&clinic, talk).await,
            Some((TurnOutcome::Replied, Reason::Topic))
        );
        clinic.says(talk, "CALL lookup_client {} SAY feito");
        clinic.attend(&llm, talk).await;
        let steps = clinic.steps(talk).await;
        assert!(
            steps
                .iter()
                .any(|step| step.failed && step.tools == ["lookup_client"])
        );
    })
    .await;
}

#[tokio::test]
async fn who_waits_and_who_registers() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        clinic.configure(|settings| settings.consent("Usamos seus dados para o atendimento.")).await;
        let llm = obedient().client();
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "CALL register_client {\"name\":\"Ana Souza\",\"agrees\":false} SAY nada");
        clinic.attend(&llm, talk).await;
        assert_eq!(clinic.client_of(talk), None, "without consent nobody is registered");
        clinic.says(talk, "CALL register_client {\"name\":\"Ana Souza\",\"agrees\":true} CALL join_waiting_list {\"service\":\"consulta\",\"professional\":\"bia\",\"from\":\"2026-01-02\",\"until\":null,\"part_of_day\":\"morning\"} SAY feito");
        clinic.attend(&llm, talk).await;
        let client = clinic.client_of(talk).unwrap();
        let consents = clinic.crm.privacy().consents(&clinic.context, client).await.unwrap();
        assert_eq!(consents.len(), 1);
        let waiting = clinic.stage.inner().waiting.clone();
        assert_eq!((waiting.len(), waiting[0].0, waiting[0].1.professional), (1, client, Some(clinic.professional.id)));
    })
    .await;
}
