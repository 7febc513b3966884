//! Headers that keep browsers from doing harm with an answer, and those that say who answers.
//!
//! `Strict-Transport-Security` stands only where people reach the server by https, as `server.public_url` says: RFC 6797 §7.2
//! forbids it on answers without TLS, and TLS ends at a proxy.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::AppState;

/// Two years, as the lists of browsers ask.
const HSTS: &str = "max-age=63072000; includeSubDomains";

/// Set on every answer.
const ALWAYS: [(HeaderName, &str); 8] = [
    // Published by the systems before; `/openapi.json` tells no less.
    (HeaderName::from_static("x-service"), "aurora"),
    (HeaderName::from_static("x-version"), env!("CARGO_PKG_VERSION")),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (X_XSS_PROTECTION, "0"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// Set where the handler has not said otherwise; pages bring a policy of their own.
const UNLESS_SET: [(HeaderName, &str); 2] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
];

pub(crate) async fn headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    let address = state.settings.server.public_url.as_deref();
    if address.is_some_and(|address| address.starts_with("https://")) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
    }
    for (name, value) in UNLESS_SET {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}
