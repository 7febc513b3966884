//! Calendars, with a stand-in for Google.

use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::channels::google_calendar::testing::FakeGoogle;
use aurora_crm::scheduling::Tz;
use serde_json::{Value, json};

use crate::http::testing::{Server, eventually};

const CALENDAR: &str = "dra.lima@clinic.example";
const DAY: Duration = Duration::from_secs(24 * 3_600);

async fn clinic() -> (Server, FakeGoogle, String) {
    let fake = FakeGoogle::start(SystemClock).await.unwrap();
    fake.calendar(CALENDAR, Tz::America__Sao_Paulo);
    let google = fake.settings().build().unwrap();
    let alerts = AlertEngine::builder().build().unwrap();
    let server = Server::made([], alerts, &[], |builder| builder.google(google)).await;
    let lima = server
        .post("/api/v1/professionals", &json!({"name": "Dra. Lima"}))
        .await
        .json();
    let id = lima["id"].as_str().unwrap().to_owned();
    (server, fake, id)
}

fn link(fake: &FakeGoogle, professional: &str) -> Value {
    json!({"professional_id": professional, "calendar_id": CALENDAR, "key_file": fake.key_file().expose()})
}

#[tokio::test]
async fn what_is_booked_stands_in_the_calendar_and_what_stands_there_takes_time() {
    let (server, fake, lima) = clinic().await;
    let start = SystemClock.now() + 2 * DAY;
    fake.add(CALENDAR, "Dentista", start, start + Duration::from_secs(3_600));
    let linked = server.post("/api/v1/calendar/links", &link(&fake, &lima)).await;
    assert_eq!(linked.status, 201, "{}", linked.body);
    assert!(!linked.body.contains("PRIVATE KEY"), "{}", linked.body);
    server.assert_shape("CalendarLink", &linked.json());
    let at = format!("/api/v1/calendar/links/{}", linked.json()["id"].as_str().unwrap());
    let twice = server.post("/api/v1/calendar/links", &link(&fake, &lima)).await;
    assert_eq!(
        (twice.status, &twice.json()["existing_id"]),
        (409, &linked.json()["id"]),
        "{}",
        twice.body
    );
    server.until(&at, |link| link["synced_at"].is_string()).await;
    let ask =
        |from, until| format!("/api/v1/calendar/availability?professional={lima}&from={from}&until={until}");
    let taken = server.get(&ask(start, start + DAY)).await.json();
    assert_eq!(taken, json!({"availability": "taken"}));
    assert_eq!(
        server.get(&ask(start + DAY, start + 2 * DAY)).await.json()["availability"],
        "free"
    );
    assert_eq!(server.get(&ask(start, start)).await.status, 400);

    let service = json!({"name": "Consulta", "duration_minutes": 30, "professionals": [lima]});
    let service = server.post("/api/v1/services", &service).await.json();
    let client = server
        .post("/api/v1/clients", &json!({"kind": "person", "legal_name": "Ana"}))
        .await
        .json();
    let visit = json!({"client_id": client["id"], "service_id": service["id"], "professional_id": lima,
        "starts_at": start + DAY, "outside_hours": true});
    let visit = server.post("/api/v1/appointments", &visit).await;
    assert_eq!(visit.status, 201, "{}", visit.body);
    eventually(|| fake.events(CALENDAR).len() == 2).await;

    assert_eq!(server.post(&format!("{at}/sync"), &json!({})).await.status, 202);
    assert_eq!(
        server.get("/api/v1/calendar/links").await.json()["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let fresh = json!({"key_file": fake.key_file().expose()});
    let relinked = server.act(&format!("{at}/credentials"), 1, &fresh).await;
    assert_eq!(
        (relinked.status, relinked.header("etag")),
        (200, Some("\"v2\"")),
        "{}",
        relinked.body
    );
    assert_eq!(
        server
            .send("DELETE", &at, &[("if-match", "\"v1\"")], "")
            .await
            .status,
        412
    );
    assert_eq!(
        server
            .send("DELETE", &at, &[("if-match", "\"v2\"")], "")
            .await
            .status,
        204
    );
    assert_eq!(server.get(&at).await.json()["state"], "ended");
    assert_eq!(server.post(&format!("{at}/sync"), &json!({})).await.status, 404);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_is_no_key_and_nobodys_calendar_is_refused() {
    let (server, fake, lima) = clinic().await;
    let wrong = json!({"professional_id": lima, "calendar_id": "", "key_file": "{}"});
    let wrong = server.post("/api/v1/calendar/links", &wrong).await;
    assert_eq!(
        (
            wrong.status,
            wrong.json()["errors"].as_array().unwrap().len() >= 2
        ),
        (422, true),
        "{}",
        wrong.body
    );
    let nobody = link(&fake, "pro_0190a8b0c0de7000800000000000000a");
    assert_eq!(server.post("/api/v1/calendar/links", &nobody).await.status, 404);
    let hook = "/webhook/google-calendar";
    assert_eq!(server.send("POST", hook, &[], "").await.status, 401);
    let channel = "f".repeat(64);
    let headers = [
        ("x-goog-channel-id", channel.as_str()),
        ("x-goog-channel-token", "guess"),
    ];
    assert_eq!(server.send("POST", hook, &headers, "").await.status, 401);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_person_connects_a_calendar_and_nobody_else_in_its_place() {
    let (server, fake, lima) = clinic().await;
    let begin = json!({"professional_id": lima, "calendar_id": CALENDAR, "direction": "out"});
    let begun = server.post("/api/v1/calendar/oauth/start", &begin).await;
    assert_eq!(begun.status, 200, "{}", begun.body);
    let cookie = begun.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly; SameSite=Lax") && cookie.contains("Path=/api/v1/calendar/oauth"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let url = begun.json()["url"].as_str().unwrap().parse().unwrap();
    let (state, code) = fake.agree(&url).unwrap();
    let code = code.expose();
    let back = format!("/api/v1/calendar/oauth/callback?state={state}&code={code}&scope=calendar");
    assert_eq!(server.get(&back).await.status, 403, "another browser");
    let forged = format!("/api/v1/calendar/oauth/callback?state=forged&code={code}");
    assert_eq!(
        server
            .send("GET", &forged, &[("cookie", &cookie)], "")
            .await
            .status,
        403
    );
    let denied = format!("/api/v1/calendar/oauth/callback?state={state}&error=access_denied");
    assert_eq!(
        server
            .send("GET", &denied, &[("cookie", &cookie)], "")
            .await
            .status,
        403
    );
    let linked = server.send("GET", &back, &[("cookie", &cookie)], "").await;
    assert_eq!(
        (linked.status, &linked.json()["direction"]),
        (200, &json!("out")),
        "{}",
        linked.body
    );
    assert!(linked.header("set-cookie").unwrap().contains("Max-Age=0"));
    let spent = server.send("GET", &back, &[("cookie", &cookie)], "").await;
    assert_eq!(spent.status, 403, "a code serves once: {}", spent.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn without_an_application_nobody_is_sent_to_google() {
    let server = Server::with([]).await;
    let lima = server
        .post("/api/v1/professionals", &json!({"name": "Dra. Lima"}))
        .await
        .json();
    let begun = server
        .post(
            "/api/v1/calendar/oauth/start",
            &json!({"professional_id": lima["id"]}),
        )
        .await;
    assert_eq!(
        (begun.status, &begun.json()["code"]),
        (501, &json!("not_configured")),
        "{}",
        begun.body
    );
    server.stop().await.unwrap();
}
