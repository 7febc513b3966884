//! The pages that links in letters lead to: one form, one script, one style, all in the binary.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::http::Routes;
use crate::http::access::Access;

const PAGE: &str = include_str!("account.html");
const STYLE: &str = include_str!("account.css");
const SCRIPT: &str = include_str!("account.js");

/// Everything from here and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Routes {
    let places = ["/setup", "/reset", "/invite", "/join", "/verify"];
    let page = || get(|| async { asset(PAGE, "text/html; charset=utf-8") });
    let routes = places.into_iter().fold(Routes::new(), |routes, place| {
        routes.page(Access::Public, place, page())
    });
    routes
        .page(
            Access::Public,
            "/account/account.css",
            get(|| async { asset(STYLE, "text/css; charset=utf-8") }),
        )
        .page(
            Access::Public,
            "/account/account.js",
            get(|| async { asset(SCRIPT, "text/javascript; charset=utf-8") }),
        )
}

fn asset(text: &'static str, kind: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}
