use serde_json::{Value, json};

use crate::http::testing::{Answer, House, Server};

const GZIP: (&str, &str) = ("accept-encoding", "br;q=1.0, gzip;q=0.8");

fn unpacked(answer: &Answer) -> Value {
    serde_json::from_str(&answer.unpacked()).unwrap()
}

/// A client whose answer is worth packing.
fn large() -> Value {
    let tags: Vec<String> = (0..40).map(|it| format!("uma etiqueta comprida {it}")).collect();
    json!({"kind": "company", "legal_name": "Padaria Pão Quente Ltda", "tags": tags})
}

#[tokio::test]
async fn a_large_answer_is_packed_and_its_etag_holds() {
    let server = Server::with([]).await;
    let made = server.post("/api/v1/clients", &large()).await;
    let path = format!("/api/v1/clients/{}", made.good(201)["id"].as_str().unwrap());
    let plain = server.get(&path).await;
    let packed = server.send("GET", &path, &[GZIP], "").await;
    assert_eq!((packed.status, unpacked(&packed)), (200, plain.good(200)));
    assert!(packed.bytes.len() * 2 < plain.bytes.len());
    for answer in [&plain, &packed] {
        assert_eq!(answer.header("etag"), Some("\"v1\""));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
    assert_eq!(plain.header("content-encoding"), None);
    // Refusing everything is no reason to refuse a call that is made by then.
    for accepted in ["identity", "gzip;q=0", "br, identity;q=0"] {
        let answer = server
            .send("GET", &path, &[("accept-encoding", accepted)], "")
            .await;
        assert_eq!(answer.good(200), plain.json(), "{accepted}");
        assert_eq!(answer.header("content-encoding"), None, "{accepted}");
    }

    let headers = [GZIP, ("if-match", packed.header("etag").unwrap())];
    let change = json!({"legal_name": "Padaria Pão Fresco Ltda"});
    let changed = server.send("PATCH", &path, &headers, &change).await;
    assert_eq!((changed.status, changed.header("etag")), (200, Some("\"v2\"")));
    assert_eq!(unpacked(&changed)["version"], 2);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_head_and_a_small_answer_stay_as_they_are() {
    let server = Server::with([]).await;
    let made = server.post("/api/v1/clients", &large()).await;
    let path = format!("/api/v1/clients/{}", made.good(201)["id"].as_str().unwrap());
    let head = server.send("HEAD", &path, &[], "").await;
    let same = server.send("HEAD", &path, &[GZIP], "").await;
    assert_eq!(head.usual_headers(), same.usual_headers());
    assert_eq!((same.status, same.body.as_str()), (200, ""));
    assert_eq!(same.header("content-encoding"), None);
    let small = server.send("GET", "/api/v1/leads/score-rules", &[GZIP], "").await;
    assert_eq!(small.header("content-encoding"), None);
    assert_eq!(small.good(200)["version"], 0);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn problems_and_repeated_answers_are_packed_for_whoever_takes_it() {
    let server = Server::with([]).await;
    let query: String = (0..30).map(|it| format!("unknown_parameter_{it}=1&")).collect();
    let wrong = server
        .send("GET", &format!("/api/v1/clients?{query}"), &[GZIP], "")
        .await;
    assert_eq!(
        (wrong.status, wrong.header("content-type")),
        (400, Some("application/problem+json"))
    );
    assert_eq!(unpacked(&wrong)["status"], 400);

    let key = ("idempotency-key", "k-1");
    let first = server
        .send("POST", "/api/v1/clients", &[key, GZIP], large())
        .await;
    let again = server.send("POST", "/api/v1/clients", &[key], large()).await;
    let packed = server
        .send("POST", "/api/v1/clients", &[key, GZIP], large())
        .await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(packed.header("idempotent-replayed"), Some("true"));
    assert_eq!(unpacked(&first), again.good(201));
    assert_eq!(unpacked(&packed), again.json());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn streams_and_files_to_keep_are_not_packed() {
    let server = Server::with([]).await;
    for _ in 0..8 {
        server.post("/api/v1/clients", &large()).await.good(201);
    }
    for path in ["/api/v1/clients/export", "/api/v1/audit/export"] {
        let kept = server.send("GET", path, &[GZIP], "").await;
        assert_eq!(kept.status, 200, "{path}: {}", kept.body);
        assert!(kept.bytes.len() > 1_024, "{path}: {}", kept.body);
        assert!(kept.header("content-disposition").is_some(), "{path}");
        assert_eq!(kept.header("content-encoding"), None, "{path}");
    }
    let mut stream = server.open_with("GET", "/api/events", &[GZIP], "").await;
    stream.until_whole("event: snapshot").await;
    assert_eq!(stream.answer().header("content-encoding"), None);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_shows_a_secret_is_not_packed() {
    let server = Server::set(&[("webhooks.private_addresses", "true")]).await;
    let url = format!("http://127.0.0.1:9/{}", "a".repeat(1_500));
    let body = json!({"url": url, "event_types": ["*"]});
    let made = server.send("POST", "/api/v1/webhooks", &[GZIP], &body).await;
    assert!(made.good(201)["secret"].is_string(), "{}", made.body);
    assert!(made.bytes.len() > 1_024, "{}", made.body);
    assert_eq!(made.header("content-encoding"), None);
    let path = format!("/api/v1/webhooks/{}", made.json()["id"].as_str().unwrap());
    let read = server.send("GET", &path, &[GZIP], "").await;
    assert!(unpacked(&read).get("secret").is_none());
    server.stop().await.unwrap();

    let house = House::new().await;
    let ana = house.administrator().await;
    for n in 0..12 {
        let name = format!("Clínica {} {n}", "Boa Vista ".repeat(6).trim_end());
        house
            .post(&ana, "/api/v1/clinics", &json!({"name": name}))
            .await
            .good(201);
    }
    let me = house.ask(&ana, "GET", "/api/v1/auth/me", &[GZIP], "").await;
    assert!(me.bytes.len() > 1_024, "{}", me.body);
    assert_eq!(me.header("content-encoding"), None);
    assert!(me.good(200)["workspaces"].is_array());
    house.server.stop().await.unwrap();
}
