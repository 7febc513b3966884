//! `/openapi.json` and `/docs`: the API described by its own routes, with no request to anybody else.

mod redoc;

use axum::Router;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::IntoResponse as _;
use axum::routing::get;
use bytes::Bytes;
use tower_http::set_header::SetResponseHeaderLayer;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::access::Access;
use super::layers::idempotency::Answers;
use super::problem::ProblemBody;
use crate::state::AppState;

const PROBLEM: &str = "Problem";
const BEARER: &str = "bearer";
const KEY: &str = "key";

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
            `cursor`. Every operation names the permission that it takes as `x-permission`; `x-workspace-id` selects one of \
            the caller's workspaces.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody, super::alertmanager::AlertmanagerError)),
    tags(
        (name = "operation", description = "Is it alive, is it ready, what does it measure"),
        (name = "llm", description = "Model calls with fallback, the trail of attempts and exact cost"),
        (name = "anthropic", description = "The same models for Anthropic's own clients; errors have Anthropic's form"),
        (name = "openai", description = "The same models for OpenAI's own clients; errors have OpenAI's form"),
        (name = "status", description = "How calls, targets and alerts are doing; what the dashboard shows"),
        (name = "auth", description = "Signing in and out, second factors, passwords, invitations"),
        (name = "users", description = "The people of the installation, for administrators; and oneself"),
        (name = "workspaces", description = "Tenants, their members and invitations; clinics (clínicas) are workspaces, too"),
        (name = "keys", description = "API keys of programs, and the keys of providers that a workspace brings along"),
        (name = "audit", description = "Who did what, in a chain that shows what was tampered with"),
        (name = "admin", description = "The installation; takes a second factor of the last ten minutes"),
        (name = "events", description = "What happens, as it happens, and the log of it"),
        (name = "alerts", description = "Active alerts, silences, rules, routes, history and reports (alertas)"),
        (name = "notifications", description = "Channels, deliveries, messages and tests by hand (notificações)"),
        (name = "alertmanager", description = "Alertmanager's API v2 for Prometheus and amtool; errors are JSON strings"),
        (name = "clients", description = "Companies and people that the workspace looks after (clientes)"),
        (name = "custom fields", description = "Fields of the workspace's own on clients and leads (campos personalizados)"),
        (name = "cnpj", description = "Companies by their CNPJ, out of public registries, and drafts of clients from them"),
        (name = "leads", description = "What may become business (oportunidades): on its way, won, lost, converted"),
        (name = "pipelines", description = "The ways that leads go (funis de vendas): stages and boards"),
        (name = "activities", description = "What was done about leads and clients (atividades)"),
        (name = "tasks", description = "What is to be done until when (tarefas), and reminders of it"),
        (name = "analytics", description = "Figures of the workspace over a period"),
        (name = "files", description = "Uploads and downloads with limits, and signed links (arquivos)"),
        (name = "knowledge", description = "Documents that are searched, cited, answered from and improved by feedback"),
        (name = "webhooks", description = "Events sent to addresses of the workspace's choice, signed and repeated"),
        (name = "privacy", description = "What the LGPD asks for: copies, anonymity, consents, requests, holds, retention"),
        (name = "backups", description = "Copies of the database, each restored as a test"),
        (name = "conversations", description = "What contacts write, who answers, and what changes meanwhile (conversas)"),
        (name = "whatsapp", description = "Numbers of the WhatsApp Business Platform, and what Meta calls"),
        (name = "web chat", description = "Chats on pages of the workspace, and what their visitors call"),
        (name = "appointments", description = "Who comes when to what, free times, the waiting list, reminders (agendamentos)"),
        (name = "scheduling", description = "Services, professionals, rooms, hours and holidays (agenda)"),
        (name = "calendar", description = "Calendars of professionals at Google"),
        (name = "assistant", description = "What the assistant is told, and what it did (assistente)"),
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
        .merge(redoc::router())
}

/// Says how credentials are shown, and writes `{name}` for the router's `{*name}`, which OpenAPI does not know.
pub(super) fn finish(api: &mut OpenApi) {
    let paths = std::mem::take(&mut api.paths.paths);
    api.paths.paths = paths
        .into_iter()
        .map(|(path, item)| (path.replace("{*", "{"), item))
        .collect();
    let components = api.components.get_or_insert_default();
    let bearer = Http::builder()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An access token of a login, or an API key (`aur_…`)"));
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer.build()));
    let key = ApiKeyValue::with_description("x-api-key", "An API key (`aur_…`)");
    components.add_security_scheme(KEY, SecurityScheme::ApiKey(ApiKey::Header(key)));
}

/// Adds to operations what follows from their shape: what it takes to call them, and the errors that anything of this
/// shape can end in. What an operation says itself stays.
pub(super) fn describe(item: &mut PathItem, access: Access, errors: &str) {
    for operation in operations(item) {
        let mut statuses = vec![
            (500, "The server failed"),
            (503, "A part that this needs does not answer"),
        ];
        if let Some(permission) = access.name() {
            let extensions = operation.extensions.get_or_insert_default();
            extensions.insert("x-permission".to_owned(), permission.into());
            let schemes = [BEARER, KEY].map(|name| SecurityRequirement::new(name, [] as [&str; 0]));
            operation.security = Some(schemes.into());
            statuses.push((
                401,
                "No credentials, or none that are good; or a fresher login is needed",
            ));
            statuses.push((403, "The caller may not do this"));
        }
        if matches!(access, Access::SignIn | Access::Session) {
            statuses.push((401, "The credentials are not accepted"));
        }
        if access != Access::Public {
            statuses.push((429, "Too many requests; `Retry-After` tells when to come back"));
        }
        let parameters = operation.parameters.iter().flatten();
        for parameter in parameters.filter_map(|it| if let RefOr::T(it) = it { Some(it) } else { None }) {
            match parameter.parameter_in {
                ParameterIn::Path => statuses.push((404, "There is none")),
                ParameterIn::Query => statuses.push((400, "A parameter is wrong or unknown")),
                ParameterIn::Header if parameter.name == "If-Match" => {
                    statuses.push((
                        412,
                        "Somebody was faster; `current_version` tells the version now",
                    ));
                    statuses.push((428, "`If-Match` is missing"));
                    statuses.push((400, "A header is wrong"));
                }
                _ => {}
            }
        }
        if operation.request_body.is_some() {
            statuses.push((404, "What the body names is not there"));
            statuses.push((400, "The body cannot be read"));
            statuses.push((408, "The body did not arrive in time"));
            statuses.push((413, "The body is too large"));
            statuses.push((415, "The body is of another type"));
            statuses.push((422, "Fields are wrong; `errors` lists every one"));
        }
        for (status, description) in statuses {
            let known = &mut operation.responses.responses;
            known
                .entry(status.to_string())
                .or_insert_with(|| RefOr::T(failure(description, errors)));
        }
    }
}

/// What every call that makes something may carry.
pub(super) fn repeatable(item: &mut PathItem, answers: Answers, errors: &str) {
    let Some(operation) = &mut item.post else { return };
    let parameters = operation.parameters.get_or_insert_default();
    let is_there = |it: &RefOr<Parameter>| matches!(it, RefOr::T(it) if it.name == "Idempotency-Key");
    let again = match answers {
        Answers::Kept => {
            "Makes a second call with the same key the same as the first, for a day: its answer comes again, with \
             `Idempotent-Replayed: true`"
        }
        Answers::ShownOnce => {
            "A second call with the same key is not made, for a day: it is told 409, because the answer shows a secret once"
        }
    };
    if !parameters.iter().any(is_there) {
        let key = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .description(Some(again))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        parameters.push(key.build().into());
    }
    for (status, description) in [
        (400, "A header is wrong"),
        (
            409,
            "A call with this `Idempotency-Key` is under way, or was made and its answer is not kept",
        ),
        (422, "The `Idempotency-Key` was used with another body"),
    ] {
        let known = &mut operation.responses.responses;
        known
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(failure(description, errors)));
    }
}

fn failure(description: &str, errors: &str) -> Response {
    let media = if errors == PROBLEM {
        "application/problem+json"
    } else {
        "application/json"
    };
    let content = Content::new(Some(Ref::from_schema_name(errors)));
    ResponseBuilder::new()
        .description(description)
        .content(media, content)
        .build()
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

    use serde_json::Value;

    async fn description() -> Value {
        let server = crate::http::testing::Server::with([]).await;
        let (_, api) = crate::http::collect(&server.state);
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

    #[tokio::test]
    async fn every_operation_is_described_with_its_errors() {
        let api = description().await;
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
                responses
                    .keys()
                    .any(|status| status.starts_with('2') || status == "101"),
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

    #[tokio::test]
    async fn every_reference_leads_somewhere() {
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
        let api = description().await;
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
