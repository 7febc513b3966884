//! What is refused, and what belongs to bookings.

use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock, Timestamp};
use serde_json::{Value, json};

use super::{AT, Clinic, DAY, at, code};

#[tokio::test]
async fn what_cannot_be_booked_is_refused_with_every_reason() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let past = server
        .post(AT, &clinic.wish(&json!("2020-01-01T09:00:00Z")))
        .await;
    assert_eq!(
        (past.status, &past.json()["errors"][0]["field"]),
        (422, &json!("starts_at")),
        "{}",
        past.body
    );
    let nobody = server
        .post(AT, &json!({"client_id": "cli_x", "colour": "red"}))
        .await;
    let fields: Vec<Value> = nobody.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].clone())
        .collect();
    for field in ["client_id", "colour"] {
        assert!(fields.contains(&json!(field)), "{field}: {fields:?}");
    }
    let nothing = server.post(AT, &json!({"client_id": clinic.client})).await;
    assert_eq!(
        (nothing.status, code(&nothing)),
        (422, "required".to_owned()),
        "{}",
        nothing.body
    );
    let mut wish = clinic.wish(&json!(SystemClock.now() + DAY));
    wish["client_id"] = json!("cli_0190a8b0c0de7000800000000000000a");
    assert_eq!(server.post(AT, &wish).await.status, 404);
    let slots = server
        .get(&format!("{AT}/slots?from=x&per_day=1&per_part=1"))
        .await;
    assert_eq!(
        (slots.status, slots.json()["errors"].as_array().unwrap().len()),
        (400, 4),
        "{}",
        slots.body
    );
    assert_eq!(server.get(&format!("{AT}/day")).await.status, 400);
    assert_eq!(
        server
            .get(&format!("{AT}/apt_0190a8b0c0de7000800000000000000a/history"))
            .await
            .status,
        404
    );
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn policy_reminders_and_the_waiting_list() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let policy = server.get(&format!("{AT}/policy")).await;
    assert_eq!(policy.header("etag"), Some("\"v0\""));
    server.assert_shape("AppointmentPolicy", &policy.json());
    let set = server
        .put(&format!("{AT}/policy"), 0, &json!({"cancel_notice_hours": 12}))
        .await;
    assert_eq!(
        (set.status, set.header("etag")),
        (200, Some("\"v1\"")),
        "{}",
        set.body
    );
    assert_eq!(
        server.put(&format!("{AT}/policy"), 0, &json!({})).await.status,
        412
    );
    assert_eq!(
        code(
            &server
                .put(&format!("{AT}/policy"), 1, &json!({"hold_minutes": 0}))
                .await
        ),
        "invalid"
    );

    let rules = format!("{AT}/reminder_rules");
    let rule = server.post(&rules, &json!({"minutes_before": 1440})).await;
    assert_eq!(rule.status, 201, "{}", rule.body);
    server.assert_shape("ReminderRule", &rule.json());
    assert_eq!(
        server.post(&rules, &json!({"minutes_before": 1440})).await.status,
        409
    );
    assert_eq!(
        server.post(&rules, &json!({"minutes_before": 1})).await.status,
        422
    );
    assert_eq!(
        server.get(&rules).await.json()["items"].as_array().unwrap().len(),
        1
    );
    let gone = format!("{rules}/{}", rule.json()["id"].as_str().unwrap());
    assert_eq!(server.send("DELETE", &gone, &[], "").await.status, 204);
    assert_eq!(server.send("DELETE", &gone, &[], "").await.status, 404);

    let waiting = format!("{AT}/waiting");
    let wish = json!({"client": clinic.client, "service": clinic.service, "wanted_from": SystemClock.now(),
        "wanted_until": SystemClock.now() + 7 * DAY, "part_of_day": "morning"});
    let entry = server.post(&waiting, &wish).await;
    assert_eq!(entry.status, 201, "{}", entry.body);
    server.assert_shape("WaitingEntry", &entry.json());
    let one = format!("{waiting}/{}", entry.json()["id"].as_str().unwrap());
    assert_eq!(server.get(&one).await.json()["part_of_day"], "morning");
    let listed = server.get(&format!("{waiting}?service={}", clinic.service)).await;
    let listed = listed.good(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let names = ["client_name", "service_name", "professional_name"].map(|name| &listed["items"][0][name]);
    assert_eq!(names, [&json!("Ana Souza"), &json!("Consulta"), &Value::Null]);
    assert_eq!(
        server
            .send("DELETE", &one, &[("if-match", "\"v1\"")], "")
            .await
            .status,
        204
    );
    assert_eq!(server.get(&waiting).await.json()["items"], json!([]));
    clinic.server.stop().await.unwrap();
}

/// What is read of an appointment in its list, in the agenda of its day and by itself.
async fn read(clinic: &Clinic, booked: &Value, headers: &[(&str, &str)]) -> Vec<Value> {
    let begins = Timestamp::parse(booked["starts_at"].as_str().unwrap()).unwrap();
    let day = (begins - Duration::from_secs(3 * 3_600)).to_string();
    let day = format!(
        "{AT}/day?professional={}&date={}",
        clinic.professional,
        day.split('T').next().unwrap()
    );
    let mut found = vec![
        clinic
            .server
            .send("GET", &at(booked), headers, "")
            .await
            .good(200),
    ];
    for list in [AT, day.as_str()] {
        let list = clinic.server.send("GET", list, headers, "").await.good(200);
        let of = |item: &&Value| item["id"] == booked["id"];
        found.push(list["items"].as_array().unwrap().iter().find(of).unwrap().clone());
    }
    found
}

#[tokio::test]
async fn what_is_read_tells_names_and_what_may_follow() {
    let clinic = Clinic::open().await;
    let server = &clinic.server;
    let slots = clinic.slots("&limit=1").await;
    let mut wish = clinic.wish(&slots[0]["starts_at"]);
    wish["actor"] = json!("client");
    let asked = server.post(AT, &wish).await.good(201);
    // What cannot be booked any more keeps its name.
    let service = format!("/api/v1/services/{}", clinic.service);
    server
        .act(&format!("{service}/deactivate"), 1, &json!({}))
        .await
        .good(200);
    let professional = format!("/api/v1/professionals/{}", clinic.professional);
    let version = server.get(&professional).await.good(200)["version"]
        .as_i64()
        .unwrap();
    server
        .act(&format!("{professional}/deactivate"), version, &json!({}))
        .await
        .good(200);
    for found in read(&clinic, &asked, &[]).await {
        assert_eq!(found["client_name"], "Ana Souza");
        assert_eq!(found["service_name"], "Consulta");
        assert_eq!(found["professional_name"], "Dra. Lima");
        assert_eq!(found["allowed"], json!(["confirmed", "cancelled", "rejected"]));
        assert_eq!(found["may_move"], true);
    }
    let visit = at(&asked);
    for (version, step, allowed, may_move) in [
        // Nobody is missed before the beginning.
        (
            1,
            "confirm",
            json!(["checked_in", "in_progress", "cancelled"]),
            true,
        ),
        (
            2,
            "check_in",
            json!(["in_progress", "completed", "cancelled"]),
            false,
        ),
        (3, "cancel", json!([]), false),
    ] {
        server
            .act(&format!("{visit}/{step}"), version, &json!({}))
            .await
            .good(200);
        let found = server.get(&visit).await.good(200);
        assert_eq!(
            (&found["allowed"], &found["may_move"]),
            (&allowed, &json!(may_move)),
            "{step}"
        );
    }
    server.assert_shape("ListedAppointment", &server.get(&visit).await.json());
    clinic.server.stop().await.unwrap();
}

#[tokio::test]
async fn nothing_may_follow_for_whoever_only_reads() {
    let clinic = Clinic::open().await;
    let slots = clinic.slots("&limit=1").await;
    let booked = clinic.book(&slots[0]["starts_at"]).await;
    let reader = clinic.server.program(&["appointment:read"]).await;
    for found in read(&clinic, &booked, &[("authorization", reader.as_str())]).await {
        assert_eq!(
            (&found["allowed"], &found["may_move"], &found["service_name"]),
            (&json!([]), &json!(false), &json!("Consulta"))
        );
    }
    clinic.server.stop().await.unwrap();
}
