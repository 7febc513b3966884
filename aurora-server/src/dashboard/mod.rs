//! The dashboard: one page, its style, its script and its mark, all in the binary.

use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::http::Routes;
use crate::http::access::Access;

const PAGE: &str = include_str!("index.html");
const STYLE: &str = include_str!("dashboard.css");
const SCRIPT: &str = include_str!("dashboard.js");
const ICON: &str = include_str!("icon.svg");

/// Everything from here and nothing else; no script or style within the page.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

/// The page at `/` and what belongs to it. Not part of the API, so not of its description.
pub(crate) fn routes() -> Routes {
    Routes::new()
        .page(
            Access::Public,
            "/",
            get(|| async { asset(PAGE, "text/html; charset=utf-8") }),
        )
        .page(
            Access::Public,
            "/dashboard/dashboard.css",
            get(|| async { asset(STYLE, "text/css; charset=utf-8") }),
        )
        .page(
            Access::Public,
            "/dashboard/dashboard.js",
            get(|| async { asset(SCRIPT, "text/javascript; charset=utf-8") }),
        )
        .page(
            Access::Public,
            "/dashboard/icon.svg",
            get(|| async { asset(ICON, "image/svg+xml") }),
        )
}

fn asset(text: &'static str, kind: &'static str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // Asked for anew each time: after an update the page and its script must fit together.
        (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_page_comes_from_elsewhere_or_stands_within_it() {
        for (name, text) in [("html", PAGE), ("css", STYLE), ("js", SCRIPT), ("svg", ICON)] {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for foreign in ["http:", "https:", "//cdn", "@import", "url("] {
                assert!(!text.contains(foreign), "{name} has {foreign}");
            }
        }
        for inline in ["<style", " style=", "onclick=", "onload=", "javascript:"] {
            assert!(!PAGE.contains(inline), "{inline}");
        }
        assert_eq!(PAGE.matches("<script").count(), 1);
        for markup in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
        ] {
            assert!(!SCRIPT.contains(markup), "{markup}");
        }
    }

    #[test]
    fn every_text_of_the_page_is_there_in_both_languages() {
        let (_, after) = SCRIPT.split_once("en: {").unwrap();
        let (english, after) = after.split_once("\n  pt: {").unwrap();
        let (portuguese, _) = after.split_once("\n};").unwrap();
        for part in PAGE.split("data-text=\"").skip(1) {
            let (key, _) = part.split_once('"').unwrap();
            let has = |texts: &str| {
                [format!(" {key}: "), format!("\n{key}: ")]
                    .iter()
                    .any(|entry| texts.contains(entry))
            };
            assert!(has(english), "{key} in English");
            assert!(has(portuguese), "{key} in Portuguese");
        }
    }
}
