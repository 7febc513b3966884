//! Opsgenie's Alert API v2, which Jira Service Management speaks too: <https://docs.opsgenie.com/docs/alert-api>.

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use super::incidents::{FakeIncident, FakeIncidentStatus, Incidents};
use super::{FakeRequest, FakeResponse, FakeServer};

/// The longest texts, in UTF-16 units.
const LIMITS: [(&str, usize); 7] = [
    ("message", 130),
    ("alias", 512),
    ("description", 15_000),
    ("entity", 512),
    ("source", 100),
    ("user", 100),
    ("note", 25_000),
];

/// Takes alerts as Opsgenie does, and keeps them.
///
/// Requests are answered 202 before it is looked whether the alert exists, as Opsgenie works later. A wrong key gets 401,
/// a body beyond the documented limits 422.
///
/// # Examples
/// ```
/// use aurora_alerts::testing::fakes::FakeOpsgenie;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let opsgenie = FakeOpsgenie::start("key").await?;
/// assert!(opsgenie.incidents().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct FakeOpsgenie {
    server: FakeServer,
    incidents: Arc<Incidents>,
}

impl FakeOpsgenie {
    /// Starts a service with one integration, of this key.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn start(api_key: impl Into<String>) -> io::Result<Self> {
        let (expected, incidents) = (
            format!("GenieKey {}", api_key.into()),
            Arc::<Incidents>::default(),
        );
        let kept = Arc::clone(&incidents);
        let server = FakeServer::start(move |request| answer(request, &expected, &kept)).await?;
        Ok(Self { server, incidents })
    }

    /// The base of its addresses.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url("")
    }

    /// Every alert, oldest first.
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

fn answer(request: &FakeRequest, expected: &str, incidents: &Incidents) -> FakeResponse {
    if request.header("authorization") != Some(expected) {
        return refused(401, "Could not authenticate");
    }
    let body = request.json().unwrap_or_default();
    if !body.is_object() {
        return refused(400, "Could not parse request body");
    }
    let Some(rest) = request
        .path
        .strip_prefix("/v2/alerts")
        .filter(|_| request.method == "POST")
    else {
        return refused(404, "No such endpoint");
    };
    if let Err(error) = check(&body, rest.is_empty()) {
        return refused(422, &error);
    }
    let by_alias = request
        .query
        .split('&')
        .any(|pair| pair == "identifierType=alias");
    match rest.split('/').collect::<Vec<_>>().as_slice() {
        [""] => {
            let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
            if !incidents.open(text("alias"), text("message")) {
                return refused(507, "Too many alerts for a test");
            }
        }
        ["", alias, "close"] if by_alias => incidents.mark(&decoded(alias), FakeIncidentStatus::Closed),
        ["", alias, "acknowledge"] if by_alias => {
            incidents.mark(&decoded(alias), FakeIncidentStatus::Acknowledged);
        }
        _ => return refused(404, "No such endpoint, or no alias"),
    }
    FakeResponse::new(202).json(&json!({
        "result": "Request will be processed",
        "took": 0.1,
        "requestId": "43a29c5c-3dbf-4fa4-9c26-f4f71023e120",
    }))
}

fn refused(status: u16, message: &str) -> FakeResponse {
    FakeResponse::new(status).json(&json!({ "message": message, "took": 0.1, "requestId": "none" }))
}

fn check(body: &Value, is_new: bool) -> Result<(), String> {
    let field = |name| body.get(name).filter(|value| !value.is_null());
    for (name, limit) in LIMITS {
        if field(name).is_some_and(|value| !is_text(value, limit)) {
            return Err(format!("{name} must be a text of at most {limit} characters"));
        }
    }
    let message = field("message").and_then(Value::as_str).unwrap_or_default();
    if is_new && message.trim().is_empty() {
        return Err("Message can not be empty.".to_owned());
    }
    let tags = field("tags").and_then(Value::as_array);
    if tags.is_some_and(|tags| tags.len() > 20 || !tags.iter().all(|tag| is_text(tag, 50))) {
        return Err("tags must be at most 20 of at most 50 characters".to_owned());
    }
    let mut total = 0;
    for (name, value) in field("details").and_then(Value::as_object).into_iter().flatten() {
        total += units(name) + units(value.as_str().ok_or("details must be texts")?);
    }
    if total > 8_000 {
        return Err("details must have at most 8000 characters".to_owned());
    }
    let is_known = |priority: &Value| {
        ["P1", "P2", "P3", "P4", "P5"]
            .iter()
            .any(|known| priority == known)
    };
    if field("priority").is_some_and(|priority| !is_known(priority)) {
        return Err("priority must be P1 to P5".to_owned());
    }
    Ok(())
}

fn is_text(value: &Value, limit: usize) -> bool {
    value.as_str().is_some_and(|text| units(text) <= limit)
}

fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// A part of a path without its percent signs (RFC 3986 §2.1).
fn decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| first == b'%');
        let byte = code
            .and_then(|code| std::str::from_utf8(code).ok())
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() {
            after.get(2..).unwrap_or_default()
        } else {
            after
        };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
