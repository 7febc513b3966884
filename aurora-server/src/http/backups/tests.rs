use aurora_core::page::PageRequest;
use aurora_crm::Context;
use aurora_crm::audit::AuditFilter;
use serde_json::{Value, json};

use crate::http::testing::{House, Server, eventually, within};

#[tokio::test]
async fn an_administrator_makes_and_lists_backups() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("backups");
    let settings = [("access.open", "true"), ("backup.folder", at.to_str().unwrap())];
    let house = House::with(&settings).await;
    let server = &house.server;
    let program = server.program(&["server:read"]).await;
    let refused = server
        .exchange("GET", "/api/v1/admin/backups", &[("authorization", &program)], "")
        .await;
    assert_eq!(refused.status, 403, "a program is no administrator");

    let ana = house.administrator().await;
    let administrator = ana.bearer();
    let headers = [("authorization", administrator.as_str())];
    let empty = server
        .exchange("GET", "/api/v1/admin/backups", &headers, "")
        .await;
    assert_eq!((empty.status, &empty.json()["items"]), (200, &json!([])));

    let made = server
        .exchange("POST", "/api/v1/admin/backups", &headers, "")
        .await;
    assert_eq!(made.status, 201, "{}", made.json());
    let made = made.json();
    assert_eq!(made["kind"], "sqlite");
    assert!(
        made["verified_at"].is_string(),
        "it was restored as a test: {made}"
    );
    assert_eq!(made["tables"]["workspaces"], 1, "{made}");
    let name = made["name"].as_str().unwrap();
    let noted = house.get(&ana, "/api/v1/admin/audit?action=backup.").await;
    let noted = noted.good(200);
    assert_eq!(noted["items"].as_array().unwrap().len(), 1, "{noted}");
    let entry = &noted["items"][0];
    assert_eq!(
        (&entry["action"], &entry["principal"], &entry["subject_kind"]),
        (&json!("backup.made"), &json!(ana.id), &json!("installation"))
    );
    let detail = json!({"name": name, "bytes": made["bytes"], "verified": true});
    let told: Value = serde_json::from_str(entry["detail"].as_str().unwrap()).unwrap();
    assert_eq!(told, detail);
    let file = std::fs::read(at.join(format!("{name}.db"))).unwrap();
    assert!(file.starts_with(b"SQLite format 3"));

    let listed = server
        .exchange("GET", "/api/v1/admin/backups", &headers, "")
        .await
        .json();
    assert_eq!(listed["items"][0]["name"], name);

    let again = server
        .exchange(
            "POST",
            &format!("/api/v1/admin/backups/{name}/verify"),
            &headers,
            "",
        )
        .await;
    assert_eq!(again.status, 200, "{}", again.json());
    for (name, status) in [("20200101T000000Z-000000000000", 404), ("..%2Fx", 422)] {
        let path = format!("/api/v1/admin/backups/{name}/verify");
        let answer = server.exchange("POST", &path, &headers, "").await;
        assert_eq!(answer.status, status, "{name}: {}", answer.json());
    }
    std::fs::write(at.join(format!("{name}.db")), &file[..file.len() - 4_096]).unwrap();
    let torn = server
        .exchange("GET", "/api/v1/admin/backups", &headers, "")
        .await
        .json();
    assert_eq!(torn["items"], json!([]));
    assert_eq!(torn["bad"].as_array().unwrap().len(), 1, "{torn}");
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn backups_are_made_by_themselves_when_the_settings_want_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path().join("backups");
    let settings = [("backup.folder", at.to_str().unwrap()), ("backup.every", "1m")];
    let server = Server::set(&settings).await;
    let ready = server.get("/ready").await;
    assert!(ready.body.contains("backup"), "{}", ready.body);
    // The manifest is written last, when the restore test has held.
    let is_made = || {
        let files = std::fs::read_dir(&at).into_iter().flatten().flatten();
        files
            .map(|file| file.path())
            .any(|path| path.extension().is_some_and(|it| it == "json"))
    };
    eventually(is_made).await;
    let listing = server.state.library.backups.list().await.unwrap();
    assert!(listing.backups[0].is_verified());
    let installation = Context::installation("test");
    let filter = AuditFilter::all().action("backup.");
    let noted = within(async {
        loop {
            let audit = server.state.crm.audit();
            let page = audit.list(&installation, &filter, &PageRequest::first(10)).await;
            if let Some(entry) = page.unwrap().items.pop() {
                return entry;
            }
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(noted.principal, "backup schedule");
    server.stop().await.unwrap();
}
