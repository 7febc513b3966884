//! Names of clients within other answers: told to those alone who may see clients.

use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::http::testing::Server;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const APPOINTMENTS: &str = "/api/v1/appointments";

fn id(made: &Value) -> &str {
    made["id"].as_str().unwrap()
}

async fn make(server: &Server, path: &str, body: Value) -> Value {
    server.post(path, &body).await.good(201)
}

/// What a program with these permissions reads.
async fn read(server: &Server, scopes: &[&str], path: &str) -> Value {
    let authorization = server.program(scopes).await;
    let headers = [("authorization", authorization.as_str())];
    server.send("GET", path, &headers, "").await.good(200)
}

/// What stands at this place is null for a key with the scope alone, and told where it may see clients, too.
async fn is_for_those_who_see_clients(server: &Server, scope: &str, path: &str, place: &str, name: &str) {
    let told = read(server, &[scope, "client:read"], path).await;
    assert_eq!(told.pointer(place), Some(&json!(name)), "{path}: {told}");
    let untold = read(server, &[scope], path).await;
    assert_eq!(untold.pointer(place), Some(&Value::Null), "{path}: {untold}");
    assert!(!untold.to_string().contains(name), "{path}: {untold}");
}

async fn ana(server: &Server) -> Value {
    let new = json!({"kind": "person", "legal_name": "Ana Souza"});
    make(server, "/api/v1/clients", new).await
}

#[tokio::test]
async fn a_board_names_clients_to_those_who_see_them() {
    let server = Server::with([]).await;
    let ana = ana(&server).await;
    let pipeline = server
        .post("/api/v1/pipelines/default", &json!({}))
        .await
        .good(200);
    let lead = json!({"title": "Consulta", "client": ana["id"]});
    make(&server, "/api/v1/leads", lead).await;
    let board = format!("/api/v1/pipelines/{}/board", id(&pipeline));
    let place = "/columns/0/leads/0/client_name";
    is_for_those_who_see_clients(&server, "lead:read", &board, place, "Ana Souza").await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn an_agenda_and_its_waiting_list_name_clients_to_those_who_see_them() {
    let server = Server::with([]).await;
    let ana = ana(&server).await;
    let lima = json!({"name": "Dra. Lima", "time_zone": "America/Sao_Paulo"});
    let lima = make(&server, "/api/v1/professionals", lima).await;
    let week = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .map(|day| json!({"weekday": day, "from": "00:00", "until": "24:00"}));
    let hours = format!("/api/v1/professionals/{}/hours", id(&lima));
    server.put(&hours, 1, &json!({"hours": week})).await.good(200);
    let never = json!({"closes": []});
    server
        .put("/api/v1/schedule/holiday_rules", 0, &never)
        .await
        .good(200);
    let visit = json!({"name": "Consulta", "duration_minutes": 30, "professionals": [lima["id"]]});
    let visit = make(&server, "/api/v1/services", visit).await;
    let (from, until) = (SystemClock.now() + DAY, SystemClock.now() + 7 * DAY);
    let slots = format!(
        "{APPOINTMENTS}/slots?service={}&from={from}&until={until}&limit=1",
        id(&visit)
    );
    let slots = server.get(&slots).await.good(200);
    let booking = json!({"client_id": ana["id"], "service_id": visit["id"], "professional_id": lima["id"],
        "starts_at": slots["items"][0]["starts_at"]});
    make(&server, APPOINTMENTS, booking).await;
    let waiting = format!("{APPOINTMENTS}/waiting");
    let wish = json!({"client": ana["id"], "service": visit["id"], "wanted_from": SystemClock.now(),
        "wanted_until": until, "part_of_day": "morning"});
    make(&server, &waiting, wish).await;
    for path in [APPOINTMENTS, waiting.as_str()] {
        let place = "/items/0/client_name";
        is_for_those_who_see_clients(&server, "appointment:read", path, place, "Ana Souza").await;
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn deleted_clients_are_named_to_those_who_see_clients() {
    let server = Server::with([]).await;
    let new = json!({"kind": "company", "legal_name": "Padaria Central Ltda", "trade_name": "Pão Quente"});
    let client = make(&server, "/api/v1/clients", new).await;
    let at = format!("/api/v1/clients/{}", id(&client));
    let deleted = server.change("DELETE", &at, "\"v1\"", &Value::Null).await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    let path = "/api/v1/clients/deleted";
    for (place, name) in [
        ("/items/0/legal_name", "Padaria Central Ltda"),
        ("/items/0/trade_name", "Pão Quente"),
    ] {
        is_for_those_who_see_clients(&server, "client:delete", path, place, name).await;
    }
    server.stop().await.unwrap();
}
