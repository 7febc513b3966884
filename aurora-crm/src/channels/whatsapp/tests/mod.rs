//! `meta_webhooks.json` and `meta_requests.json` hold examples of Meta's OpenAPI description of the API (`facebook/openapi`,
//! `business-messaging-api_v23.0.yaml`, MIT licence), with numbers and addresses in the places of their blanks.

mod echoes;
mod envelope;
mod errors;
mod files;
mod hostile;
mod house;
mod intake;
mod media;
mod messenger;
mod numbers;
mod official;
mod outgoing;
mod pausing;
mod refusals;
mod secrets;
mod sending;
mod upkeep;

use aurora_core::http::Egress;
use aurora_core::time::Timestamp;
use serde_json::Value;

use super::graph::{NumberAccess, WhatsAppClient, WhatsAppClientBuilder};
use super::testing::FakeGraph;
use super::webhook::{Item, Notification, Received};

const NUMBER: &str = "106540352242922";
const ANA: &str = "5511987654321";
const AT: Timestamp = Timestamp::from_secs(1_750_000_000);

fn meta_webhooks() -> serde_json::Map<String, Value> {
    serde_json::from_str(include_str!("meta_webhooks.json")).unwrap()
}

fn read(body: &Value) -> Vec<Received> {
    Notification::read(body.to_string().as_bytes()).unwrap().items
}

fn message(item: &Received) -> &super::webhook::InboundMessage {
    match &item.item {
        Item::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

async fn graph() -> FakeGraph {
    let graph = FakeGraph::start().await.unwrap();
    graph.add_number(NUMBER, "token");
    graph
}

fn settings(graph: &FakeGraph) -> WhatsAppClientBuilder {
    WhatsAppClient::builder()
        .base(graph.base())
        .egress(Egress::Any)
        .media_hosts(["127.0.0.1"])
}

fn access() -> NumberAccess {
    NumberAccess {
        number_id: NUMBER.to_owned(),
        token: "token".into(),
    }
}
