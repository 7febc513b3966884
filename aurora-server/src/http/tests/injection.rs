//! What looks like SQL in a parameter is a word like any other.

use serde_json::Value;

use super::api::Api;
use super::seed::Tenant;
use crate::http::testing::{Answer, House};

const HARMLESS: &str = "zzznothing";
/// Each begins like the harmless one, so that it is found as little and comes as late in every order.
const HOSTILE: [&str; 8] = [
    "zzz' OR '1'='1",
    "zzz'; DROP TABLE clients; --",
    "zzz\" OR \"\"=\"",
    "zzz' UNION SELECT null, null, null --",
    "zzz%' OR 1=1 --",
    "zzz$1",
    "zzz\\'; SELECT pg_sleep(9); --",
    "zzz_%",
];
/// They speak to registries outside.
const OUTSIDE: &str = "/api/v1/cnpj";

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What tells one answer from another.
fn said(answer: &Answer) -> (u16, Value) {
    let is_json = answer.header("content-type") == Some("application/json");
    let items = if is_json {
        answer.json()["items"].clone()
    } else {
        Value::Null
    };
    (answer.status, items)
}

#[tokio::test]
async fn sql_in_a_parameter_of_an_address_is_a_word_like_any_other() {
    let house = House::with(&[("limits.api_per_hour", "0")]).await;
    let api = Api::of(&house.server).await;
    let ana = house.administrator().await;
    let first = house.server.state.workspace.to_string();
    let tenant = Tenant::seeded(&house, ana, &first, "zarabatanaxq", &api).await;
    let before = tenant
        .ask("GET", "/api/v1/clients", &[], &Value::Null)
        .await
        .good(200);
    let (mut tried, mut differing) = (0, Vec::new());
    for operation in api.operations() {
        if operation.method != "GET" || operation.is_stream() || operation.path.starts_with(OUTSIDE) {
            continue;
        }
        let path = operation.address(|it| match it.kinds().first() {
            Some(kind) => tenant.ids.of(kind).remove(0),
            None => "x".to_owned(),
        });
        for parameter in operation.in_query() {
            let ask = async |text: &str| {
                let path = format!("{path}?{}={}", encoded(parameter.name), encoded(text));
                tenant.ask("GET", &path, &[], &Value::Null).await
            };
            let harmless = said(&ask(HARMLESS).await);
            // The assistant has no model here.
            let is_well = harmless.0 < 500 || harmless.0 == 503;
            assert!(is_well, "{path}?{}: {harmless:?}", parameter.name);
            for text in HOSTILE {
                let answer = ask(text).await;
                if said(&answer) != harmless {
                    let (name, status) = (parameter.name, answer.status);
                    differing.push(format!(
                        "{path}?{name}={text}: {status} {}, not {harmless:?}",
                        answer.body
                    ));
                }
                tried += 1;
            }
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
    assert!(tried > 500, "only {tried}");
    let after = tenant
        .ask("GET", "/api/v1/clients", &[], &Value::Null)
        .await
        .good(200);
    assert_eq!(before, after);
    house.server.stop().await.unwrap();
}
