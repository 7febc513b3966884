use serde_json::{Value, json};

use crate::http::testing::Server;

async fn ana(server: &Server) -> Value {
    let new = json!({"kind": "person", "legal_name": "Ana"});
    server.post("/api/v1/clients", &new).await.good(201)
}

#[tokio::test]
async fn a_timeline_holds_activities_on_the_client_and_its_leads() {
    let server = Server::with([]).await;
    let ana = ana(&server).await;
    let lead = json!({"title": "Reforma", "client": ana["id"]});
    let lead = server.post("/api/v1/leads", &lead).await.good(201);
    for (kind, subject) in [
        ("call", json!({"client": ana["id"]})),
        ("note", json!({"lead": lead["id"]})),
    ] {
        let new = json!({"kind": kind, "subject": subject, "title": "x"});
        server.post("/api/v1/activities", &new).await.good(201);
    }
    let of = async |path: String| {
        let page = server.get(&path).await.good(200);
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|entry| entry["type"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let client = of(format!(
        "/api/v1/clients/{}/timeline",
        ana["id"].as_str().unwrap()
    ))
    .await;
    assert_eq!(client, ["activity", "activity"]);
    let lead = lead["id"].as_str().unwrap();
    let mut kinds = of(format!("/api/v1/leads/{lead}/timeline")).await;
    kinds.sort();
    assert_eq!(kinds, ["activity", "stage_move"]);
    assert_eq!(of(format!("/api/v1/activities?lead={lead}")).await.len(), 2);
    for query in [
        "",
        "?lead=x",
        "?lead=led_0190a8b0c0de7000800000000000000a&client=cli_0190a8b0c0de7000800000000000000a",
    ] {
        let answer = server.get(&format!("/api/v1/activities{query}")).await;
        answer.problem(400, "invalid_parameter");
        assert_eq!(answer.wrong_fields(), ["lead"]);
    }
}

#[tokio::test]
async fn activities_are_changed_and_deleted_by_version() {
    let server = Server::with([]).await;
    let ana = ana(&server).await;
    let new =
        json!({"kind": "meeting", "subject": {"client": ana["id"]}, "title": "Visita", "duration_secs": 300});
    let made = server.post("/api/v1/activities", &new).await;
    let activity = made.good(201);
    let at = made.header("location").unwrap();
    assert_eq!(server.get(at).await.good(200), activity);
    assert_eq!(
        (&activity["author"], &activity["kind"]),
        (&json!("loopback"), &json!("meeting"))
    );
    let change = json!({"text": "foi bem", "duration_secs": null});
    let changed = server.change("PATCH", at, "\"v1\"", &change).await.good(200);
    assert_eq!(
        (&changed["text"], &changed["duration_secs"], &changed["title"]),
        (&json!("foi bem"), &Value::Null, &json!("Visita"))
    );
    server
        .change("PATCH", at, "\"v1\"", &change)
        .await
        .problem(412, "stale_version");
    let wrong = json!({"kind": "dance", "subject": {"dog": 1}, "at": "soon", "colour": 1});
    let wrong = server.post("/api/v1/activities", &wrong).await;
    wrong.problem(422, "invalid");
    assert_eq!(wrong.wrong_fields(), ["at", "colour", "kind", "subject", "title"]);
    let nobody =
        json!({"kind": "note", "subject": {"client": "cli_0190a8b0c0de7000800000000000000a"}, "title": "x"});
    server
        .post("/api/v1/activities", &nobody)
        .await
        .problem(404, "not_found");
    server
        .send("DELETE", at, &[], "")
        .await
        .problem(428, "if_match_required");
    let gone = server.change("DELETE", at, "\"v2\"", &Value::Null).await;
    assert_eq!(gone.status, 204);
    server.get(at).await.problem(404, "not_found");
}

#[tokio::test]
async fn what_was_done_is_seen_with_what_it_was_done_about() {
    let server = Server::with([]).await;
    let ana = ana(&server).await;
    let lead = json!({"title": "Reforma", "client": ana["id"]});
    let lead = server.post("/api/v1/leads", &lead).await.good(201);
    let mut made = Vec::new();
    for (title, subject) in [
        ("do lead", json!({"lead": lead["id"]})),
        ("do cliente", json!({"client": ana["id"]})),
    ] {
        let new = json!({"kind": "note", "subject": subject, "title": title});
        let activity = server.post("/api/v1/activities", &new).await.good(201);
        made.push(format!("/api/v1/activities/{}", activity["id"].as_str().unwrap()));
    }
    let (lead, client) = (lead["id"].as_str().unwrap(), ana["id"].as_str().unwrap());
    let of_lead = [
        format!("/api/v1/leads/{lead}/timeline"),
        format!("/api/v1/activities?lead={lead}"),
        made[0].clone(),
    ];
    let of_client = [
        format!("/api/v1/clients/{client}/timeline"),
        format!("/api/v1/activities?client={client}"),
    ];

    let nobody = server.program(&["task:read", "task:write"]).await;
    let nobody = [("authorization", nobody.as_str())];
    for path in &of_lead {
        let refused = server.send("GET", path, &nobody, "").await;
        assert_eq!(
            refused.problem(403, "forbidden")["permission"],
            "lead:read",
            "{path}"
        );
    }
    for path in of_client.iter().chain(&made[1..]) {
        let refused = server.send("GET", path, &nobody, "").await;
        assert_eq!(
            refused.problem(403, "forbidden")["permission"],
            "client:read",
            "{path}"
        );
    }
    let headers = [nobody[0], ("if-match", "\"v1\"")];
    let refused = server
        .send("PATCH", &made[0], &headers, &json!({"title": "x"}))
        .await;
    refused.problem(403, "forbidden");

    // As a professional has it: nothing of the lead is there.
    let professional = server.program(&["task:read", "client:read"]).await;
    let professional = [("authorization", professional.as_str())];
    for path in &of_client {
        let seen = server.send("GET", path, &professional, "").await;
        let items = seen.good(200)["items"].clone();
        assert_eq!(items.as_array().unwrap().len(), 1, "{items}");
        assert_eq!(items[0]["title"], "do cliente");
        assert_eq!(
            server.get(path).await.good(200)["items"]
                .as_array()
                .unwrap()
                .len(),
            2
        );
    }
    for path in &of_lead {
        assert_eq!(server.send("GET", path, &professional, "").await.status, 403);
        assert_eq!(server.get(path).await.status, 200);
    }
}
