//! What is asked of an endpoint.

use std::fmt;
use std::net::IpAddr;

use aurora_core::http::{Egress, HeaderName, HeaderValue, Url, is_public};
use aurora_core::secret::Secret;
use serde::Deserialize;

use super::EventTypes;
use crate::error::Error;
use crate::fields::{Change, Fields};

const LONGEST_URL: usize = 2_048;
const LONGEST_DESCRIPTION: usize = 200;
const MOST_HEADERS: usize = 10;
const LONGEST_HEADER: usize = 1_024;

/// Headers that belong to the message, the connection or the trace.
const RESERVED: [&str; 17] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// An endpoint to be made.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use = "an endpoint is made by `Webhooks::create`"]
pub struct NewEndpoint {
    url: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default = "EventTypes::all")]
    event_types: EventTypes,
    #[serde(default)]
    headers: Vec<(String, Secret)>,
}

impl NewEndpoint {
    /// An endpoint at an `https` address, at most 2,048 bytes, that wants every event.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            description: None,
            event_types: EventTypes::all(),
            headers: Vec::new(),
        }
    }

    /// What it is for, one line of at most 200 characters.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    /// Which events it wants; all unless told.
    pub fn event_types(mut self, types: EventTypes) -> Self {
        self.event_types = types;
        self
    }

    /// A further header, such as an access token; up to 10, each value at most 1 KiB. The value is kept sealed.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Secret>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub(super) fn check(self, rules: Rules) -> Result<Checked, Error> {
        let mut fields = Fields::default();
        let checked = Checked {
            url: url(&mut fields, &self.url, rules),
            description: fields.optional_line(
                "description",
                self.description.as_deref(),
                LONGEST_DESCRIPTION,
            ),
            event_types: self.event_types,
            headers: Some(headers(&mut fields, self.headers)),
        };
        fields.finish(checked)
    }
}

impl fmt::Debug for NewEndpoint {
    /// Without the address, which can hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEndpoint")
            .field("event_types", &self.event_types)
            .finish_non_exhaustive()
    }
}

/// What is changed about an endpoint; what is not named stays as it is.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[must_use = "an endpoint is changed by `Webhooks::update`"]
pub struct EndpointChange {
    url: Option<String>,
    description: Change<String>,
    event_types: Option<EventTypes>,
    headers: Option<Vec<(String, Secret)>>,
}

impl EndpointChange {
    /// No change.
    pub fn new() -> Self {
        Self::default()
    }

    /// Another address.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Another description, or none.
    pub fn description(mut self, change: Change<String>) -> Self {
        self.description = change;
        self
    }

    /// Other events.
    pub fn event_types(mut self, types: EventTypes) -> Self {
        self.event_types = Some(types);
        self
    }

    /// Other further headers, in place of all that there are.
    pub fn headers(mut self, headers: Vec<(String, Secret)>) -> Self {
        self.headers = Some(headers);
        self
    }

    /// The fields that are named, for the audit log.
    pub(super) fn names(&self) -> Vec<&'static str> {
        [
            ("url", self.url.is_some()),
            ("description", self.description != Change::Keep),
            ("event_types", self.event_types.is_some()),
            ("headers", self.headers.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, named)| named.then_some(name))
        .collect()
    }

    pub(super) fn check(self, current: &super::Endpoint, rules: Rules) -> Result<Checked, Error> {
        let mut fields = Fields::default();
        let checked = Checked {
            url: match self.url {
                Some(text) => url(&mut fields, &text, rules),
                None => current.url.clone(),
            },
            description: match self.description {
                Change::Keep => current.description.clone(),
                Change::Clear => None,
                Change::Set(text) => {
                    fields.optional_line("description", Some(text.as_str()), LONGEST_DESCRIPTION)
                }
            },
            event_types: self.event_types.unwrap_or_else(|| current.event_types.clone()),
            headers: self.headers.map(|given| headers(&mut fields, given)),
        };
        fields.finish(checked)
    }
}

impl fmt::Debug for EndpointChange {
    /// Without the address, which can hold a token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointChange")
            .field("fields", &self.names())
            .finish_non_exhaustive()
    }
}

/// Where endpoints may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rules {
    pub(super) egress: Egress,
    pub(super) allow_http: bool,
}

/// An endpoint whose fields are right.
pub(super) struct Checked {
    pub(super) url: String,
    pub(super) description: Option<String>,
    pub(super) event_types: EventTypes,
    /// `None` leaves those that are stored.
    pub(super) headers: Option<Vec<(String, Secret)>>,
}

/// An address as it is stored; empty when it is refused.
fn url(fields: &mut Fields, text: &str, rules: Rules) -> String {
    let text = text.trim();
    if text.len() > LONGEST_URL {
        fields.refuse(
            "url",
            "too_long",
            format_args!("must have at most {LONGEST_URL} bytes"),
        );
        return String::new();
    }
    let Ok(url) = Url::parse(text) else {
        fields.refuse("url", "invalid", "must be an https URL");
        return String::new();
    };
    if let Err((code, message)) = may_be_sent_to(&url, rules) {
        fields.refuse("url", code, message);
        return String::new();
    }
    url.into()
}

/// Checks what can be seen in an address; where its name leads to is checked at each connection.
pub(super) fn may_be_sent_to(url: &Url, rules: Rules) -> Result<(), (&'static str, &'static str)> {
    let has_scheme = url.scheme() == "https" || (rules.allow_http && url.scheme() == "http");
    if !has_scheme {
        return Err(("invalid", "must be an https URL"));
    }
    let host = url.host_str().unwrap_or_default();
    if host.is_empty() {
        return Err(("invalid", "must have a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err((
            "invalid",
            "must not hold a user name or a password; they belong into a header",
        ));
    }
    if url.fragment().is_some() {
        return Err(("invalid", "must not have a fragment"));
    }
    if rules.egress == Egress::PublicOnly {
        // Other notations of an address, such as 0x7f.1, have become this one when the URL was parsed.
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>();
        let name = host.trim_end_matches('.');
        if address.is_ok_and(|address| !is_public(address))
            || name == "localhost"
            || name.ends_with(".localhost")
        {
            return Err(("not_allowed", "must be a public address"));
        }
    }
    Ok(())
}

fn headers(fields: &mut Fields, given: Vec<(String, Secret)>) -> Vec<(String, Secret)> {
    if given.len() > MOST_HEADERS {
        fields.refuse(
            "headers",
            "too_many",
            format_args!("must have at most {MOST_HEADERS} entries"),
        );
        return Vec::new();
    }
    let mut kept: Vec<(String, Secret)> = Vec::with_capacity(given.len());
    for (index, (name, value)) in given.into_iter().enumerate() {
        let field = format!("headers[{index}]");
        let name = name.trim().to_ascii_lowercase();
        let is_value = |text: &str| {
            text.len() <= LONGEST_HEADER && text.is_ascii() && HeaderValue::from_str(text).is_ok()
        };
        if HeaderName::try_from(name.as_str()).is_err() {
            fields.refuse(field, "invalid", "must have the name of a header");
        } else if name.starts_with("webhook-") || RESERVED.contains(&name.as_str()) {
            fields.refuse(
                field,
                "not_allowed",
                "is a header that belongs to the message or the connection",
            );
        } else if !is_value(value.expose()) {
            fields.refuse(
                field,
                "invalid",
                format_args!("must have a value of at most {LONGEST_HEADER} ASCII characters in one line"),
            );
        } else if kept.iter().any(|(other, _)| *other == name) {
            fields.refuse(field, "invalid", "is there already");
        } else {
            kept.push((name, value));
        }
    }
    kept
}
