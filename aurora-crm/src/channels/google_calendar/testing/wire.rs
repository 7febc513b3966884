//! Requests and answers.

use std::collections::BTreeMap;

use aurora_core::http::Url;
use serde_json::{Value, json};

use super::faults::Operation;

/// The most requests that are remembered; later ones are not.
pub(super) const REMEMBERED: usize = 100_000;

/// A request that has come in.
#[derive(Debug, Default)]
pub(super) struct Incoming {
    pub(super) method: String,
    /// The parts of the path, decoded.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    /// Names in lower case.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Vec<u8>,
}

impl Incoming {
    /// Reads request line and headers.
    pub(super) fn parse(head: &str) -> Option<Self> {
        let mut lines = head.lines();
        let mut words = lines.next()?.split(' ');
        let (method, target) = (words.next()?, words.next()?);
        let url = Url::parse(&format!("http://fake{target}")).ok()?;
        let path = url.path_segments()?.map(decoded).collect::<Option<_>>()?;
        let query = url.query_pairs().into_owned().collect();
        let mut headers = BTreeMap::new();
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(':')?;
            headers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
        Some(Self {
            method: method.to_owned(),
            path,
            query,
            headers,
            body: Vec::new(),
        })
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The fields of a form.
    pub(super) fn form(&self) -> BTreeMap<String, String> {
        let text = String::from_utf8_lossy(&self.body);
        let url = Url::parse(&format!("http://fake/?{text}"));
        url.map(|url| url.query_pairs().into_owned().collect())
            .unwrap_or_default()
    }
}

/// A part of a path: a name and value of a form, without plus for blank.
fn decoded(segment: &str) -> Option<String> {
    let url = Url::parse(&format!("http://fake/?x={}", segment.replace('+', "%2B"))).ok()?;
    url.query_pairs().next().map(|(_, value)| value.into_owned())
}

/// A call that came, for tests to look at.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recorded {
    /// What was asked for.
    pub operation: Operation,
    /// The parts of the path.
    pub path: Vec<String>,
    /// The query.
    pub query: BTreeMap<String, String>,
    /// The JSON that was sent; `null` where there was none.
    pub body: Value,
    /// The etag that was expected.
    pub if_match: Option<String>,
    /// The status of the answer, also of one that was lost on its way.
    pub status: u16,
}

/// An answer.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Reply {
    pub(super) fn json(value: &Value) -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: value.to_string(),
        }
    }

    pub(super) const fn empty() -> Self {
        Self {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// An error as the Calendar API tells it.
    pub(super) fn error(status: u16, domain: &str, reason: &str, message: &str) -> Self {
        let error = json!({"error": {
            "errors": [{"domain": domain, "reason": reason, "message": message}], "code": status, "message": message,
        }});
        Self {
            status,
            ..Self::json(&error)
        }
    }

    pub(super) fn invalid(reason: &str, message: &str) -> Self {
        Self::error(400, "global", reason, message)
    }

    pub(super) fn not_found() -> Self {
        Self::error(404, "global", "notFound", "Not Found")
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Fake\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !self.body.is_empty() {
            head.push_str("content-type: application/json; charset=UTF-8\r\n");
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(self.body.as_bytes());
        bytes
    }
}
