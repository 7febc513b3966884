use serde_json::{Value, json};

use crate::http::testing::Server;

async fn lead(server: &Server, new: Value) -> (Value, String) {
    let made = server.post("/api/v1/leads", &new).await;
    let lead = made.good(201);
    (lead, made.header("location").unwrap().to_owned())
}

async fn pipeline(server: &Server) -> Value {
    let asked = json!({"language": "en"});
    let made = server.post("/api/v1/pipelines/default", &asked).await;
    assert_eq!(made.header("etag"), Some("\"v1\""));
    made.good(200)
}

fn stage<'a>(pipeline: &'a Value, name: &str) -> &'a str {
    let stages = pipeline["stages"].as_array().unwrap();
    let found = stages.iter().find(|stage| stage["name"] == name).unwrap();
    found["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_lead_goes_from_its_first_stage_to_a_client() {
    let server = Server::with([]).await;
    let new = json!({"title": "Reforma da fachada", "company_name": "Padaria Pão Quente Ltda", "cnpj": "11.222.333/0001-81",
        "contact_name": "Ana", "contact_phone": "(11) 98765-4321", "value": {"cents": 1_250_000}, "source": "referral"});
    let (made, at) = lead(&server, new).await;
    assert_eq!(made["value"], json!({"cents": 1_250_000, "currency": "BRL"}));
    assert_eq!((&made["status"], &made["version"]), (&json!("open"), &json!(1)));
    assert_eq!(made["contact_phone"], "+5511987654321");
    assert_eq!(server.get(&at).await.good(200), made);
    // The first lead made the default pipeline.
    let pipeline = pipeline(&server).await;
    assert_eq!(
        (&pipeline["id"], &pipeline["name"]),
        (&made["pipeline"], &json!("Vendas"))
    );

    let change = json!({"source_detail": "Bia", "value": {"cents": 900_000, "currency": "USD"}});
    let changed = server.change("PATCH", &at, "\"v1\"", &change).await.good(200);
    assert_eq!(
        (&changed["version"], &changed["value"]["currency"]),
        (&json!(2), &json!("USD"))
    );
    let step = json!({"stage": stage(&pipeline, "Proposta"), "place": "last"});
    let moved = server
        .change("POST", &format!("{at}/move"), "\"v2\"", &step)
        .await
        .good(200);
    assert_eq!(moved["stage"], stage(&pipeline, "Proposta"));
    let stale = server
        .change("POST", &format!("{at}/move"), "\"v2\"", &step)
        .await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 3);
    let wrong = json!({"stage": stage(&pipeline, "Ganho")});
    let wrong = server
        .change("POST", &format!("{at}/move"), "\"v3\"", &wrong)
        .await;
    wrong.problem(422, "invalid");

    let taken = json!({"kind": "company", "legal_name": "Padaria", "cnpj": "11222333000181"});
    let taken = server.post("/api/v1/clients", &taken).await.good(201);
    let convert = format!("{at}/convert");
    let refused = server.send("POST", &convert, &[], "").await;
    assert_eq!(refused.problem(409, "duplicate")["existing_id"], taken["id"]);
    let both = json!({"client": taken["id"], "new_client": {"kind": "person", "legal_name": "x"}});
    let both = server.post(&convert, &both).await;
    both.problem(422, "invalid");
    assert_eq!(both.wrong_fields(), ["new_client"]);
    let done = server
        .post(&convert, &json!({"link_existing": true}))
        .await
        .good(200);
    assert_eq!(
        (&done["client"], &done["is_new"], &done["lead"]["status"]),
        (&taken["id"], &json!(false), &json!("won"))
    );
    let again = server.send("POST", &convert, &[], "").await.good(200);
    assert_eq!(again["client"], taken["id"]);
    server
        .change("POST", &format!("{at}/reopen"), "\"v4\"", &Value::Null)
        .await
        .problem(422, "invalid");

    let history = server.get(&format!("{at}/history?limit=2")).await.good(200);
    let moves = history["items"].as_array().unwrap();
    assert_eq!(
        (moves.len(), &moves[0]["to"], &moves[0]["author"]),
        (2, &json!(stage(&pipeline, "Ganho")), &json!("loopback"))
    );
    let next = history["next"].as_str().unwrap();
    let rest = server
        .get(&format!("{at}/history?limit=2&cursor={next}"))
        .await
        .good(200);
    assert_eq!(
        (&rest["items"][0]["seq"], &rest["items"][0]["from"]),
        (&json!(1), &Value::Null)
    );
}

#[tokio::test]
async fn a_lead_is_lost_for_a_reason_opened_again_deleted_and_restored() {
    let server = Server::with([]).await;
    let (_, at) = lead(&server, json!({"title": "Piscina"})).await;
    let reasons = "/api/v1/leads/lost-reasons";
    let made = server.post(reasons, &json!({"name": "Preço"})).await;
    let reason = made.good(201);
    let problem = server.post(reasons, &json!({"name": "preço"})).await;
    assert_eq!(problem.problem(409, "duplicate")["existing_id"], reason["id"]);

    let lose = format!("{at}/lose");
    let empty = server.change("POST", &lose, "\"v1\"", &json!({})).await;
    empty.problem(422, "invalid");
    assert_eq!(empty.wrong_fields(), ["reason"]);
    server
        .send("POST", &lose, &[], r#"{"note":"x"}"#)
        .await
        .problem(428, "if_match_required");
    let why = json!({"reason": reason["id"], "note": "caro"});
    let lost = server.change("POST", &lose, "\"v1\"", &why).await.good(200);
    assert_eq!((&lost["status"], &lost["loss"]), (&json!("lost"), &why));
    let again = server.change("POST", &lose, "\"v2\"", &why).await;
    again.problem(422, "invalid");
    let open = server
        .change("POST", &format!("{at}/reopen"), "\"v2\"", &json!({}))
        .await
        .good(200);
    assert_eq!((&open["status"], &open["loss"]), (&json!("open"), &Value::Null));
    let won = server
        .change("POST", &format!("{at}/win"), "\"v3\"", &Value::Null)
        .await
        .good(200);
    assert_eq!(won["status"], "won");

    let gone = server.change("DELETE", made.header("location").unwrap(), "\"v1\"", &Value::Null);
    assert_eq!(gone.await.status, 204);
    assert_eq!(server.get(reasons).await.good(200)["items"], json!([]));
    let gone = server.change("DELETE", &at, "\"v4\"", &Value::Null).await;
    assert_eq!(gone.status, 204);
    server.get(&at).await.problem(404, "not_found");
    let back = server
        .change("POST", &format!("{at}/restore"), "\"v5\"", &Value::Null)
        .await;
    assert_eq!(back.good(200)["title"], "Piscina");
}

#[tokio::test]
async fn lists_are_filtered_and_boards_hold_the_first_of_each_stage() {
    let server = Server::with([]).await;
    let pipeline = pipeline(&server).await;
    assert_eq!(pipeline["name"], "Sales");
    let id = pipeline["id"].as_str().unwrap();
    let mut last = Value::Null;
    let rita = json!({"kind": "person", "legal_name": "Rita"});
    let rita = server.post("/api/v1/clients", &rita).await.good(201);
    for n in 1..=4 {
        let source = if n % 2 == 0 { "referral" } else { "website" };
        let mut new = json!({"title": format!("L{n}"), "value": {"cents": n * 100}, "source": source, "tags": ["x"],
            "expected_close": format!("2027-01-0{n}T00:00:00Z")});
        if n == 4 {
            new["client"] = rita["id"].clone();
        }
        (last, _) = lead(&server, new).await;
    }
    let of = async |query: &str| {
        let page = server.get(&format!("/api/v1/leads?{query}")).await.good(200);
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|lead| lead["title"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("source=referral&order=value").await, ["L4", "L2"]);
    assert_eq!(
        of("value_from=200&value_to=300&order=expected_close").await,
        ["L2", "L3"]
    );
    assert_eq!(of("value_from=200&currency=USD").await, [""; 0]);
    let days = "close_from=2027-01-02T00:00:00Z&close_before=2027-01-03T00:00:00Z";
    assert_eq!(of(days).await, ["L2"]);
    assert_eq!(
        of(&format!("pipeline={id}&status=open&tag=x&limit=2")).await,
        ["L4", "L3"]
    );
    let first = stage(&pipeline, "New");
    assert_eq!(
        of(&format!("stage={first}&order=position")).await,
        ["L4", "L3", "L2", "L1"]
    );

    let board = server
        .get(&format!("/api/v1/pipelines/{id}/board?limit=3"))
        .await
        .good(200);
    let column = &board["columns"][0];
    assert_eq!(
        (&column["count"], column["leads"].as_array().unwrap().len()),
        (&json!(4), 3)
    );
    assert_eq!(
        column["totals"][0]["value"],
        json!({"cents": 1_000, "currency": "BRL"})
    );
    assert_eq!(column["totals"][0]["weighted"]["cents"], 100);
    server.assert_shape("Board", &board);
    let nobodys = format!("/api/v1/pipelines/{id}/board?owner=usr_0190a8b0c0de7000800000000000000a");
    let nobodys = server.get(&nobodys).await.good(200);
    assert_eq!(
        (&nobodys["columns"][0]["count"], &nobodys["columns"][0]["totals"]),
        (&json!(0), &json!([])),
        "the sums are of this owner alone"
    );
    let wrong = server
        .get(&format!("/api/v1/pipelines/{id}/board?owner=me"))
        .await;
    wrong.problem(400, "invalid_parameter");
    let names = [0_usize, 1].map(|n| &column["leads"][n]["client_name"]);
    assert_eq!(names, [&json!("Rita"), &Value::Null]);
    assert_eq!(board["columns"].as_array().unwrap().len(), 7);
    let below = json!({"stage": first, "place": {"after": column["leads"][1]["id"]}});
    let at = format!("/api/v1/leads/{}/move", last["id"].as_str().unwrap());
    server.change("POST", &at, "\"v1\"", &below).await.good(200);
    assert_eq!(
        of(&format!("stage={first}&order=position")).await,
        ["L3", "L4", "L2", "L1"]
    );

    let wrong = server
        .get("/api/v1/leads?order=age&stage=x&value_from=much&status=sold&close_from=2027-01-01T00:00:00Z&colour=1")
        .await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(
        wrong.wrong_fields(),
        ["order", "stage", "status", "value_from", "colour"]
    );
    let wrong = server.get("/api/v1/leads?order=position").await;
    wrong.problem(400, "invalid_parameter");
    let wrong = server.get("/api/v1/leads?close_from=2027-01-01T00:00:00Z").await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["close_from"]);
    let wrong = server
        .get(&format!("/api/v1/pipelines/{id}/board?limit=201"))
        .await;
    wrong.problem(400, "invalid_parameter");
    server
        .get("/api/v1/pipelines/pip_0190a8b0c0de7000800000000000000a/board")
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn every_wrong_field_of_a_lead_is_told() {
    let server = Server::with([]).await;
    let wrong = json!({"value": {"cents": "much"}, "source": "heaven", "stage": "x", "colour": "red"});
    let answer = server.post("/api/v1/leads", &wrong).await;
    answer.problem(422, "invalid");
    assert_eq!(
        answer.wrong_fields(),
        ["colour", "source", "stage", "value", "title"]
    );
    let wrong = json!({"title": " ", "cnpj": "11.222.333/0001-82", "contact_email": "x", "contact_phone": "7",
        "value": {"cents": -1}});
    let answer = server.post("/api/v1/leads", &wrong).await;
    answer.problem(422, "invalid");
    let mut fields = answer.wrong_fields();
    fields.sort();
    assert_eq!(
        fields,
        ["cnpj", "contact_email", "contact_phone", "title", "value"]
    );
    let nobody = json!({"title": "x", "client": "cli_0190a8b0c0de7000800000000000000a"});
    server
        .post("/api/v1/leads", &nobody)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn pipelines_and_their_stages_change_by_version() {
    let server = Server::with([]).await;
    let wrong =
        json!({"name": "", "stages": [{"kind": "open", "name": "a", "probability": 101, "colour": "red"}]});
    let answer = server.post("/api/v1/pipelines", &wrong).await;
    answer.problem(422, "invalid");
    assert_eq!(
        answer.wrong_fields(),
        [
            "name",
            "stages[0].probability",
            "stages[0].colour",
            "stages",
            "stages"
        ]
    );
    let new = json!({"name": "Parceiros", "stages": [{"kind": "open", "name": "Conversa", "expected_days": 14},
        {"kind": "won", "name": "Assinado"}, {"kind": "lost", "name": "Recusado"}]});
    let made = server.post("/api/v1/pipelines", &new).await;
    let pipeline = made.good(201);
    let at = made.header("location").unwrap().to_owned();
    assert_eq!(server.get(&at).await.good(200), pipeline);
    assert_eq!(pipeline["stages"][1]["probability"], 100);

    let stages = format!("{at}/stages");
    let add = json!({"kind": "open", "name": "Visita", "probability": 30, "place": 0, "colour": "#AABBCC"});
    server
        .send("POST", &stages, &[], add.to_string())
        .await
        .problem(428, "if_match_required");
    let added = server.change("POST", &stages, "\"v1\"", &add).await.good(200);
    assert_eq!(
        (&added["stages"][0]["name"], &added["stages"][0]["colour"]),
        (&json!("Visita"), &json!("#aabbcc"))
    );
    let visit = format!("{stages}/{}", stage(&added, "Visita"));
    let change = json!({"name": "Visitas", "expected_days": 3});
    let stale = server.change("PATCH", &visit, "\"v1\"", &change).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 2);
    let changed = server.change("PATCH", &visit, "\"v2\"", &change).await.good(200);
    assert_eq!(changed["stages"][0]["expected_days"], 3);

    let order: Vec<&Value> = changed["stages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    let order: Vec<&Value> = order.into_iter().rev().collect();
    let reordered = server
        .change(
            "POST",
            &format!("{at}/reorder"),
            "\"v3\"",
            &json!({"stages": order}),
        )
        .await
        .good(200);
    assert_eq!(reordered["stages"][3]["name"], "Visitas");
    let few = server
        .change("POST", &format!("{at}/reorder"), "\"v4\"", &json!({"stages": []}))
        .await;
    few.problem(422, "invalid");

    lead(
        &server,
        json!({"title": "x", "pipeline": pipeline["id"], "stage": stage(&added, "Visita")}),
    )
    .await;
    let full = server.change("DELETE", &visit, "\"v4\"", &Value::Null).await;
    full.problem(422, "invalid");
    let to = format!("{visit}?to={}", stage(&pipeline, "Conversa"));
    let removed = server
        .change("DELETE", &to, "\"v4\"", &Value::Null)
        .await
        .good(200);
    assert_eq!(removed["stages"].as_array().unwrap().len(), 3);

    let default = server
        .change("POST", &format!("{at}/make-default"), "\"v5\"", &Value::Null)
        .await
        .good(200);
    assert_eq!(default["is_default"], true);
    let archive = server
        .change("PATCH", &at, "\"v6\"", &json!({"archived": true}))
        .await;
    archive.problem(422, "invalid");
    assert_eq!(archive.wrong_fields(), ["archived"]);
    let named = server
        .change("PATCH", &at, "\"v6\"", &json!({"name": "Canal"}))
        .await;
    assert_eq!(named.good(200)["name"], "Canal");
    let all = server.get("/api/v1/pipelines").await.good(200);
    assert_eq!(
        (all["items"].as_array().unwrap().len(), &all["next"]),
        (1, &Value::Null)
    );
}

#[tokio::test]
async fn rules_give_points_and_their_reasons() {
    let server = Server::with([]).await;
    let path = "/api/v1/leads/score-rules";
    let none = server.get(path).await;
    assert_eq!(
        (none.good(200), none.header("etag")),
        (json!({"version": 0, "rules": []}), Some("\"v0\""))
    );
    let (made, at) = lead(&server, json!({"title": "x", "source": "referral"})).await;
    assert_eq!(made["score"], Value::Null);
    let rules = json!({"rules": [{"name": "indicação", "field": "source", "condition": {"equals": "referral"}, "points": 20}]});
    let set = server.change("PUT", path, "\"v0\"", &rules).await;
    assert_eq!(
        (set.good(200)["version"].as_i64(), set.header("etag")),
        (Some(1), Some("\"v1\""))
    );
    let stale = server.change("PUT", path, "\"v0\"", &rules).await;
    assert_eq!(stale.problem(412, "stale_version")["current_version"], 1);
    let rescore = json!({"pipeline": made["pipeline"]});
    let done = server.post("/api/v1/leads/rescore", &rescore).await.good(200);
    assert_eq!(done, json!({"seen": 1, "stored": 1, "next": null}));
    let score = server.get(&at).await.good(200)["score"].clone();
    assert_eq!(
        (&score["total"], &score["reasons"]),
        (&json!(20), &json!([{"rule": "indicação", "points": 20}]))
    );
    let wrong =
        json!({"rules": [{"name": "", "field": "source", "condition": {"equals": ""}, "points": 5000}]});
    let wrong = server.change("PUT", path, "\"v1\"", &wrong).await;
    wrong.problem(422, "invalid");
    assert_eq!(
        wrong.wrong_fields(),
        ["rules[0].name", "rules[0].points", "rules[0].condition"]
    );
}
