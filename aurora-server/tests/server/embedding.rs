//! Servers as values.

use aurora_core::config::Loader;
use aurora_server::{App, ErrorKind};
use serde_json::json;

use crate::harness::Server;

#[tokio::test]
async fn two_servers_in_one_process_do_not_meet() {
    let (one, two) = (Server::start().await, Server::start().await);
    let body = json!({"kind": "person", "legal_name": "Ana"}).to_string();
    assert_eq!(one.post("/api/v1/clients", &body).await.status, 201);
    assert_eq!(
        one.get("/api/v1/clients").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        two.get("/api/v1/clients").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    one.stopped().await.unwrap();
    assert_eq!(two.get("/health").await.status, 200);
}

#[tokio::test]
async fn an_embedded_server_says_that_the_metrics_are_elsewhere() {
    let server = Server::start().await;
    server.get("/metrics").await.problem(501, "no_metrics");
}

#[tokio::test]
async fn only_loopback_is_listened_on_while_the_doors_are_open() {
    let memory = [("DATABASE_URL", "sqlite::memory:")];
    let open = [("access.open", "true")];
    let loaded = Loader::new().environment(memory).overrides(open).load().unwrap();
    let app = App::build(loaded.settings().clone()).await.unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let error = app.listen(address.parse().unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Address);
        assert!(error.to_string().contains("access.open is set"), "{error}");
    }
    let first = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
    let taken = app.listen(first.local_addr()).await.unwrap_err();
    assert_eq!(taken.kind(), ErrorKind::Address);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er").display().to_string();
    let settings = || {
        let loaded = Loader::new()
            .overrides([("server.data_dir", path.as_str()), ("access.open", "true")])
            .load()
            .unwrap();
        loaded.settings().clone()
    };
    let first = Server::run(&App::build(settings()).await.unwrap()).await;
    let body = json!({"kind": "person", "legal_name": "Ana"}).to_string();
    let id = first.post("/api/v1/clients", &body).await.json()["id"].clone();
    first.stopped().await.unwrap();
    let second = Server::run(&App::build(settings()).await.unwrap()).await;
    let read = second
        .get(&format!("/api/v1/clients/{}", id.as_str().unwrap()))
        .await;
    assert_eq!(
        (read.status, read.json()["legal_name"].as_str()),
        (200, Some("Ana"))
    );
}
