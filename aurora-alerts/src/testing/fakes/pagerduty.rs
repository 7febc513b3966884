//! PagerDuty's Events API v2: <https://developer.pagerduty.com/docs/send-alert-event>.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use super::incidents::{FakeIncident, FakeIncidentStatus, Incidents};
use super::{FakeRequest, FakeResponse, FakeServer};

/// The most bytes of an event.
const EVENT: usize = 512_000;

/// Takes events as PagerDuty does, and keeps the incidents that come of them.
///
/// An event is refused with 400 when its routing key is another one, its action is none, a key or summary is missing or
/// too long, its severity is none, or it has more than 512,000 bytes.
///
/// # Examples
/// ```
/// use aurora_alerts::testing::fakes::FakePagerDuty;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let pagerduty = FakePagerDuty::start("0123456789abcdef0123456789abcdef").await?;
/// assert!(pagerduty.url().ends_with("/v2/enqueue"));
/// assert!(pagerduty.incidents().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakePagerDuty {
    server: FakeServer,
    incidents: Arc<Incidents>,
}

impl FakePagerDuty {
    /// Starts a service with one integration, of this routing key.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start(routing_key: impl Into<String>) -> io::Result<Self> {
        let (routing_key, incidents) = (routing_key.into(), Arc::<Incidents>::default());
        let kept = Arc::clone(&incidents);
        let server = FakeServer::start(move |request| answer(request, &routing_key, &kept)).await?;
        Ok(Self { server, incidents })
    }

    /// Where it takes events.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url("/v2/enqueue")
    }

    /// Every incident, oldest first.
    #[must_use]
    pub fn incidents(&self) -> Vec<FakeIncident> {
        self.incidents.all()
    }

    /// The server, for what came and for answers to come.
    #[must_use]
    pub const fn server(&self) -> &FakeServer {
        &self.server
    }
}

fn answer(request: &FakeRequest, routing_key: &str, incidents: &Incidents) -> FakeResponse {
    if (request.method.as_str(), request.path.as_str()) != ("POST", "/v2/enqueue") {
        return FakeResponse::new(404);
    }
    let event = request.json().unwrap_or_default();
    let errors = errors(request, &event, routing_key);
    if !errors.is_empty() {
        return FakeResponse::new(400).json(&json!({
            "status": "invalid event",
            "message": "Event object is invalid",
            "errors": errors,
        }));
    }
    let mut key = text(&event, "/dedup_key").to_owned();
    if key.is_empty() {
        key = format!("made-{}", incidents.all().len());
    }
    match text(&event, "/event_action") {
        "trigger" => {
            if !incidents.open(&key, text(&event, "/payload/summary")) {
                return FakeResponse::new(507);
            }
        }
        "acknowledge" => incidents.mark(&key, FakeIncidentStatus::Acknowledged),
        _ => incidents.mark(&key, FakeIncidentStatus::Closed),
    }
    FakeResponse::new(202).json(&json!({
        "status": "success",
        "message": "Event processed",
        "dedup_key": key,
    }))
}

fn errors(request: &FakeRequest, event: &Value, routing_key: &str) -> Vec<String> {
    let mut errors = Vec::new();
    let mut check = |holds: bool, error: &str| {
        if !holds {
            errors.push(error.to_owned());
        }
    };
    let length = |pointer: &str| text(event, pointer).chars().count();
    check(request.body.len() <= EVENT, "the event is too large");
    check(
        text(event, "/routing_key") == routing_key,
        "'routing_key' is invalid",
    );
    let action = text(event, "/event_action");
    check(
        ["trigger", "acknowledge", "resolve"].contains(&action),
        "'event_action' is invalid",
    );
    let key = length("/dedup_key");
    check(key <= 255, "'dedup_key' is too long");
    check(action == "trigger" || key > 0, "'dedup_key' is missing or blank");
    if action == "trigger" {
        check(
            (1..=1_024).contains(&length("/payload/summary")),
            "'payload.summary' is missing or too long",
        );
        check(
            length("/payload/source") > 0,
            "'payload.source' is missing or blank",
        );
        check(
            ["critical", "error", "warning", "info"].contains(&text(event, "/payload/severity")),
            "'payload.severity' is invalid",
        );
        let links = event.get("links").and_then(Value::as_array);
        let has_address = |link: &Value| !text(link, "/href").is_empty();
        check(
            links.is_none_or(|links| links.iter().all(has_address)),
            "'links' is invalid",
        );
    }
    errors
}

/// The text there; empty where there is none.
fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
