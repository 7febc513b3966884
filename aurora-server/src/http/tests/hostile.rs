//! Bodies that are meant to break something, and texts that often do.

use serde_json::json;

use crate::http::testing::Server;

/// Routes that make something.
const ROUTES: [&str; 9] = [
    "/api/v1/clients",
    "/api/v1/leads",
    "/api/v1/tasks",
    "/api/v1/activities",
    "/api/v1/custom-fields",
    "/api/v1/appointments",
    "/api/v1/knowledge/documents",
    "/api/v1/webhooks",
    "/api/v1/services",
];

/// Bodies of which none is a good one anywhere.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    let all = [
        ("deep arrays", deep("[", "]").into_bytes()),
        ("deep objects", deep("{\"a\":", "}").into_bytes()),
        ("never closed", "[".repeat(100_000).into_bytes()),
        (
            "a byte of zero",
            b"{\"kind\":\"person\",\"legal_name\":\"a\0b\"}".to_vec(),
        ),
        (
            "an escaped zero",
            br#"{"kind":"person","legal_name":"a\u0000b","title":"a\u0000b","name":"a\u0000b"}"#.to_vec(),
        ),
        (
            "half a surrogate pair",
            br#"{"kind":"person","legal_name":"\ud800","title":"\ud800"}"#.to_vec(),
        ),
        (
            "beyond every number",
            br#"{"kind":"person","legal_name":1e400,"title":1e400}"#.to_vec(),
        ),
        (
            "a key twice",
            br#"{"kind":"person","kind":"company","title":"a","title":"b"}"#.to_vec(),
        ),
        (
            "no UTF-8",
            b"{\"kind\":\"person\",\"legal_name\":\"\xff\xfe\"}".to_vec(),
        ),
        (
            "overlong UTF-8",
            b"{\"kind\":\"person\",\"legal_name\":\"\xc0\xaf\"}".to_vec(),
        ),
        ("a mark of byte order", b"\xef\xbb\xbf{}".to_vec()),
        (
            "a long number",
            format!("{{\"title\":{}}}", "9".repeat(10_000)).into_bytes(),
        ),
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
        ("two values", b"{}{}".to_vec()),
        ("the prototype", br#"{"__proto__":{"admin":true}}"#.to_vec()),
    ];
    all.into_iter().collect()
}

#[tokio::test]
async fn a_hostile_body_is_refused_and_told_why() {
    let server = Server::set(&[("limits.api_per_minute", "0"), ("limits.api_per_hour", "0")]).await;
    for route in ROUTES {
        for (name, body) in bodies() {
            let answer = server.send("POST", route, &[], body).await;
            let place = format!("{route} with {name}: {} {}", answer.status, answer.body);
            assert!((400..500).contains(&answer.status), "{place}");
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{place}"
            );
        }
    }
    assert_eq!(server.get("/health").await.status, 200);
    server.stop().await.unwrap();
}

/// After the Big List of Naughty Strings: what forms, templates, shells and databases have stumbled over.
const NAUGHTY: [&str; 26] = [
    "Robert'); DROP TABLE Students;--",
    "<script>alert('x')</script>",
    "\"><img src=x onerror=alert(1)>",
    "${jndi:ldap://127.0.0.1/a}",
    "{{7*7}} #{7*7} <%= 7*7 %>",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(1,1)",
    "../../../etc/passwd",
    "C:\\Windows\\System32",
    "%s%p%n %00 %0d%0a",
    "$(reboot) `id`; ls | cat && true",
    "NULL",
    "undefined",
    "true",
    "NaN",
    "0x7fffffff",
    "1e1000",
    "田中さんにあげて下さい",
    "الْعَرَبِيَّة",
    "הָיְתָהtestالصفحات",
    "👩🏽‍⚕️ 👨‍👩‍👧‍👦 🇧🇷",
    "𠜎𠜱𝘛𝘩𝘦",
    "İstanbul ß ẞ ﬁ",
    "Ω≈ç√∫˜µ≤≥÷",
    "a' b\" c` d\\ e/ f% g_ h? i* j[ k] l{ m} n^ o~",
];

#[tokio::test]
async fn what_people_write_comes_back_as_they_wrote_it() {
    let server = Server::set(&[("limits.api_per_minute", "0"), ("limits.api_per_hour", "0")]).await;
    for text in NAUGHTY {
        let new = json!({"kind": "person", "legal_name": text, "tags": [text]});
        let made = server.post("/api/v1/clients", &new).await;
        assert_eq!(made.status, 201, "{text}: {}", made.body);
        let at = made.header("location").unwrap().to_owned();
        let read = server.get(&at).await.good(200);
        assert_eq!(
            (&read["legal_name"], &read["tags"]),
            (&json!(text), &json!([text]))
        );
        let note = format!("{text}\n\t{text}");
        server
            .post(&format!("{at}/notes"), &json!({"text": note}))
            .await
            .good(201);
        let notes = server.get(&format!("{at}/notes")).await.good(200);
        assert_eq!(notes["items"][0]["text"], json!(note));
    }
    server.stop().await.unwrap();
}
