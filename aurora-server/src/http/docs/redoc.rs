//! `/redoc`: the description as a page to read, beside the one to try out at `/docs`. Everything comes from the binary.

use axum::Router;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{Html, IntoResponse as _, Response};
use axum::routing::get;

use crate::http::layers::compression::takes_gzip;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// See the README beside it.
const SCRIPT: &[u8] = include_bytes!("redoc/redoc.standalone.js.gz");

const PAGE: &str = "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Aurora API</title>\
    <style>body{margin:0}</style></head>\
    <body><redoc spec-url=\"/openapi.json\" disable-google-font=\"true\" hide-download-buttons=\"true\"></redoc>\
    <script src=\"/redoc/redoc.standalone.js\"></script></body></html>";

/// Everything from here and nothing else. The page sets styles from its script and searches in a worker that it makes of a
/// blob.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route("/redoc", get(page))
        .route("/redoc/redoc.standalone.js", get(script))
}

async fn page() -> Response {
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, Html(PAGE)).into_response()
}

/// The script is kept compressed and goes out so: whoever cannot take it (no browser) is told.
async fn script(headers: HeaderMap) -> Response {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    if accepted.is_some_and(|accepted| !takes_gzip(accepted)) {
        return Problem::new(ProblemKind::NotAcceptable)
            .detail("this file is sent with gzip alone")
            .into_response();
    }
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/javascript; charset=utf-8"),
        ),
        (CONTENT_ENCODING, HeaderValue::from_static("gzip")),
        (VARY, HeaderValue::from_static("accept-encoding")),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, SCRIPT).into_response()
}

#[cfg(test)]
mod tests {
    use sha2::Digest as _;

    use super::*;
    use crate::http::testing::Server;

    #[test]
    fn the_page_names_nothing_foreign_and_the_script_is_the_one_of_the_readme() {
        for foreign in ["http:", "https:", "//", "@import"] {
            assert!(!PAGE.contains(foreign), "{foreign}");
        }
        let sum = format!("{:x}", sha2::Sha256::digest(SCRIPT));
        assert!(include_str!("redoc/README.md").contains(&sum), "{sum}");
        assert!(SCRIPT.starts_with(&[0x1f, 0x8b]), "gzip");
    }

    #[test]
    fn gzip_is_taken_unless_it_is_refused() {
        for (accepted, takes) in [
            ("gzip, deflate, br", true),
            ("*", true),
            ("br;q=1.0, gzip;q=0.8", true),
            ("identity", false),
            ("gzip;q=0", false),
            ("", false),
        ] {
            assert_eq!(takes_gzip(accepted), takes, "{accepted}");
        }
    }

    #[tokio::test]
    async fn page_and_script_are_served_from_here() {
        let server = Server::with([]).await;
        let page = server.get("/redoc").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        let policy = page.header("content-security-policy").unwrap();
        assert!(
            policy.starts_with("default-src 'none'; script-src 'self';"),
            "{policy}"
        );
        let script = server.get("/redoc/redoc.standalone.js").await;
        assert_eq!(
            (script.status, script.header("content-encoding")),
            (200, Some("gzip"))
        );
        let refused = server
            .send(
                "GET",
                "/redoc/redoc.standalone.js",
                &[("accept-encoding", "identity")],
                "",
            )
            .await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (406, Some("not_acceptable"))
        );
        server.stop().await.unwrap();
    }
}
