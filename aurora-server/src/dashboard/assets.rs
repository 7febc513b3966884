//! The files of the dashboard, with what browsers need to keep them and to refuse everything else.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode};
use axum::response::IntoResponse as _;
use rust_embed::{Embed, EmbeddedFile};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use crate::http::nothing_here;

/// Everything from here and nothing else; no script or style within a page.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
/// The page that loads all others.
const SHELL: &str = "index.html";

#[derive(Embed)]
#[folder = "src/dashboard/assets"]
pub(super) struct Assets;

/// Answers in the form that the browser takes, where it is worth it.
pub(super) fn compressed() -> CompressionLayer<SizeAbove> {
    CompressionLayer::new().compress_when(SizeAbove::new(1_024))
}

/// The shell, at whatever page: the browser's side reads the address.
pub(super) async fn shell(headers: HeaderMap) -> Response<Body> {
    answer(SHELL, &headers).await
}

pub(super) async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response<Body> {
    answer(&path, &headers).await
}

async fn answer(path: &str, headers: &HeaderMap) -> Response<Body> {
    let (Some(kind), Some(file)) = (kind_of(path), Assets::get(path)) else {
        return nothing_here().await;
    };
    let tag = tag_of(&file);
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, kind)], file.data).into_response()
    };
    let told = response.headers_mut();
    told.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    // Asked for anew each time: after an update the files must fit together.
    told.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = tag.parse() {
        told.insert(ETAG, tag);
    }
    response
}

/// Weak, because the same file goes out in more than one encoding.
fn tag_of(file: &EmbeddedFile) -> String {
    use std::fmt::Write as _;
    let hash = file.metadata.sha256_hash();
    hash.iter().take(16).fold(String::from("W/\""), |mut tag, byte| {
        write!(tag, "{byte:02x}").ok();
        tag
    }) + "\""
}

fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let known = headers.get_all(IF_NONE_MATCH).iter();
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .any(|known| known.trim() == tag)
}

/// `None` for what lies beside the files that browsers load.
fn kind_of(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    Some(match ending {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "rs" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
