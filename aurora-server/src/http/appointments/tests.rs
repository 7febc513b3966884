//! A clinic's agenda: free times, bookings, the steps of a visit, and what is refused.

mod around;

use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const AT: &str = "/api/v1/appointments";

struct Clinic {
    server: Server,
    service: String,
    professional: String,
    client: String,
}

impl Clinic {
    /// Somebody who works around the clock on every day, so that tests do not depend on theirs.
    async fn open() -> Self {
        let server = Server::with([]).await;
        let id = |answer: Answer| {
            assert_eq!(answer.status, 201, "{}", answer.body);
            answer.json()["id"].as_str().unwrap().to_owned()
        };
        let lima = json!({"name": "Dra. Lima", "time_zone": "America/Sao_Paulo"});
        let professional = id(server.post("/api/v1/professionals", &lima).await);
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        let week: Vec<Value> = days
            .iter()
            .map(|day| json!({"weekday": day, "from": "00:00", "until": "24:00"}))
            .collect();
        let hours = format!("/api/v1/professionals/{professional}/hours");
        assert_eq!(server.put(&hours, 1, &json!({"hours": week})).await.status, 200);
        let closes = json!({"closes": []});
        assert_eq!(
            server
                .put("/api/v1/schedule/holiday_rules", 0, &closes)
                .await
                .status,
            200
        );
        let visit = json!({"name": "Consulta", "duration_minutes": 30, "professionals": [professional]});
        let service = id(server.post("/api/v1/services", &visit).await);
        let client = id(server
            .post(
                "/api/v1/clients",
                &json!({"kind": "person", "legal_name": "Ana Souza"}),
            )
            .await);
        Self {
            server,
            service,
            professional,
            client,
        }
    }

    async fn slots(&self, more: &str) -> Vec<Value> {
        let from = SystemClock.now() + DAY;
        let path = format!(
            "{AT}/slots?service={}&from={from}&until={}{more}",
            self.service,
            from + 7 * DAY
        );
        let answer = self.server.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()["items"].as_array().unwrap().clone()
    }

    fn wish(&self, starts_at: &Value) -> Value {
        json!({"client_id": self.client, "service_id": self.service, "professional_id": self.professional, "starts_at": starts_at})
    }

    async fn book(&self, starts_at: &Value) -> Value {
        let booked = self.server.post(AT, &self.wish(starts_at)).await;
        assert_eq!(booked.status, 201, "{}", booked.body);
        assert_eq!(booked.header("etag"), Some("\"v1\""));
        booked.json()
    }
}

fn at(appointment: &Value) -> String {
    format!("{AT}/{}", appointment["id"].as_str().unwrap())
}

fn code(answer: &Answer) -> String {
    answer.json()["errors"][0]["code"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[tokio::test]
async fn a_free_time_is_booked_once() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let slots = clinic.slots("&limit=3").await;
    assert_eq!(slots.len(), 3);
    slots.iter().for_each(|slot| server.assert_shape("Slot", slot));
    let time = &slots[0]["starts_at"];
    let booked = clinic.book(time).await;
    server.assert_shape("Appointment", &booked);
    assert_eq!(booked["status"], "confirmed");
    assert!(
        clinic
            .slots("&limit=3")
            .await
            .iter()
            .all(|slot| slot["starts_at"] != *time)
    );

    let late = server.post(AT, &clinic.wish(time)).await;
    assert_eq!(
        (late.status, &late.json()["code"], code(&late)),
        (409, &json!("conflict"), "slot_taken".to_owned()),
        "{}",
        late.body
    );
    let list = server
        .get(&format!(
            "{AT}?professional={}&status=confirmed&blocking=true",
            clinic.professional
        ))
        .await
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["next"], Value::Null);
    let item = &list["items"][0];
    assert_eq!(
        (&item["id"], &item["client_name"]),
        (&booked["id"], &json!("Ana Souza"))
    );
    let none = server
        .get(&format!("{AT}?from={}", SystemClock.now() + 300 * DAY))
        .await
        .json();
    assert_eq!(none["items"], json!([]));
    let start =
        Timestamp::parse(booked["starts_at"].as_str().unwrap()).unwrap() - Duration::from_secs(3 * 3_600);
    let day = server
        .get(&format!(
            "{AT}/day?professional={}&date={}",
            clinic.professional,
            start.to_string().split('T').next().unwrap()
        ))
        .await;
    assert_eq!(day.json()["items"][0]["id"], booked["id"], "{}", day.body);
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn of_many_who_want_one_time_one_gets_it() {
    let clinic = Clinic::open().await;
    let slots = clinic.slots("&limit=1").await;
    let wish = clinic.wish(&slots[0]["starts_at"]);
    let all = (0..8).map(|_| clinic.server.post(AT, &wish));
    let answers = futures::future::join_all(all).await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn the_same_key_is_the_same_booking() {
    let clinic = Clinic::open().await;
    let slots = clinic
        .slots("&limit=2&part_of_day=morning,afternoon&weekday=mon,tue,wed,thu,fri,sat,sun")
        .await;
    let send = async |time: &Value| {
        let body = clinic.wish(time).to_string();
        clinic
            .server
            .send("POST", AT, &[("idempotency-key", "one")], &body)
            .await
    };
    let (first, again) = (
        send(&slots[0]["starts_at"]).await,
        send(&slots[0]["starts_at"]).await,
    );
    assert_eq!((again.status, &again.json()["id"]), (201, &first.json()["id"]));
    let other = send(&slots[1]["starts_at"]).await;
    assert_eq!(
        (other.status, other.json()["code"].as_str()),
        (422, Some("idempotency_key_reused")),
        "{}",
        other.body
    );
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn a_visit_takes_its_steps_and_no_others() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let slots = clinic.slots("&limit=1").await;
    let mut wish = clinic.wish(&slots[0]["starts_at"]);
    wish["actor"] = json!("client");
    let asked = server.post(AT, &wish).await.json();
    assert_eq!(
        asked["status"], "requested",
        "what a client books waits for a person"
    );
    let visit = at(&asked);
    let early = server.act(&format!("{visit}/start"), 1, &json!({})).await;
    assert_eq!(
        (early.status, code(&early)),
        (409, "illegal_transition".to_owned()),
        "{}",
        early.body
    );
    let told = early.json();
    assert_eq!(
        (&told["status_now"], &told["current_version"], &told["may_move"]),
        (&json!("requested"), &json!(1), &json!(true))
    );
    assert_eq!(told["allowed"], json!(["confirmed", "cancelled", "rejected"]));
    assert_eq!(
        server.post(&format!("{visit}/confirm"), &json!({})).await.status,
        428
    );
    for (version, step, status) in [
        (1, "confirm", "confirmed"),
        (2, "acknowledge", "confirmed"),
        (3, "check_in", "checked_in"),
        (4, "start", "in_progress"),
        (5, "complete", "completed"),
    ] {
        let done = server.act(&format!("{visit}/{step}"), version, &json!({})).await;
        assert_eq!(
            (done.status, &done.json()["status"]),
            (200, &json!(status)),
            "{step}: {}",
            done.body
        );
        let stale = server.act(&format!("{visit}/{step}"), version, &json!({})).await;
        assert!(matches!(stale.status, 409 | 412), "{step} again: {}", stale.body);
    }
    let over = server
        .act(&format!("{visit}/cancel"), 6, &json!({"reason": "x"}))
        .await;
    assert_eq!(
        (over.status, &over.json()["allowed"]),
        (409, &json!([])),
        "{}",
        over.body
    );
    let short = server
        .act(
            &format!("{visit}/correct"),
            6,
            &json!({"to": "no_show", "reason": "x"}),
        )
        .await;
    assert_eq!((short.status, code(&short)), (422, "required".to_owned()));
    let right = json!({"to": "no_show", "reason": "não veio"});
    let right = server.act(&format!("{visit}/correct"), 6, &right).await;
    assert_eq!(right.json()["status"], "no_show", "{}", right.body);
    let history = server.get(&format!("{visit}/history")).await.json();
    let history = history["items"].as_array().unwrap();
    assert_eq!(history.len(), 7);
    history
        .iter()
        .for_each(|change| server.assert_shape("AppointmentChange", change));
    assert_eq!(history[6]["actor"], json!({"kind": "client"}));
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn visits_are_held_moved_and_called_off() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let slots = clinic.slots("&limit=4&granularity=30").await;
    let times: Vec<&Value> = slots.iter().map(|slot| &slot["starts_at"]).collect();
    let mut hold = clinic.wish(times[0]);
    hold["hold_seconds"] = json!(0);
    let held = server.post(AT, &hold).await;
    assert_eq!(
        (&held.json()["status"], held.json()["hold_expires_at"].is_string()),
        (&json!("held"), true),
        "{}",
        held.body
    );
    hold["hold_seconds"] = json!(1);
    hold["starts_at"] = times[1].clone();
    assert_eq!(code(&server.post(AT, &hold).await), "invalid");

    let (one, other) = (clinic.book(times[1]).await, clinic.book(times[3]).await);
    let to = |time: &Value| json!({"starts_at": time});
    let taken = server.act(&format!("{}/move", at(&one)), 1, &to(times[3])).await;
    assert_eq!(
        (taken.status, code(&taken)),
        (409, "slot_taken".to_owned()),
        "{}",
        taken.body
    );
    let moved = server.act(&format!("{}/move", at(&one)), 1, &to(times[2])).await;
    assert_eq!(
        (&moved.json()["starts_at"], &moved.json()["moves"]),
        (times[2], &json!(1)),
        "{}",
        moved.body
    );
    let off = server
        .act(&format!("{}/cancel", at(&other)), 1, &json!({"reason": "viagem"}))
        .await;
    assert_eq!(
        (&off.json()["status"], &off.json()["reason"]),
        (&json!("cancelled"), &json!("viagem")),
        "{}",
        off.body
    );
    let still = server
        .act(&format!("{}/move", at(&other)), 2, &to(times[1]))
        .await;
    assert_eq!(
        (still.status, &still.json()["may_move"]),
        (409, &json!(false)),
        "{}",
        still.body
    );
    clinic.book(times[3]).await; // its time was free at once
    clinic.server.stop().await.unwrap();
}
