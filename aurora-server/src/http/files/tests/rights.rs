//! Files that belong to what takes a right of its own.

use serde_json::json;

use super::uploaded;
use crate::http::testing::Server;

#[tokio::test]
async fn a_file_is_for_those_who_may_read_what_it_belongs_to() {
    let server = Server::with([]).await;
    for (subject, permission) in [
        ("ctc_0190a8b0c0de7000800000000000000a", "conversation:read"),
        ("msg_0190a8b0c0de7000800000000000000a", "conversation:read"),
        ("led_0190a8b0c0de7000800000000000000a", "lead:read"),
        ("cli_0190a8b0c0de7000800000000000000a", "client:read"),
        ("apt_0190a8b0c0de7000800000000000000a", "appointment:read"),
        ("tsk_0190a8b0c0de7000800000000000000a", "task:read"),
    ] {
        let upload = format!("/api/v1/files?subject={subject}");
        let sent = server
            .exchange("POST", &upload, &[("x-filename", "foto.txt")], "eu")
            .await;
        let theirs = sent.good(201)["id"].as_str().unwrap().to_owned();
        let other = uploaded(&server, "preços.txt", b"250").await;
        let rights = ["file:read", "file:write", "file:delete"];
        let stranger = server.program(&rights).await;
        let stranger = [("authorization", stranger.as_str())];
        let insider = server.program(&[&rights[..], &[permission]].concat()).await;
        let insider = [("authorization", insider.as_str())];

        let names = async |who: &[(&str, &str)], query: &str| {
            let page = server
                .send("GET", &format!("/api/v1/files{query}"), who, "")
                .await;
            let items = page.good(200)["items"].as_array().unwrap().clone();
            let ids = items.iter().map(|file| file["id"].as_str().unwrap().to_owned());
            ids.collect::<Vec<_>>()
        };
        let seen = names(&stranger, "").await;
        assert!(seen.contains(&other["id"].as_str().unwrap().to_owned()));
        assert!(!seen.contains(&theirs), "{subject}");
        assert!(names(&insider, "").await.contains(&theirs));
        let query = format!("?subject={subject}");
        assert!(names(&stranger, &query).await.is_empty());
        assert_eq!(names(&insider, &query).await, [theirs.as_str()]);

        let at = format!("/api/v1/files/{theirs}");
        for (method, path, good) in [
            ("GET", at.clone(), 200),
            ("GET", format!("{at}/content"), 200),
            ("POST", format!("{at}/links"), 201),
            ("DELETE", at.clone(), 204),
        ] {
            let body = if method == "POST" { json!({}) } else { json!(null) };
            server
                .send(method, &path, &stranger, &body)
                .await
                .problem(404, "not_found");
            let answer = server.send(method, &path, &insider, &body).await;
            assert_eq!(answer.status, good, "{method} {path}: {}", answer.body);
        }
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_link_is_made_only_by_those_who_may_read_the_file() {
    let server = Server::with([]).await;
    let file = uploaded(&server, "a.txt", b"a").await;
    let path = format!("/api/v1/files/{}/links", file["id"].as_str().unwrap());
    let writer = server.program(&["file:write"]).await;
    let refused = server
        .send("POST", &path, &[("authorization", &writer)], &json!({}))
        .await;
    assert_eq!(refused.problem(403, "forbidden")["permission"], "file:read");
    server.stop().await.unwrap();
}
