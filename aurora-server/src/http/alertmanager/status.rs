use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::SEE;
use super::alerts::ReceiverName;
use crate::http::Routes;
use crate::state::AppState;

pub(super) fn routes(routes: Routes) -> Routes {
    routes.route(SEE, routes!(status)).route(SEE, routes!(receivers))
}

/// The server, in Alertmanager's form.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AlertmanagerStatus)]
struct StatusView {
    /// Replicas share a database and know no peers.
    #[schema(value_type = Object)]
    cluster: Value,
    #[schema(value_type = Object)]
    version_info: Value,
    /// `original` has the receivers, as YAML.
    #[schema(value_type = Object)]
    config: Value,
    /// Since when it runs (RFC 3339).
    #[schema(format = DateTime)]
    uptime: String,
}

fn names(state: &AppState) -> Vec<String> {
    let receivers = state.alerts.routing().receivers.into_iter().map(|it| it.name);
    let channels = state.alerts.channels().into_iter().map(|it| it.channel);
    let mut names: Vec<String> = receivers.chain(channels).collect();
    names.sort();
    names.dedup();
    names
}

/// The server, in Alertmanager's form.
#[utoipa::path(get, path = "/status", tag = "alertmanager", operation_id = "alertmanager_status", responses(
    (status = 200, description = "Version, configuration, since when it runs", body = StatusView),
))]
async fn status(State(state): State<AppState>) -> axum::Json<StatusView> {
    let names = names(&state);
    let routing = state.alerts.routing();
    let root = routing
        .root
        .as_ref()
        .and_then(|root| root.receiver().map(str::to_owned));
    let receivers: Vec<Value> = names.iter().map(|name| json!({"name": name})).collect();
    let config =
        json!({"route": {"receiver": root.or_else(|| names.first().cloned())}, "receivers": receivers});
    axum::Json(StatusView {
        cluster: json!({"status": "disabled", "peers": []}),
        version_info: json!({
            "version": env!("CARGO_PKG_VERSION"),
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
        }),
        // JSON is YAML.
        config: json!({"original": config.to_string()}),
        uptime: (state.clock.now() - state.uptime()).to_string(),
    })
}

/// The receivers, in Alertmanager's form; the name of a channel is a receiver by itself.
#[utoipa::path(get, path = "/receivers", tag = "alertmanager", operation_id = "alertmanager_receivers", responses(
    (status = 200, description = "The receivers", body = Vec<ReceiverName>),
))]
async fn receivers(State(state): State<AppState>) -> axum::Json<Vec<ReceiverName>> {
    let names = names(&state).into_iter();
    axum::Json(names.map(|name| ReceiverName { name }).collect())
}
