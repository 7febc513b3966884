use aurora_core::money::NanoUsd;
use aurora_crm::Context;
use aurora_crm::analytics::NewUsage;
use serde_json::{Value, json};

use crate::http::testing::Server;

const PATH: &str = "/api/v1/analytics";

async fn figures(server: &Server, of: &str) -> Value {
    server.get(&format!("{PATH}/{of}")).await.good(200)["figures"].clone()
}

#[tokio::test]
async fn figures_are_those_of_the_workspace_and_the_period() {
    let server = Server::with([]).await;
    let ana = json!({"kind": "person", "legal_name": "Ana", "source": "site"});
    server.post("/api/v1/clients", &ana).await.good(201);
    let mut leads = Vec::new();
    for cents in [100, 300] {
        let new = json!({"title": "x", "value": {"cents": cents}, "source": "referral"});
        leads.push(server.post("/api/v1/leads", &new).await.good(201));
    }
    let id = leads[1]["id"].as_str().unwrap();
    let call = json!({"kind": "call", "subject": {"lead": id}, "title": "x"});
    server.post("/api/v1/activities", &call).await.good(201);
    let win = format!("/api/v1/leads/{id}/win");
    server
        .change("POST", &win, "\"v1\"", &Value::Null)
        .await
        .good(200);
    let context = Context::new(server.state.workspace, "test");
    let used = NewUsage::new("r1", "input_tokens", 1_000)
        .label("m")
        .cost(NanoUsd::from_nanos(12_500_000));
    let analytics = server.state.crm.analytics();
    assert!(analytics.record_usage(&context, used).await.unwrap());

    let found = figures(&server, "overview").await;
    assert_eq!(found["clients"]["by_source"], json!({"site": 1}));
    assert_eq!(
        found["leads"],
        json!({"created": 2, "won": 1, "lost": 0, "conversion_rate": 1.0})
    );
    let years = "overview?from=2000-01-01T00:00:00Z&to=2001-01-01T00:00:00Z";
    assert_eq!(figures(&server, years).await["leads"]["created"], 0);
    let series = figures(&server, "series?bucket=month").await;
    let created = series.as_array().unwrap().iter();
    let created: i64 = created.map(|it| it["leads"]["created"].as_i64().unwrap()).sum();
    assert_eq!(created, 2);

    let pipeline = leads[0]["pipeline"].as_str().unwrap();
    let funnel = figures(&server, &format!("funnel?pipeline={pipeline}")).await;
    assert_eq!(
        (&funnel[0]["leads"], &funnel[0]["advanced"]),
        (&json!(2), &json!(1))
    );
    assert!(funnel[0]["median_secs"].is_u64());
    let value = server
        .get(&format!("{PATH}/pipeline-value?pipeline={pipeline}"))
        .await
        .good(200);
    assert_eq!(
        (&value["items"][0]["cents"], &value["items"][0]["weighted_cents"]),
        (&json!(100), &json!(10))
    );
    assert_eq!(figures(&server, "sources").await[0]["source"], "referral");
    let owners = figures(&server, "owners").await;
    assert_eq!(
        (&owners[0]["owner"], &owners[0]["won_cents"]),
        (&Value::Null, &json!(300))
    );
    assert_eq!(figures(&server, "response-times").await["answered"], 1);
    assert_eq!(
        figures(&server, "appointments").await,
        json!({"total": 0, "by_status": {}, "no_show_rate": null})
    );
    assert_eq!(
        figures(&server, "usage").await,
        json!({"items": [{"metric": "input_tokens", "label": "m", "records": 1, "quantity": 1_000,
            "cost_usd": "0.0125", "cost_nano_usd": 12_500_000}], "cost_usd": "0.0125", "cost_nano_usd": 12_500_000})
    );
}

#[tokio::test]
async fn what_is_no_period_is_told() {
    let server = Server::with([]).await;
    let wrong = server
        .get(&format!("{PATH}/series?from=today&to=now&bucket=hour&colour=1"))
        .await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["from", "to", "bucket", "colour"]);
    let back = "from=2027-01-02T00:00:00Z&to=2027-01-01T00:00:00Z";
    let wrong = server.get(&format!("{PATH}/owners?{back}")).await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["to"]);
    let long = "from=2020-01-01T00:00:00Z&to=2027-01-01T00:00:00Z";
    let wrong = server.get(&format!("{PATH}/series?{long}")).await;
    wrong.problem(400, "invalid_parameter");
    assert_eq!(wrong.wrong_fields(), ["period"]);
    for path in ["funnel", "pipeline-value"] {
        let wrong = server.get(&format!("{PATH}/{path}")).await;
        wrong.problem(400, "invalid_parameter");
        assert_eq!(wrong.wrong_fields(), ["pipeline"]);
        let absent = "pipeline=pip_0190a8b0c0de7000800000000000000a";
        let absent = server.get(&format!("{PATH}/{path}?{absent}")).await;
        absent.problem(404, "not_found");
    }
}
