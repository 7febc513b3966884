//! Answers in gzip for clients that take it (RFC 9110 §8.4): JSON, problems and text that are whole and worth it.
//!
//! Nothing is packed that streams, that is a file to keep or to read in ranges, or that shows a secret. The `ETag` stays as it
//! is, byte for byte: it names a version of a thing, which comes back in `If-Match`, and no cache keeps the bytes of an answer
//! (`no-store`). A tag for each encoding, as §8.8.3.3 has it for caches, would match no version.

#[cfg(test)]
mod tests;

use axum::body::HttpBody;
use axum::extract::Request;
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderValue, Method, Response as HttpResponse};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use tower::ServiceExt as _;
use tower_http::compression::Compression;
use tower_http::compression::predicate::Predicate;

/// Fewer bytes are not worth it.
const LEAST: u64 = 1_024;

/// Packs the answer if it is worth it and the client takes it.
pub(crate) async fn gzip(request: Request, next: Next) -> Response {
    if request.method() == Method::HEAD {
        return next.run(request).await;
    }
    let accepted = request.headers().get(ACCEPT_ENCODING);
    let accepted = accepted.and_then(|value| value.to_str().ok());
    if accepted.is_some_and(takes_gzip) {
        let packed = Compression::new(next)
            .compress_when(Worthwhile)
            .oneshot(request)
            .await;
        return packed.unwrap_or_else(|never| match never {}).into_response();
    }
    // Whoever refuses all encodings gets a plain answer and not 406: the call is made by then.
    let mut response = next.run(request).await;
    let worth = Worthwhile.should_compress(&response);
    let mut varies = response.headers().get_all(VARY).iter();
    if worth && !varies.any(|name| name == ACCEPT_ENCODING.as_str()) {
        response
            .headers_mut()
            .append(VARY, HeaderValue::from(ACCEPT_ENCODING));
    }
    response
}

/// Whether `Accept-Encoding` allows gzip.
pub(crate) fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let is_refused = parts
            .filter_map(|part| part.strip_prefix(['q', 'Q'])?.trim_start().strip_prefix('='))
            .any(|weight| matches!(weight.trim(), "0" | "0." | "0.0" | "0.00" | "0.000"));
        (name.eq_ignore_ascii_case("gzip") || name == "*") && !is_refused
    })
}

/// Stands in the extensions of an answer that is never packed.
#[derive(Debug, Clone, Copy)]
struct Plain;

/// For routes whose answers show secrets: the size of what is packed with words of somebody else's choice tells of both (BREACH).
pub(crate) async fn never(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.extensions_mut().insert(Plain);
    response
}

/// Which answers are packed.
#[derive(Debug, Clone, Copy)]
struct Worthwhile;

impl Predicate for Worthwhile {
    fn should_compress<B: HttpBody>(&self, response: &HttpResponse<B>) -> bool {
        let headers = response.headers();
        let is_of_its_own = [
            CONTENT_ENCODING,
            CONTENT_RANGE,
            CONTENT_DISPOSITION,
            ACCEPT_RANGES,
        ]
        .iter()
        .any(|name| headers.contains_key(name));
        let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_secret = response.extensions().get::<Plain>().is_some();
        // What has no known size streams.
        let size = response.body().size_hint().exact();
        !is_of_its_own && !is_secret && kind.is_some_and(is_text) && size.is_some_and(|size| size >= LEAST)
    }
}

fn is_text(kind: &str) -> bool {
    match kind.split(';').next().map(str::trim) {
        Some("application/json" | "application/problem+json") => true,
        Some(kind) => kind.starts_with("text/") && kind != "text/event-stream",
        None => false,
    }
}
