use crate::testing::each_database;
use aurora_core::time::{Clock as _, ManualClock};

use super::{NewWorkspace, WorkspaceId, WorkspaceKind};
use crate::context::Context;
use crate::crm::Crm;
use crate::error::ErrorKind;

#[tokio::test]
async fn an_id_names_one_workspace() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database).build().await.unwrap();
        let id = WorkspaceId::new(crm.workspaces().create(new("Other")).await.unwrap().created_at);
        let attempts = (0..8).map(|n| crm.workspaces().ensure(id, new(&format!("Name {n}"))));
        let made = futures::future::join_all(attempts).await;
        let stored = crm.workspaces().get(&Context::new(id, "test")).await.unwrap();
        for one in made {
            assert_eq!(one.unwrap(), stored, "all are told the one that is stored");
        }
        let ids = crm.workspaces().ids(None).await.unwrap();
        assert_eq!(ids.len(), 2);
        assert!(ids.is_sorted());
        assert_eq!(crm.workspaces().ids(ids.last().copied()).await.unwrap(), []);
    })
    .await;
}

fn new(name: &str) -> NewWorkspace {
    NewWorkspace::new(WorkspaceKind::Company, name)
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
        "America/Sao_Paolo",
        "Brasilia",
    ] {
        let error = check(NewWorkspace::new(WorkspaceKind::Company, " ").time_zone(zone)).unwrap_err();
        let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
        assert_eq!(fields, ["name", "time_zone"], "{zone}");
    }
    let defaults: NewWorkspace = serde_json::from_str(r#"{"kind": "clinic", "name": "A"}"#).unwrap();
    assert_eq!(check(defaults).unwrap().time_zone, "America/Sao_Paulo");
}
