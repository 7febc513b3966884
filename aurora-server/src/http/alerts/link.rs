//! The page behind the signed links of notifications: it asks, and acknowledges when the button is pressed.
//!
//! Programs that read mail open links to look for malware, so that `GET` changes nothing.

use aurora_alerts::{Alert, AlertEngine};
use axum::extract::{Query, Request, State};
use axum::http::header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::http::Routes;
use crate::http::access::Access;
use crate::http::extract::{Params, read_body};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// No script, no style, and no form but that of the page itself.
const POLICY: &str = "default-src 'none'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Longer names and notes are cut.
const LONGEST: usize = 200;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(Access::Public, routes!(ask))
        .route(Access::Public, routes!(acknowledge))
}

/// What a link acknowledges.
#[derive(Debug, ToSchema)]
#[schema(as = AcknowledgeLink)]
#[expect(dead_code, reason = "describes what is read from a form or from JSON")]
struct LinkInput {
    /// The token of the link.
    token: String,
    /// Who takes care.
    by: Option<String>,
    /// What is said.
    note: Option<String>,
}

/// Shows which alerts a signed link is about and asks whether somebody takes care of them; changes nothing.
#[utoipa::path(get, path = "/ack", tag = "alerts", operation_id = "show_acknowledge_link",
    params(("token" = String, Query, description = "The token of the link")),
    responses(
        (status = 200, description = "A small page; JSON for those that accept it", content((String = "text/html"), (Object = "application/json"))),
        (status = 404, description = "Not valid, or expired", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
    ))]
async fn ask(
    State(state): State<AppState>,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let token = params
        .take::<String>("token", "the token of the link")
        .unwrap_or_default();
    params.finish()?;
    let wants_json = wants_json(&headers);
    let Some(alerts) = alerts_of(&state.alerts, &token) else {
        return Ok(invalid(wants_json));
    };
    if wants_json {
        return Ok(
            axum::Json(json!({"alerts": alerts.iter().map(named).collect::<Vec<_>>()})).into_response(),
        );
    }
    let firing: Vec<&Alert> = alerts.iter().filter(|alert| fires(alert)).collect();
    if firing.is_empty() {
        return Ok(page(
            StatusCode::OK,
            "Nothing to acknowledge / Nada a reconhecer",
            "<p>None of these alerts fires any more. / Nenhum destes alertas está ativo.</p>",
        ));
    }
    let mut body = String::from("<ul>");
    for alert in &firing {
        let taken = match &alert.acknowledgement {
            Some(it) => format!(" – acknowledged by / reconhecido por {}", escaped(&it.by)),
            None => String::new(),
        };
        let name = escaped(&format!("[{}] {} {}", alert.severity, alert.rule, alert.labels));
        body.push_str(&format!("<li>{name}{taken}</li>"));
    }
    body.push_str(&format!(
        "</ul><form method=\"post\" action=\"\"><input type=\"hidden\" name=\"token\" value=\"{}\">\
         <p><label>Your name / Seu nome: <input name=\"by\" maxlength=\"200\" autocomplete=\"name\"></label></p>\
         <p><button>Acknowledge / Reconhecer</button></p></form>",
        escaped(&token)
    ));
    Ok(page(StatusCode::OK, "Acknowledge / Reconhecer", &body))
}

/// Says that somebody takes care of the alerts of a signed link.
#[utoipa::path(post, path = "/ack", tag = "alerts", operation_id = "use_acknowledge_link",
    request_body(content((LinkInput = "application/x-www-form-urlencoded"), (LinkInput = "application/json"))),
    responses(
        (status = 200, description = "Acknowledged", content((String = "text/html"), (Object = "application/json"))),
        (status = 404, description = "Not valid, or expired", content((String = "text/html"), (ProblemBody = "application/problem+json"))),
    ))]
async fn acknowledge(State(state): State<AppState>, request: Request) -> Result<Response, Problem> {
    let is_json = is_json(request.headers());
    let wants_json = is_json || wants_json(request.headers());
    let from_query = Query::<Vec<(String, String)>>::try_from_uri(request.uri()).map(|it| it.0);
    let mut fields = from_query.unwrap_or_default();
    let body = read_body(request).await?;
    fields.extend(if is_json { of_json(&body)? } else { of_form(&body)? });
    let value = |name: &str| {
        let found = fields.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value.trim().chars().take(LONGEST).collect::<String>())
    };
    // Tokens are longer than what people write.
    let token = fields.iter().rev().find(|(key, _)| key == "token");
    let token = token.map(|(_, token)| token.as_str()).unwrap_or_default();
    let by = value("by").filter(|by| !by.is_empty());
    let by = by.unwrap_or_else(|| "link".to_owned());
    let Some(alerts) = alerts_of(&state.alerts, token) else {
        return Ok(invalid(wants_json));
    };
    let fingerprints: Vec<_> = alerts.iter().map(|alert| alert.fingerprint).collect();
    let note = value("note").unwrap_or_default();
    state.alerts.acknowledge(fingerprints, &by, &note, None).await?;
    if wants_json {
        return Ok(axum::Json(json!({"acknowledged": true, "by": by})).into_response());
    }
    let body = format!("<p>Thank you, {}. / Obrigado.</p>", escaped(&by));
    Ok(page(StatusCode::OK, "Acknowledged / Reconhecido", &body))
}

/// The alerts of a good link that are still known.
fn alerts_of(engine: &AlertEngine, token: &str) -> Option<Vec<Alert>> {
    let token = engine.read_link(token).ok()?;
    let alerts = engine.alerts_of(&token.subject);
    Some(alerts.into_iter().filter_map(|alert| engine.get(alert)).collect())
}

const fn fires(alert: &Alert) -> bool {
    matches!(alert.state.phase, aurora_alerts::state::Phase::Firing { .. })
}

fn named(alert: &Alert) -> Value {
    json!({
        "fingerprint": alert.fingerprint,
        "rule": alert.rule,
        "severity": alert.severity,
        "labels": alert.labels,
        "firing": fires(alert),
        "acknowledged_by": alert.acknowledgement.as_ref().map(|it| &it.by),
    })
}

fn wants_json(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("application/json") && !accept.contains("text/html"))
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    kind.is_some_and(|kind| kind.trim_start().starts_with("application/json"))
}

fn of_form(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let unreadable = || Problem::new(ProblemKind::BadRequest).detail("the form cannot be read");
    // A form is written as a query is.
    let text = std::str::from_utf8(body).map_err(|_| unreadable())?;
    let uri: Uri = format!("/?{}", text.trim()).parse().map_err(|_| unreadable())?;
    let fields = Query::<Vec<(String, String)>>::try_from_uri(&uri);
    fields.map(|fields| fields.0).map_err(|_| unreadable())
}

fn of_json(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let fields = serde_json::from_slice::<std::collections::BTreeMap<String, String>>(body);
    let fields = fields
        .map_err(|_| Problem::new(ProblemKind::InvalidJson).detail("the body must be an object of texts"))?;
    Ok(fields.into_iter().collect())
}

fn invalid(wants_json: bool) -> Response {
    if wants_json {
        return Problem::new(ProblemKind::NotFound)
            .detail("the link is not valid or has expired")
            .into_response();
    }
    page(
        StatusCode::NOT_FOUND,
        "Link not valid / Link inválido",
        "<p>The link is not valid or has expired. / O link não é válido ou expirou.</p>",
    )
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><meta name=\"robots\" content=\"noindex\">\
         <title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>"
    );
    (status, [(CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response()
}

/// A text within HTML, also within an attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
