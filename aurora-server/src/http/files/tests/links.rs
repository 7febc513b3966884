use serde_json::json;

use super::uploaded;
use crate::http::testing::Server;

#[tokio::test]
async fn a_signed_link_fetches_one_file_for_a_while() {
    let server = Server::with([]).await;
    let file = uploaded(&server, "a.txt", b"0123456789").await;
    let path = format!("/api/v1/files/{}", file["id"].as_str().unwrap());
    let made = server
        .post(
            &format!("{path}/links"),
            &json!({"expires_in": 60, "disposition": "inline"}),
        )
        .await;
    assert_eq!(made.status, 201, "{}", made.body);
    let url = made.json()["url"].as_str().unwrap().to_owned();
    // Without any credential; here that shows in the guard, which asks for none.
    let fetched = server.exchange("GET", &url, &[("range", "bytes=0-2")], "").await;
    assert_eq!((fetched.status, fetched.body.as_str()), (206, "012"));
    assert!(
        fetched
            .header("content-disposition")
            .unwrap()
            .starts_with("inline")
    );

    let token = url.strip_prefix("/files/").unwrap();
    let mut parts = token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let first = if parts[1].starts_with('A') { "B" } else { "A" };
    parts[1].replace_range(..1, first);
    let tampered = format!("/files/{}", parts.join("."));
    let cut = url.strip_suffix(|_: char| true).unwrap();
    for bad in [tampered.as_str(), cut, "/files/x", "/files/a.b.c"] {
        let reply = server.exchange("GET", bad, &[], "").await;
        assert_eq!((reply.status, reply.code().as_str()), (404, "not_found"), "{bad}");
    }
    assert_eq!(
        server
            .exchange("PUT", &url, &[("x-filename", "b.txt")], "x")
            .await
            .status,
        404
    );
    for wrong in [
        json!({"expires_in": 0}),
        json!({"expires_in": 604_801}),
        json!({"colour": 1}),
    ] {
        let reply = server.post(&format!("{path}/links"), &wrong).await;
        assert_eq!(reply.status, 422, "{wrong}");
    }
    let short = server
        .post(&format!("{path}/links"), &json!({"expires_in": 1}))
        .await
        .json();
    let short = short["url"].as_str().unwrap();
    assert_eq!(server.get(short).await.status, 200);
    aurora_core::time::Clock::sleep(&*server.state.clock, std::time::Duration::from_millis(2_100)).await;
    assert_eq!(server.get(short).await.status, 404, "its time is over");
    assert_eq!(server.exchange("DELETE", &path, &[], "").await.status, 204);
    assert_eq!(server.get(&url).await.status, 404, "the file is gone");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_signed_link_takes_one_file_once() {
    let server = Server::with([]).await;
    let made = server.post("/api/v1/files/upload-links", &json!({})).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let url = made["url"].as_str().unwrap();
    assert_eq!(server.get(url).await.status, 404, "it fetches nothing");
    let sent = server
        .exchange("PUT", url, &[("x-filename", "a.txt")], "text")
        .await;
    assert_eq!(sent.status, 201, "{}", sent.json());
    assert_eq!(sent.json()["id"], made["file_id"]);
    assert_eq!(sent.json()["uploaded_by"], "file link");
    let again = server
        .exchange("PUT", url, &[("x-filename", "b.txt")], "more")
        .await;
    assert_eq!((again.status, again.code().as_str()), (409, "duplicate"));
    server.stop().await.unwrap();
}
