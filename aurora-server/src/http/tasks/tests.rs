use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::config::Loader;
use aurora_core::store::Database;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::Crm;
use aurora_crm::workspaces::{NewWorkspace, WorkspaceKind};
use serde_json::{Value, json};

use crate::App;
use crate::http::testing::Server;

async fn task(server: &Server, new: Value) -> (Value, String) {
    let made = server.post("/api/v1/tasks", &new).await;
    let task = made.good(201);
    (task, made.header("location").unwrap().to_owned())
}

#[tokio::test]
async fn a_task_is_made_changed_done_and_opened_again() {
    let server = Server::with([]).await;
    let new = json!({"title": "Mandar proposta", "due_at": "2027-01-15T18:00:00-03:00", "priority": "high",
        "note": "com desconto"});
    let (made, at) = task(&server, new).await;
    assert_eq!(made["due_at"], "2027-01-15T21:00:00.000000Z");
    assert_eq!(
        (&made["status"], &made["priority"]),
        (&json!("open"), &json!("high"))
    );
    assert_eq!(server.get(&at).await.good(200), made);
    let change = json!({"note": null, "assignee": "usr_0190a8b0c0de7000800000000000000a"});
    let changed = server.change("PATCH", &at, "\"v1\"", &change).await.good(200);
    assert_eq!((&changed["note"], &changed["version"]), (&Value::Null, &json!(2)));
    let stale = server.change("PATCH", &at, "\"v1\"", &change).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 2);
    server
        .send("POST", &format!("{at}/complete"), &[], "")
        .await
        .problem(428, "if_match_required");
    let done = server
        .change("POST", &format!("{at}/complete"), "\"v2\"", &Value::Null)
        .await
        .good(200);
    assert!(done["status"] == "done" && done["ended_at"].is_string());
    let closed = server
        .change("PATCH", &at, "\"v3\"", &json!({"title": "x"}))
        .await;
    closed.problem(422, "invalid");
    assert_eq!(closed.wrong_fields(), ["status"]);
    let open = server
        .change("POST", &format!("{at}/reopen"), "\"v3\"", &Value::Null)
        .await;
    assert_eq!(open.good(200)["status"], "open");
    let cancelled = server
        .change("POST", &format!("{at}/cancel"), "\"v4\"", &Value::Null)
        .await;
    assert_eq!(cancelled.good(200)["status"], "cancelled");
    let gone = server.change("DELETE", &at, "\"v5\"", &Value::Null).await;
    assert_eq!(gone.status, 204);
    server.get(&at).await.problem(404, "not_found");
}

#[tokio::test]
async fn tasks_are_listed_as_they_are_due() {
    let server = Server::with([]).await;
    let me = "usr_0190a8b0c0de7000800000000000000a";
    let ana = json!({"kind": "person", "legal_name": "Ana"});
    let ana = server.post("/api/v1/clients", &ana).await.good(201);
    for day in [4, 2, 3, 1] {
        let mut new = json!({"title": format!("T{day}"), "due_at": format!("2027-01-0{day}T12:00:00Z")});
        if day > 2 {
            new["assignee"] = json!(me);
        } else {
            new["subject"] = json!({"client": ana["id"]});
        }
        task(&server, new).await;
    }
    let of = async |query: &str| {
        let page = server.get(&format!("/api/v1/tasks?{query}")).await.good(200);
        let items = page["items"].as_array().unwrap().iter();
        let titles = items.map(|task| task["title"].as_str().unwrap().to_owned());
        (
            titles.collect::<Vec<_>>(),
            page["next"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(of(&format!("assignee={me}")).await.0, ["T3", "T4"]);
    let client = ana["id"].as_str().unwrap();
    assert_eq!(of(&format!("client={client}")).await.0, ["T1", "T2"]);
    let days = "due_from=2027-01-02T00:00:00Z&due_before=2027-01-04T00:00:00Z";
    assert_eq!(of(days).await.0, ["T2", "T3"]);
    assert_eq!(of("status=done").await.0, [""; 0]);
    let (first, next) = of("limit=3").await;
    let (rest, end) = of(&format!("limit=3&cursor={}", next.unwrap())).await;
    assert_eq!((first.len(), rest, end), (3, vec!["T4".to_owned()], None));

    let wrong = server
        .get("/api/v1/tasks?status=late&assignee=me&due_from=now&colour=1")
        .await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["status", "assignee", "due_from", "colour"]);
    let wrong = json!({"due_at": "soon", "priority": "max", "subject": {"client": 7}, "remind_at": "x"});
    let wrong = server.post("/api/v1/tasks", &wrong).await;
    wrong.problem(422, "invalid");
    assert_eq!(
        wrong.wrong_fields(),
        ["due_at", "priority", "remind_at", "subject", "title"]
    );
    let past = json!({"title": "", "due_at": "2027-01-01T00:00:00Z", "remind_at": ["2020-01-01T00:00:00Z"]});
    let past = server.post("/api/v1/tasks", &past).await;
    past.problem(422, "invalid");
    assert_eq!(past.wrong_fields(), ["title", "remind_at[0]"]);
}

#[tokio::test]
async fn a_reminder_rings_for_those_of_its_workspace_who_listen() {
    let server = Server::with([]).await;
    let other = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    let other = server.state.crm.workspaces().create(other).await.unwrap();
    let mut here = server.open("GET", "/api/v1/tasks/reminders", "").await;
    here.until("text/event-stream").await;
    let soon = SystemClock.now() + Duration::from_secs(1);
    let elsewhere =
        json!({"title": "De outra casa", "due_at": soon.to_string(), "remind_at": [soon.to_string()]});
    let clinic = other.id.to_string();
    let made = server
        .send(
            "POST",
            "/api/v1/tasks",
            &[("x-workspace-id", &clinic)],
            elsewhere.to_string(),
        )
        .await;
    made.good(201);
    let soon = (SystemClock.now() + Duration::from_secs(1)).to_string();
    let new = json!({"title": "Mandar proposta", "due_at": soon, "remind_at": [soon]});
    let (made, at) = task(&server, new).await;
    here.until_whole("event: task.reminder").await;
    let answer = here.answer();
    let (_, event) = answer.body.split_once("event: task.reminder\n").unwrap();
    let data = event.lines().find_map(|line| line.strip_prefix("data: "));
    let told: Value = serde_json::from_str(data.unwrap()).unwrap();
    assert_eq!(
        (&told["task"], &told["title"]),
        (&made["id"], &json!("Mandar proposta"))
    );
    assert_eq!(told["reminder"], made["reminders"][0]["id"]);
    assert!(!answer.body.contains("outra casa"), "another workspace listens");
    // Written down once the transaction is over, which is a moment later.
    loop {
        let task = server.get(&at).await.good(200);
        if task["reminders"][0]["sent_at"].is_string() {
            assert_eq!(task["version"], 1);
            break;
        }
        SystemClock.sleep(Duration::from_millis(20)).await;
    }
    server.stop().await.unwrap();
    here.rest().await;
}

#[tokio::test]
async fn a_reminder_rings_at_every_server_and_for_those_who_come_back() {
    let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
    let crm = Crm::builder(database).build().await.unwrap();
    let settings = Loader::new()
        .overrides([("access.open", "true".to_owned())])
        .load()
        .unwrap();
    let another = async || {
        let alerts = AlertEngine::builder().build().unwrap();
        let builder = App::builder(crm.clone(), alerts).unwrap();
        let app = builder
            .settings(settings.settings().clone())
            .build()
            .await
            .unwrap();
        Server::run(app).await
    };
    let (first, second) = (another().await, another().await);
    let mut listeners = Vec::new();
    for server in [&first, &second] {
        let mut open = server.open("GET", "/api/v1/tasks/reminders", "").await;
        open.until_whole("event: ready").await;
        listeners.push(open);
    }
    let ready = listeners[0].answer().body;
    let before = ready.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
    let soon = (SystemClock.now() + Duration::from_secs(1)).to_string();
    let (made, _) = task(
        &first,
        json!({"title": "Mandar proposta", "due_at": soon, "remind_at": [soon]}),
    )
    .await;
    for open in &mut listeners {
        open.until_whole("event: task.reminder").await;
        assert!(open.answer().body.contains(made["id"].as_str().unwrap()));
    }
    let mut late = second
        .open_with("GET", "/api/v1/tasks/reminders", &[("last-event-id", before)], "")
        .await;
    late.until_whole("event: task.reminder").await;
    assert_eq!(second.get("/api/v1/tasks/reminders?after=-1").await.status, 400);
    first.stop().await.unwrap();
    second.stop().await.unwrap();
}
