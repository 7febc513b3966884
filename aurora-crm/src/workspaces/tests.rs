use aurora_core::testing::each_database;
use aurora_core::time::{Clock as _, ManualClock};

use super::{NewWorkspace, SqlWorkspaces, WorkspaceId, WorkspaceKind};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::ErrorKind;

#[tokio::test]
async fn both_databases_keep_the_contract() {
    each_database(|db| async move {
        Crm::builder(db.database.clone()).build().await.unwrap();
        super::workspace_repository_contract(&SqlWorkspaces::new(db.database)).await;
    })
    .await;
}

#[tokio::test]
async fn a_workspace_is_made_and_found_by_its_context_alone() {
    each_database(|db| async move {
        let clock = ManualClock::default();
        let crm = Crm::builder(db.database)
            .clock(clock.clone())
            .build()
            .await
            .unwrap();
        let new =
            NewWorkspace::new(WorkspaceKind::Clinic, " Clínica Boa Vista ").time_zone("America/Rio_Branco");
        let made = crm.workspaces().create(new).await.unwrap();
        assert_eq!(
            (made.name.as_str(), made.created_at),
            ("Clínica Boa Vista", clock.now())
        );
        crm.workspaces()
            .create(NewWorkspace::new(WorkspaceKind::Company, "Other"))
            .await
            .unwrap();
        assert_eq!(
            crm.workspaces()
                .get(&Context::new(made.id, "test"))
                .await
                .unwrap(),
            made
        );
        let absent = Context::new(WorkspaceId::new(clock.now()), "test");
        assert_eq!(
            crm.workspaces().get(&absent).await.unwrap_err().kind(),
            ErrorKind::NotFound
        );
    })
    .await;
}

#[test]
fn name_and_time_zone_are_checked_together() {
    let now = ManualClock::default().now();
    let check = |new: NewWorkspace| new.check(WorkspaceId::new(now), now);
    for zone in [
        "America/Argentina/Buenos_Aires",
        "UTC",
        "Etc/GMT+3",
        "America/Port-au-Prince",
    ] {
        assert!(
            check(NewWorkspace::new(WorkspaceKind::Company, "A").time_zone(zone)).is_ok(),
            "{zone}"
        );
    }
    for zone in [
        "",
        "America/",
        "/etc/passwd",
        "../x",
        "-03:00",
        "São Paulo",
        &"A".repeat(65),
    ] {
        let error = check(NewWorkspace::new(WorkspaceKind::Company, " ").time_zone(zone)).unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["name", "time_zone"], "{zone}");
    }
    let defaults: NewWorkspace = serde_json::from_str(r#"{"kind": "clinic", "name": "A"}"#).unwrap();
    assert_eq!(check(defaults).unwrap().time_zone, "America/Sao_Paulo");
}
