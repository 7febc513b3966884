use aurora_core::page::PageRequest;
use aurora_core::time::Clock as _;

use super::model::obedient;
use super::stage::Clinic;
use crate::assistant::{AssistantSettings, HandOverRules, Topic, TurnLimits};
use crate::context::Context;
use crate::conversations::{ConversationId, MessageId};
use crate::error::ErrorKind;
use crate::leads::tests::{kind, wrong};
use crate::testing::each_database;
use crate::workspaces::{NewWorkspace, WorkspaceId, WorkspaceKind};

#[test]
fn every_wrong_field_is_told_at_once() {
    let mut settings = AssistantSettings::new("", "Casa")
        .persona("x".repeat(2_001))
        .link("http://sem.tls")
        .hand_over(
            HandOverRules::default()
                .answers(1)
                .topic(Topic::new("Não", " ", "x")),
        )
        .limits(TurnLimits::default().tool_calls(9));
    settings.limits.answer_seconds = 61;
    settings.consent = Some(String::new());
    let fields: Vec<String> = wrong(settings.check())
        .into_iter()
        .map(|(field, _)| field)
        .collect();
    assert_eq!(
        fields,
        [
            "name",
            "persona",
            "consent",
            "links[0]",
            "hand_over.answers",
            "hand_over.topics[0].name",
            "hand_over.topics[0].phrases",
            "hand_over.topics[0].reply_pt",
            "limits.tool_calls",
            "limits.answer_seconds",
        ]
    );
    AssistantSettings::default().check().unwrap();
    let json = serde_json::to_string(&AssistantSettings::new("Lia", "Sol")).unwrap();
    let read: AssistantSettings = serde_json::from_str(&json).unwrap();
    assert_eq!(read, AssistantSettings::new("Lia", "Sol"));
}

#[tokio::test]
async fn settings_have_versions_and_belong_to_one_workspace() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let assistant = clinic.assistant(obedient().client());
        let context = &clinic.context;
        let stored = assistant.settings(context).await.unwrap();
        assert_eq!(stored.version, 1);
        let changed = stored.settings.clone().persona("Breve.");
        let second = assistant.configure(context, 1, &changed).await.unwrap();
        assert_eq!(
            (second.version, &assistant.settings(context).await.unwrap()),
            (2, &second)
        );
        let late = assistant.configure(context, 1, &changed).await.unwrap_err();
        assert_eq!(
            (late.kind(), late.current_version()),
            (ErrorKind::Conflict, Some(2))
        );
        let nowhere = Context::new(WorkspaceId::new(clinic.clock.now()), "test");
        assert_eq!(
            kind(assistant.configure(&nowhere, 0, &changed).await),
            Some(ErrorKind::NotFound)
        );
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Outra");
        let other = Context::new(clinic.crm.workspaces().create(new).await.unwrap().id, "test");
        let theirs = assistant.settings(&other).await.unwrap();
        assert_eq!((theirs.version, theirs.settings.enabled), (0, false));
        let both = [(); 4].map(|()| assistant.configure(&other, 0, &changed));
        let outcomes = futures::future::join_all(both).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    })
    .await;
}

#[tokio::test]
async fn nobody_sees_or_answers_what_is_another_workspaces() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let talk = clinic.contact("5511987654321", None);
        clinic.says(talk, "Oi SAY Olá!");
        clinic.attend(&obedient().client(), talk).await;
        let message = clinic.stage.inner().messages.last().unwrap().1.id;
        let new = NewWorkspace::new(WorkspaceKind::Clinic, "Outra");
        let other = Context::new(clinic.crm.workspaces().create(new).await.unwrap().id, "test");
        let assistant = clinic.assistant(obedient().client());
        let page = PageRequest::first(10);
        assert!(
            assistant
                .steps(&other, talk, &page)
                .await
                .unwrap()
                .items
                .is_empty()
        );
        assert!(assistant.citations(&other, message).await.unwrap().is_empty());
        clinic.says(talk, "Oi de novo SAY Olá!");
        assistant.engine.attend(&other, talk, false).await.unwrap();
        assert_eq!(clinic.replies(talk).len(), 1);
        let nothing = MessageId::new(clinic.clock.now());
        assert!(
            assistant
                .citations(&clinic.context, nothing)
                .await
                .unwrap()
                .is_empty()
        );
        let none = ConversationId::new(clinic.clock.now());
        assert!(
            assistant
                .steps(&clinic.context, none, &page)
                .await
                .unwrap()
                .items
                .is_empty()
        );
    })
    .await;
}

#[tokio::test]
async fn pages_of_steps_hold_each_once_and_come_from_an_index() {
    each_database(|db| async move {
        let clinic = Clinic::open(&db).await;
        let talk = clinic.contact("5511987654321", None);
        for _ in 0..5 {
            clinic.says(talk, "CALL lookup_client {} SAY Olá!");
            clinic.attend(&obedient().client(), talk).await;
        }
        let assistant = clinic.assistant(obedient().client());
        let whole = assistant
            .steps(&clinic.context, talk, &PageRequest::first(100))
            .await
            .unwrap();
        assert_eq!(whole.items.len(), 5 * 4);
        let (mut paged, mut request) = (Vec::new(), PageRequest::first(3));
        loop {
            let page = assistant.steps(&clinic.context, talk, &request).await.unwrap();
            paged.extend(page.items);
            let Some(next) = page.next else { break };
            request = PageRequest::first(3).after(next);
        }
        assert_eq!(paged, whole.items);
        if db.owner.engine_name() == "sqlite" {
            let (_, sql) = crate::assistant::sql::steps::ALL
                .iter()
                .find(|(name, _)| *name == "PAGE")
                .unwrap();
            let plan = format!("explain query plan {sql}");
            let rows: Vec<(i64, i64, i64, String)> =
                aurora_core::store::on_reader!(db.owner, |pool| sqlx::query_as(sqlx::AssertSqlSafe(
                    plan.as_str()
                ))
                .bind(clinic.context.workspace)
                .bind(talk)
                .bind(1_i64)
                .bind(1_i64)
                .bind(3_i64)
                .fetch_all(pool))
                .unwrap();
            let plan: String = rows.into_iter().map(|row| row.3).collect();
            assert!(
                plan.contains("assistant_steps_of_conversation") && !plan.contains("TEMP"),
                "{plan}"
            );
        }
    })
    .await;
}
