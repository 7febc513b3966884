use std::sync::{Arc, Mutex};

use aurora_core::secret::Secret;
use aurora_core::webhook::{SigningKey, Verifier};
use aurora_crm::webhooks::EventTypes;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::http::testing::{Server, eventually};

/// What came to a receiver: headers and body.
type Received = Arc<Mutex<Vec<(Vec<(String, String)>, String)>>>;

/// A receiver that answers everything with a status.
async fn receiver(status: u16) -> (String, Received) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let received = Received::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut read = Vec::new();
            let (head, body) = loop {
                if stream.read_buf(&mut read).await.unwrap() == 0 {
                    break (String::new(), String::new());
                }
                let text = String::from_utf8_lossy(&read).into_owned();
                let Some((head, body)) = text.split_once("\r\n\r\n") else {
                    continue;
                };
                let length = head.lines().find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length: ")
                        .map(|it| it.parse::<usize>().unwrap())
                });
                if body.len() >= length.unwrap_or(0) {
                    break (head.to_owned(), body.to_owned());
                }
            };
            let headers = head.lines().filter_map(|line| line.split_once(": "));
            let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
            kept.lock().unwrap().push((headers.collect(), body));
            let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    (url, received)
}

async fn server() -> Server {
    Server::set(&[("webhooks.private_addresses", "true")]).await
}

async fn endpoint(server: &Server, url: &str, types: &[&str]) -> Value {
    let reply = server
        .post("/api/v1/webhooks", &json!({"url": url, "event_types": types}))
        .await;
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()
}

async fn make_client(server: &Server) {
    let new = json!({"kind": "person", "legal_name": "Ana Souza", "email": "ana@example.com"});
    assert_eq!(server.post("/api/v1/clients", &new).await.status, 201);
}

#[tokio::test]
async fn an_event_reaches_its_receiver_signed() {
    let server = server().await;
    let (url, received) = receiver(204).await;
    let made = endpoint(&server, &url, &["client.*"]).await;
    make_client(&server).await;
    eventually(|| !received.lock().unwrap().is_empty()).await;
    let (headers, body) = received.lock().unwrap()[0].clone();
    let key = SigningKey::parse(&Secret::new(made["secret"].as_str().unwrap())).unwrap();
    let verified = Verifier::new(key).verify(headers, body.clone()).unwrap();
    let event: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(event["type"], "client.created");
    assert!(
        !body.contains("Ana") && !body.contains("ana@"),
        "nothing personal leaves with it"
    );

    let path = format!("/api/v1/webhooks/deliveries/{}", verified.id);
    let mut delivery = server.get(&path).await.json();
    for _ in 0..200 {
        if delivery["state"] == "delivered" {
            break;
        }
        delivery = server.get(&path).await.json();
    }
    assert_eq!(
        (&delivery["state"], &delivery["last_status"]),
        (&json!("delivered"), &json!(204))
    );
    let attempts = server.get(&format!("{path}/attempts")).await.json();
    assert_eq!(
        (&attempts["items"][0]["number"], &attempts["items"][0]["status"]),
        (&json!(1), &json!(204))
    );
    let query = format!(
        "/api/v1/webhooks/deliveries?state=delivered&endpoint={}",
        made["id"].as_str().unwrap()
    );
    assert_eq!(
        server.get(&query).await.json()["items"].as_array().unwrap().len(),
        1
    );

    let again = server.post(&format!("{path}/replay"), &json!({})).await;
    assert_eq!(again.status, 202, "{}", again.body);
    eventually(|| received.lock().unwrap().len() == 2).await;
    assert_eq!(received.lock().unwrap()[1].1, body, "the same body");

    let id = made["id"].as_str().unwrap();
    let tested = server
        .post(&format!("/api/v1/webhooks/{id}/test"), &json!({}))
        .await;
    assert_eq!(tested.status, 202, "{}", tested.body);
    eventually(|| received.lock().unwrap().len() == 3).await;
    assert!(received.lock().unwrap()[2].1.contains("webhook.test"));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_endpoint_is_changed_with_its_version_and_shows_its_secret_once() {
    let server = server().await;
    let (url, received) = receiver(204).await;
    let made = endpoint(&server, &url, &["*"]).await;
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_"));
    let path = format!("/api/v1/webhooks/{}", made["id"].as_str().unwrap());
    let read = server.get(&path).await;
    assert_eq!((read.status, read.header("etag")), (200, Some("\"v1\"")));
    assert!(
        !read.body.contains("whsec_") && !read.body.contains("secret\":"),
        "{}",
        read.body
    );
    assert!(!server.get("/api/v1/webhooks").await.body.contains("whsec_"));

    let change = json!({"description": "para o ERP", "event_types": ["lead.*"], "headers": [["authorization", "Bearer s3cret"]]});
    assert_eq!(server.send("PATCH", &path, &[], &change).await.status, 428);
    let old = [("if-match", "\"v9\"")];
    let stale = server.send("PATCH", &path, &old, &change).await;
    assert_eq!((stale.status, &stale.json()["current_version"]), (412, &json!(1)));
    let changed = server
        .send("PATCH", &path, &[("if-match", "\"v1\"")], &change)
        .await;
    assert_eq!(changed.status, 200, "{}", changed.json());
    let changed = changed.json();
    assert_eq!(changed["header_names"], json!(["authorization"]));
    assert!(!changed.to_string().contains("s3cret"));
    make_client(&server).await;

    let rotated = server
        .exchange(
            "POST",
            &format!("{path}/rotate-secret"),
            &[("if-match", "\"v2\"")],
            "",
        )
        .await;
    assert_eq!(rotated.status, 200, "{}", rotated.json());
    assert_ne!(rotated.json()["secret"], made["secret"]);
    assert!(rotated.json()["previous_secret_until"].is_string());
    let off = server
        .exchange("POST", &format!("{path}/disable"), &[("if-match", "\"v3\"")], "")
        .await
        .json();
    assert_eq!(
        (&off["is_enabled"], &off["disabled_reason"]),
        (&json!(false), &json!("manual"))
    );
    let tested = server.post(&format!("{path}/test"), &json!({})).await;
    assert_eq!(tested.status, 422, "it is disabled");
    let on = server
        .exchange("POST", &format!("{path}/enable"), &[("if-match", "\"v4\"")], "")
        .await;
    assert_eq!((on.status, &on.json()["is_enabled"]), (200, &json!(true)));
    let failed = server
        .post(
            &format!("{path}/replay-failed"),
            &json!({"since": "2026-01-01T00:00:00Z"}),
        )
        .await;
    assert_eq!(
        (failed.status, failed.json()),
        (202, json!({"count": 0})),
        "{}",
        failed.body
    );
    assert_eq!(
        server
            .exchange("DELETE", &path, &[("if-match", "\"v5\"")], "")
            .await
            .status,
        204
    );
    assert_eq!(server.get(&path).await.status, 404);
    assert!(
        received.lock().unwrap().is_empty(),
        "nothing of clients was wanted"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn addresses_of_the_own_network_are_refused_unless_the_settings_say_so() {
    let server = Server::with([]).await;
    for url in [
        "http://example.com/",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/",
        "https://0x7f.1/",
        "nothing",
    ] {
        let reply = server.post("/api/v1/webhooks", &json!({"url": url})).await;
        assert_eq!(
            (reply.status, &reply.json()["errors"][0]["field"]),
            (422, &json!("url")),
            "{url}"
        );
    }
    let odd = json!({"url": "https://hooks.example.com/", "event_types": ["Client"]});
    assert_eq!(server.post("/api/v1/webhooks", &odd).await.status, 422);
    for path in [
        "/api/v1/webhooks/whe_x",
        "/api/v1/webhooks/deliveries/whd_0190a8b0c0de7000800000000000000a",
        "/api/v1/webhooks/deliveries/whd_0190a8b0c0de7000800000000000000a/attempts",
    ] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    assert_eq!(
        server.get("/api/v1/webhooks/deliveries?state=lost").await.status,
        400
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_types_that_are_told_are_taken() {
    let server = Server::with([]).await;
    let told = server.get("/api/v1/webhooks/event-types").await.json();
    for group in told["items"].as_array().unwrap() {
        let pattern = group["pattern"].as_str().unwrap().to_owned();
        let wanted = EventTypes::try_from(vec![pattern]).unwrap();
        for kind in group["types"].as_array().unwrap() {
            assert!(wanted.wants(kind.as_str().unwrap()), "{kind}");
        }
    }
    server.stop().await.unwrap();
}
