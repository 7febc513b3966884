//! What can be booked, with whom, where and when.

use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

const UNKNOWN: &str = "0190a8b0c0de7000800000000000000a";

async fn made(server: &Server, path: &str, body: &Value) -> Value {
    let answer = server.post(path, body).await;
    assert_eq!(answer.status, 201, "{path}: {}", answer.body);
    assert_eq!(answer.header("etag"), Some("\"v1\""));
    let json = answer.json();
    assert_eq!(
        answer.header("location").unwrap(),
        format!("{path}/{}", json["id"].as_str().unwrap())
    );
    json
}

async fn patch(server: &Server, at: &str, version: i64, body: &Value) -> Answer {
    let tag = format!("\"v{version}\"");
    server
        .send("PATCH", at, &[("if-match", &tag)], &body.to_string())
        .await
}

#[tokio::test]
async fn services_professionals_and_rooms_are_made_changed_and_deleted() {
    let server = Server::with([]).await;
    for (path, schema, prefix, new, change, wrong) in [
        (
            "/api/v1/services",
            "Service",
            "svc",
            json!({"name": "Consulta", "duration_minutes": 30}),
            json!({"price_cents": 25_000}),
            json!({"name": "", "duration_minutes": 1}),
        ),
        (
            "/api/v1/professionals",
            "Professional",
            "pro",
            json!({"name": "Dra. Lima"}),
            json!({"time_zone": "America/Manaus"}),
            json!({"name": "", "time_zone": "Mars/Base"}),
        ),
        (
            "/api/v1/rooms",
            "Room",
            "rom",
            json!({"name": "Sala 1"}),
            json!({"name": "Sala 2"}),
            json!({"name": ""}),
        ),
    ] {
        let one = made(&server, path, &new).await;
        server.assert_shape(schema, &one);
        let at = format!("{path}/{}", one["id"].as_str().unwrap());
        let twice = server.post(path, &new).await;
        assert_eq!(
            (twice.status, &twice.json()["existing_id"]),
            (409, &one["id"]),
            "{}",
            twice.body
        );
        assert_eq!(server.post(path, &wrong).await.status, 422, "{path}");
        let changed = patch(&server, &at, 1, &change).await;
        assert_eq!(
            (changed.status, &changed.json()["version"]),
            (200, &json!(2)),
            "{}",
            changed.body
        );
        assert_eq!(patch(&server, &at, 1, &change).await.status, 412, "{path}");
        assert_eq!(
            server.send("PATCH", &at, &[], &change.to_string()).await.status,
            428,
            "{path}"
        );

        let off = server.act(&format!("{at}/deactivate"), 2, &json!({})).await;
        assert_eq!(off.json()["active"], false, "{}", off.body);
        assert_eq!(server.get(path).await.json()["items"], json!([]), "{path}");
        assert_eq!(
            server.get(&format!("{path}?active=false")).await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert_eq!(
            server.act(&format!("{at}/activate"), 3, &json!({})).await.json()["active"],
            true
        );
        assert_eq!(server.get(&format!("{path}?active=perhaps")).await.status, 400);
        assert_eq!(
            server
                .send("DELETE", &at, &[("if-match", "\"v4\"")], "")
                .await
                .status,
            204,
            "{path}"
        );
        assert_eq!(server.get(&at).await.status, 404, "{path}");
        assert_eq!(
            server.get(&format!("{path}/{prefix}_{UNKNOWN}")).await.status,
            404
        );
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn hours_exceptions_and_holidays() {
    let server = Server::with([]).await;
    let lima = made(
        &server,
        "/api/v1/professionals",
        &json!({"name": "Dra. Lima", "time_zone": "America/Sao_Paulo"}),
    )
    .await;
    let who = lima["id"].as_str().unwrap();
    let at = format!("/api/v1/professionals/{who}/hours");
    let week = json!({"hours": [{"weekday": "Tue", "from": "08:00", "until": "12:00"}, {"weekday": "Mon", "from": "08:00", "until": "12:00"}]});
    let set = server.put(&at, 1, &week).await;
    assert_eq!(
        (set.status, &set.json()["version"]),
        (200, &json!(2)),
        "{}",
        set.body
    );
    assert_eq!(server.put(&at, 1, &week).await.status, 412);
    let hours = server.get(&at).await.json();
    assert_eq!(hours["items"][0]["weekday"], "Mon", "{hours}");
    server.assert_shape("WorkingHours", &hours["items"][0]);
    let wrong = json!({"hours": [{"weekday": "Mon", "from": "12:00", "until": "08:00"}]});
    let wrong = server.put(&at, 2, &wrong).await;
    assert_eq!(
        (wrong.status, &wrong.json()["errors"][0]["field"]),
        (422, &json!("hours[0].until")),
        "{}",
        wrong.body
    );

    let away = json!({"whose": {"kind": "professional", "id": who}, "from": "2027-03-08", "until": "2027-03-10", "reason": "férias"});
    let away = server.post("/api/v1/schedule/exceptions", &away).await;
    assert_eq!(away.json()["items"].as_array().unwrap().len(), 3, "{}", away.body);
    server.assert_shape("HoursException", &away.json()["items"][0]);
    let range = format!("/api/v1/schedule/exceptions?whose={who}&from=2027-03-09&until=2027-03-31");
    assert_eq!(
        server.get(&range).await.json()["items"].as_array().unwrap().len(),
        2
    );
    assert_eq!(server.send("DELETE", &range, &[], "").await.status, 204);
    assert_eq!(server.get(&range).await.json()["items"], json!([]));
    let wrong = server
        .get("/api/v1/schedule/exceptions?whose=nobody&from=yesterday")
        .await;
    assert_eq!(
        (wrong.status, wrong.json()["errors"].as_array().unwrap().len()),
        (400, 3),
        "{}",
        wrong.body
    );

    let nine = json!({"name": "Revolução", "kind": "state", "yearly": {"on": {"month": 7, "day": 9}}});
    let added = server.post("/api/v1/schedule/holidays", &nine).await;
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(server.post("/api/v1/schedule/holidays", &nine).await.status, 409);
    let rules = server.get("/api/v1/schedule/holiday_rules").await;
    server.assert_shape("HolidayRules", &rules.json());
    let set = server
        .put(
            "/api/v1/schedule/holiday_rules",
            0,
            &json!({"closes": ["christmas"]}),
        )
        .await;
    assert_eq!(set.json()["closes"], json!(["christmas"]), "{}", set.body);
    let days = server
        .get("/api/v1/schedule/holidays?from=2027-01-01&until=2027-12-31")
        .await
        .json();
    let closing: Vec<&Value> = days["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|day| day["closes"] == true)
        .collect();
    assert_eq!(closing.len(), 2, "{closing:?}");
    closing.iter().for_each(|day| server.assert_shape("Holiday", day));
    let gone = format!(
        "/api/v1/schedule/holidays/{}",
        added.json()["id"].as_str().unwrap()
    );
    assert_eq!(server.send("DELETE", &gone, &[], "").await.status, 204);
    server.stop().await.unwrap();
}
