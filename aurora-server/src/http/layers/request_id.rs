//! Every request has an id, every answer tells it.

use std::convert::Infallible;
use std::sync::Arc;

use aurora_core::id::{Id, IdKind};
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::state::AppState;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LEN: usize = 64;

/// The id of the request: the client's own where it is sane, else a new one.
#[derive(Debug, Clone)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Marks the ids of requests.
#[derive(Debug)]
struct HttpRequest;

impl IdKind for HttpRequest {
    const PREFIX: &'static str = "req";
}

pub(crate) async fn assign(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id: Arc<str> = sane(request.headers()).map_or_else(
        || Id::<HttpRequest>::new(state.clock.now()).to_string().into(),
        Into::into,
    );
    request.extensions_mut().insert(RequestId(Arc::clone(&id)));
    let mut response = next.run(request).await;
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

/// The client's id, unless it could do harm in a log or a header.
fn sane(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(HEADER)?.to_str().ok()?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    ((1..=MAX_LEN).contains(&text.len()) && text.bytes().all(allowed)).then_some(text)
}

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts
            .extensions
            .get()
            .cloned()
            .unwrap_or_else(|| Self(Arc::from(""))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_could_harm_a_log_is_not_taken_over() {
        let given = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            sane(&headers).map(str::to_owned)
        };
        assert_eq!(given("abc-1.2_Z").as_deref(), Some("abc-1.2_Z"));
        for bad in ["", "a b", "a\tb", "a\"b", "é", &"x".repeat(65)] {
            assert_eq!(given(bad), None, "{bad:?}");
        }
    }
}
