//! What is told at the start.

use std::net::SocketAddr;

use aurora_core::secret::Secret;
use serde_json::{Value, json};

use crate::state::AppState;

/// What `aurora serve` tells, within a second of its start.
pub(super) fn serve(state: &AppState, address: SocketAddr, setup: Option<&Secret>) -> String {
    let mut text = format!("Aurora {}\n\n", env!("CARGO_PKG_VERSION"));
    places(&mut text, address);
    let models = match state.gateway.client() {
        None => {
            "none: the model endpoints answer 503 until OPENAI_API_KEY or ANTHROPIC_API_KEY is set".to_owned()
        }
        Some(client) => {
            let names: Vec<String> = client.status().into_iter().map(|target| target.name).collect();
            names.join(", ")
        }
    };
    line(&mut text, "Models", &models);
    if state.gateway.is_simulated() {
        line(
            &mut text,
            "",
            "SIMULATED answers; set OPENAI_API_KEY or ANTHROPIC_API_KEY for real ones",
        );
    }
    line(&mut text, "Database", state.crm.database().engine_name());
    if let Some(link) = setup {
        let what = "nobody can sign in yet: make the first administrator within 30 minutes at";
        text.push_str(&format!("\n  {what}\n\n  {}\n", link.expose()));
    }
    let access = match (state.doors.are_open(), setup) {
        (true, _) => "access.open: whoever is on this machine may do everything; listening on loopback only",
        (false, Some(_)) => "Access      aurora user create ADDRESS --admin · aurora key create",
        // Whoever looks after the installation is there already, and only the first can be made so.
        (false, None) => "Access      aurora user create ADDRESS · aurora key create",
    };
    text.push_str(&format!("\n  {access}\n  Stop: Ctrl-C\n\n"));
    text
}

/// The same for programs.
pub(super) fn in_json(state: &AppState, address: SocketAddr, setup: Option<&Secret>) -> Value {
    let client = state.gateway.client();
    let targets: Vec<String> = client
        .iter()
        .flat_map(|client| client.status())
        .map(|target| target.name)
        .collect();
    json!({
        "event": "listening",
        "version": env!("CARGO_PKG_VERSION"),
        "address": address.to_string(),
        "url": format!("http://{address}"),
        "models": targets,
        "simulated": state.gateway.is_simulated(),
        "database": state.crm.database().engine_name(),
        "open": state.doors.are_open(),
        "setup": setup.map(Secret::expose),
    })
}

/// The addresses.
pub(super) fn places(text: &mut String, address: SocketAddr) {
    line(text, "Dashboard", &format!("http://{address}/"));
    line(
        text,
        "API",
        &format!("http://{address}/api/v1/clients · /llm/chat · /v1/chat/completions"),
    );
    line(text, "Docs", &format!("http://{address}/docs · /openapi.json"));
    line(
        text,
        "Health",
        &format!("http://{address}/health · /ready · /metrics"),
    );
}

pub(super) fn line(text: &mut String, name: &str, value: &str) {
    text.push_str(&format!("  {name:<11} {value}\n"));
}
