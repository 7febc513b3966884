//! What is told at the start.

use std::net::SocketAddr;

use crate::state::AppState;

/// What `aurora serve` tells, within a second of its start.
pub(super) fn serve(state: &AppState, address: SocketAddr) -> String {
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
    text.push_str("\n  no authentication yet: listening on loopback only        Stop: Ctrl-C\n\n");
    text
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
