//! Which web pages of other origins may ask the API (WHATWG Fetch, "CORS protocol").

use std::time::Duration;

use aurora_core::config::Server;
use axum::http::header::{ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer, ExposeHeaders};

/// The layer, if the settings name an origin. `*` together with cookies is refused by the settings.
pub(crate) fn layer(settings: &Server) -> Option<CorsLayer> {
    if settings.cors_origins.is_empty() {
        return None;
    }
    let origins = if settings.cors_origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        let exact = settings
            .cors_origins
            .iter()
            .filter_map(|origin| HeaderValue::try_from(origin).ok());
        AllowOrigin::list(exact)
    };
    let seen = [
        "x-request-id",
        "request-id",
        "ratelimit",
        "ratelimit-policy",
        "idempotent-replayed",
    ];
    Some(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_credentials(settings.cors_credentials)
            .allow_methods([
                Method::GET,
                Method::POST,
                Method::PUT,
                Method::PATCH,
                Method::DELETE,
            ])
            // The vendors' clients send dozens of their own (`anthropic-version`, `x-stainless-os` …), and more with each
            // version. Which page asks is what decides.
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(ExposeHeaders::list(
                [ETAG, LOCATION, RETRY_AFTER]
                    .into_iter()
                    .chain(seen.map(HeaderName::from_static)),
            ))
            .max_age(Duration::from_secs(600)),
    )
}
