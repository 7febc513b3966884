//! `/openapi.json` and `/docs`: the API described by its own routes, with no request to anybody else.

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use axum::routing::get;
use bytes::Bytes;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::problem::ProblemBody;
use crate::state::AppState;

/// Everything from here and nothing else; the page sets styles from its scripts and shows pictures from data URLs.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

/// What stands at the head of the description.
#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Aurora",
        description = "LLM gateway, CRM and alerts.\n\nErrors are `application/problem+json` (RFC 9457) with a stable \
            `code`. Changes need the header `If-Match` with the etag that was read. Lists are read page by page with \
            `cursor`. There is no authentication yet: the server listens on loopback only.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody)),
    tags(
        (name = "operation", description = "Is it alive, is it ready, what does it measure"),
        (name = "llm", description = "Model calls with fallback, the trail of attempts and exact cost"),
        (name = "openai", description = "The same models for OpenAI's own clients; errors have OpenAI's form"),
        (name = "status", description = "How calls, targets and alerts are doing; what the dashboard shows"),
        (name = "clients", description = "Companies and people that the workspace looks after (clientes)"),
    ),
)]
pub(super) struct Api;

/// The routes that show the description.
pub(super) fn router(api: &OpenApi) -> Router<AppState> {
    let json = Bytes::from(api.to_json().unwrap_or_default());
    let description = move || {
        let json = json.clone();
        async move { ([(CONTENT_TYPE, "application/json")], json).into_response() }
    };
    let page: Router<AppState> = SwaggerUi::new("/docs")
        .config(Config::from("/openapi.json"))
        .into();
    let page = page
        .layer(SetResponseHeaderLayer::overriding(
            CONTENT_SECURITY_POLICY,
            PAGE_POLICY,
        ))
        .layer(SetResponseHeaderLayer::overriding(
            CACHE_CONTROL,
            HeaderValue::from_static("no-cache"),
        ));
    page.route("/openapi.json", get(description))
}

/// Writes `{name}` for the router's `{*name}`, which OpenAPI does not know.
pub(super) fn plain_paths(api: &mut OpenApi) {
    let paths = std::mem::take(&mut api.paths.paths);
    api.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
}

/// Gives the operations of an alias ids of their own, because OpenAPI wants every id once.
pub(super) fn rename_operations(api: &mut OpenApi, alias: &str) {
    for item in api.paths.paths.values_mut() {
        for operation in operations(item) {
            if let Some(id) = &mut operation.operation_id {
                *id = format!("{id}_{alias}");
            }
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use aurora_core::config::Loader;
    use serde_json::Value;

    fn description() -> Value {
        let (_, api) = crate::http::collect(&Loader::new().load().unwrap().settings().limits);
        serde_json::from_str(&api.to_json().unwrap()).unwrap()
    }

    fn operations(api: &Value) -> Vec<(String, String, &Value)> {
        let paths = api["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(move |(method, operation)| (path.clone(), method.clone(), operation))
        });
        all.collect()
    }

    #[test]
    fn every_operation_is_described_with_its_errors() {
        let api = description();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
        let mut ids = HashSet::new();
        for (path, method, operation) in operations(&api) {
            let place = format!("{method} {path}");
            assert!(!path.contains('*'), "{place}: no template of OpenAPI");
            assert!(
                ids.insert(operation["operationId"].as_str().unwrap().to_owned()),
                "{place}: id twice"
            );
            assert!(operation["summary"].is_string(), "{place}: no summary");
            let responses = operation["responses"].as_object().unwrap();
            assert!(
                responses.keys().any(|status| status.starts_with('2')),
                "{place}: no success"
            );
            for (status, response) in responses
                .iter()
                .filter(|(status, _)| status.starts_with(['4', '5']))
            {
                assert!(response["content"].is_object(), "{place}: {status} has no body");
            }
        }
        assert!(ids.contains("create_client") && ids.contains("create_client_clientes"));
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(members) => {
                    if let Some(Value::String(target)) = members.get("$ref") {
                        found.push(target.clone());
                    }
                    members.values().for_each(|value| walk(value, found));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
                _ => {}
            }
        }
        let api = description();
        let mut references = Vec::new();
        walk(&api, &mut references);
        assert!(!references.is_empty());
        for reference in references {
            assert!(
                api.pointer(reference.trim_start_matches('#')).is_some(),
                "{reference}"
            );
        }
    }
}
