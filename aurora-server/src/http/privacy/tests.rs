use serde_json::{Value, json};

use crate::http::testing::{House, Server};

async fn ana(server: &Server) -> String {
    let new = json!({"kind": "person", "legal_name": "Ana Souza", "email": "ana@example.com", "phones": ["(11) 98765-4321"]});
    let made = server.post("/api/v1/clients", &new).await;
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_copy_holds_all_of_a_person_and_anonymity_ends_it() {
    let house = House::with(&[("access.open", "true")]).await;
    let server = &house.server;
    let id = ana(server).await;
    let path = format!("/api/v1/privacy/subjects/{id}");
    let file = format!("/api/v1/files?subject={id}");
    let sent = server
        .exchange("POST", &file, &[("x-filename", "Laudo Ana.txt")], "exame de Ana")
        .await;
    assert_eq!(sent.status, 201, "{}", sent.json());
    let program = server.program(&["privacy:export"]).await;
    let refused = server
        .exchange(
            "POST",
            &format!("{path}/export"),
            &[("authorization", &program)],
            "",
        )
        .await;
    assert_eq!(refused.status, 403, "it takes a person with a second factor");

    let somebody = house.administrator().await.bearer();
    let headers = [("authorization", somebody.as_str())];
    let copy = server
        .exchange("POST", &format!("{path}/export"), &headers, "")
        .await;
    assert_eq!(
        (copy.status, copy.header("content-type")),
        (200, Some("application/zip"))
    );
    assert!(
        copy.header("content-disposition")
            .unwrap()
            .contains(&format!("{id}.zip"))
    );
    assert!(copy.body.starts_with("PK"));
    let names = &copy.body;
    for entry in ["manifest.json", "client.json", "client.csv", "files/"] {
        assert!(names.contains(entry), "{entry}");
    }

    let hold = json!({"class": "client", "basis": "processo 1"});
    let held = server
        .send("POST", &format!("{path}/holds"), &headers, &hold)
        .await;
    assert_eq!(held.status, 201, "{}", held.json());
    let refused = server
        .send("POST", &format!("{path}/anonymise"), &headers, &json!({}))
        .await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (422, &json!("legal_hold"))
    );
    let release = format!("/api/v1/privacy/holds/{}", held.json()["id"].as_str().unwrap());
    assert_eq!(
        server.exchange("DELETE", &release, &headers, "").await.status,
        204
    );
    assert_eq!(
        server.exchange("DELETE", &release, &headers, "").await.status,
        404
    );
    assert_eq!(
        server.get(&format!("{path}/holds")).await.json()["items"],
        json!([])
    );

    let report = server
        .send("POST", &format!("{path}/anonymise"), &headers, &json!({}))
        .await;
    assert_eq!(report.status, 200, "{}", report.json());
    let report = report.json();
    assert_eq!(
        (&report["rows"]["clients"], &report["subject"]),
        (&json!(1), &json!(id))
    );
    assert_eq!(report["sha256"].as_str().unwrap().len(), 64);
    let client = server.get(&format!("/api/v1/clients/{id}")).await;
    assert_eq!(client.json()["legal_name"], "Anonimizado");
    assert!(!client.body.contains("Ana") && !client.body.contains("98765"));
    assert_eq!(
        server.get(&file).await.json()["items"],
        json!([]),
        "files go with it"
    );
    let kept = server.get(&format!("{path}/erasures")).await.json();
    assert_eq!(kept["items"][0]["id"], report["id"]);
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_and_companies_are_refused() {
    let house = House::with(&[("access.open", "true")]).await;
    let server = &house.server;
    let somebody = house.administrator().await.bearer();
    let headers = [("authorization", somebody.as_str())];
    for (subject, status) in [
        ("cli_0190a8b0c0de7000800000000000000a", 404),
        ("x", 404),
        ("fil_x", 404),
    ] {
        let path = format!("/api/v1/privacy/subjects/{subject}/export");
        assert_eq!(
            server.exchange("POST", &path, &headers, "").await.status,
            status,
            "{subject}"
        );
    }
    let company = json!({"kind": "company", "legal_name": "Padaria Ltda"});
    let company = server.post("/api/v1/clients", &company).await.json();
    let path = format!(
        "/api/v1/privacy/subjects/{}/export",
        company["id"].as_str().unwrap()
    );
    assert_eq!(server.exchange("POST", &path, &headers, "").await.status, 422);
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn consents_and_sharing_are_written_down() {
    let server = Server::with([]).await;
    let path = format!("/api/v1/privacy/subjects/{}", ana(&server).await);
    let given = json!({"act": "given", "purpose": "marketing", "channel": "form", "text_version": "1", "text": "Aceito."});
    let consent = server.post(&format!("{path}/consents"), &given).await;
    assert_eq!(consent.status, 201, "{}", consent.body);
    assert_eq!(consent.json()["text_sha256"].as_str().unwrap().len(), 64);
    let current = format!("{path}/consents?purpose=marketing");
    assert_eq!(
        server.get(&current).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let revoked = json!({"act": "revoked", "purpose": "marketing", "channel": "whatsapp"});
    assert_eq!(
        server.post(&format!("{path}/consents"), &revoked).await.status,
        201
    );
    assert_eq!(server.get(&current).await.json()["items"], json!([]));
    assert_eq!(
        server.get(&format!("{path}/consents")).await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    for wrong in [
        json!({"act": "given", "purpose": "marketing", "channel": "form"}),
        json!({"act": "revoked", "purpose": "marketing", "channel": "form", "text": "x"}),
        json!({"act": "forgotten", "purpose": "x", "channel": "y"}),
        json!({"act": "revoked", "purpose": "", "channel": "y"}),
    ] {
        assert_eq!(
            server.post(&format!("{path}/consents"), &wrong).await.status,
            422,
            "{wrong}"
        );
    }
    let share = json!({"recipient": "Laboratório", "purpose": "exames", "categories": ["name"]});
    assert_eq!(server.post(&format!("{path}/shares"), &share).await.status, 201);
    assert_eq!(
        server.get(&format!("{path}/shares")).await.json()["items"][0]["recipient"],
        "Laboratório"
    );
    let share = json!({"recipient": "Laboratório", "purpose": "exames", "categories": []});
    assert_eq!(server.post(&format!("{path}/shares"), &share).await.status, 422);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_request_is_due_in_fifteen_days_and_closed_once() {
    let server = Server::with([]).await;
    let id = ana(&server).await;
    let new = json!({"subject": id, "kind": "access", "received_at": "2026-01-01T12:00:00Z"});
    let opened = server.post("/api/v1/privacy/requests", &new).await;
    assert_eq!(
        (opened.status, opened.header("etag")),
        (201, Some("\"v1\"")),
        "{}",
        opened.body
    );
    assert!(
        opened.json()["due_at"]
            .as_str()
            .unwrap()
            .starts_with("2026-01-16")
    );
    let early = "/api/v1/privacy/requests?due_until=2026-01-10T00:00:00Z";
    assert_eq!(server.get(early).await.json()["items"], json!([]));
    assert_eq!(
        server.get("/api/v1/privacy/requests").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let path = format!(
        "/api/v1/privacy/requests/{}/close",
        opened.json()["id"].as_str().unwrap()
    );
    let outcome = json!({"state": "answered", "outcome": "copy handed over"});
    assert_eq!(server.post(&path, &outcome).await.status, 428);
    let read = [("if-match", "\"v1\"")];
    let closed = server.send("POST", &path, &read, &outcome).await;
    assert_eq!(
        (closed.status, &closed.json()["state"]),
        (200, &json!("answered"))
    );
    assert_eq!(server.send("POST", &path, &read, &outcome).await.status, 412);
    for (wrong, status) in [
        (json!({"subject": "x", "kind": "access"}), 422),
        (json!({"subject": id, "kind": "money"}), 422),
        (
            json!({"subject": id, "kind": "access", "received_at": "2999-01-01T00:00:00Z"}),
            422,
        ),
        (
            json!({"subject": "cli_0190a8b0c0de7000800000000000000a", "kind": "access"}),
            404,
        ),
    ] {
        assert_eq!(
            server.post("/api/v1/privacy/requests", &wrong).await.status,
            status,
            "{wrong}"
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn rules_of_retention_are_shown_before_they_are_applied() {
    let house = House::with(&[("access.open", "true")]).await;
    let server = &house.server;
    let somebody = house.administrator().await.bearer();
    let headers = [("authorization", somebody.as_str())];
    let at = |etag| [("authorization", somebody.as_str()), ("if-match", etag)];
    let rule = "/api/v1/privacy/retention/events";
    let keep = json!({"keep_days": 30});
    let unread = server.send("PUT", rule, &headers, &keep).await;
    assert_eq!(unread.status, 428, "{}", unread.body);
    let set = server.send("PUT", rule, &at("\"v0\""), &keep).await;
    assert_eq!((set.status, set.header("etag")), (204, Some("\"v1\"")));
    let stale = server.send("PUT", rule, &at("\"v0\""), &keep).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 1);
    let rules = server.get("/api/v1/privacy/retention").await;
    assert_eq!(rules.header("etag"), Some("\"v1\""));
    let rules = rules.json();
    assert_eq!(
        (&rules["items"][0]["class"], &rules["items"][0]["keep_days"]),
        (&json!("events"), &json!(30))
    );
    let preview = server.get("/api/v1/privacy/retention/preview").await.json();
    assert_eq!(
        (&preview["items"][0]["class"], &preview["items"][0]["count"]),
        (&json!("events"), &json!(0))
    );
    let applied = server
        .exchange("POST", "/api/v1/privacy/retention/apply", &headers, "")
        .await;
    assert_eq!(applied.status, 200, "{}", applied.json());
    for wrong in [json!({"keep_days": 0}), json!({}), json!({"keep_days": "x"})] {
        assert_eq!(
            server.send("PUT", rule, &at("\"v1\""), &wrong).await.status,
            422,
            "{wrong}"
        );
    }
    let unknown = "/api/v1/privacy/retention/everything";
    assert_eq!(
        server
            .send("PUT", unknown, &at("\"v1\""), &json!({"keep_days": 1}))
            .await
            .status,
        404
    );
    let off = server
        .send("PUT", rule, &at("\"v1\""), &json!({"keep_days": Value::Null}))
        .await;
    assert_eq!((off.status, off.header("etag")), (204, Some("\"v2\"")));
    assert_eq!(
        server.get("/api/v1/privacy/retention").await.json()["items"],
        json!([])
    );
    house.server.stop().await.unwrap();
}
