//! Keeps web pages from reaching a loopback server through the browser of whoever runs it.
//!
//! Two ways are closed. DNS rebinding: a page's own name is made to point to 127.0.0.1, which the `Host` header gives
//! away. Cross-site requests: a form or a script of another origin, which `Origin` and `Sec-Fetch-Site` give away.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::problem::{Problem, ProblemKind};

pub(crate) async fn only(request: Request, next: Next) -> Response {
    if !names_this_machine(request.uri(), request.headers()) {
        return Problem::new(ProblemKind::WrongHost).into_response();
    }
    if !request.method().is_safe() && is_foreign(request.headers()) {
        return Problem::new(ProblemKind::ForeignOrigin).into_response();
    }
    next.run(request).await
}

/// Whether the request was meant for this machine by a name that cannot be made to point elsewhere.
fn names_this_machine(uri: &Uri, headers: &HeaderMap) -> bool {
    // HTTP/2 has the authority in the address, HTTP/1.1 usually in the header: whatever is there must be right.
    let mut hosts = headers.get_all(HOST).iter();
    let header = match (hosts.next(), hosts.next()) {
        (Some(host), None) => match host.to_str().ok().and_then(|text| text.parse::<Authority>().ok()) {
            Some(host) => Some(is_loopback(host.host())),
            None => Some(false),
        },
        (None, _) => None,
        (Some(_), Some(_)) => Some(false),
    };
    let address = uri.host().map(is_loopback);
    header.or(address).is_some() && header != Some(false) && address != Some(false)
}

/// Whether a browser says that the request comes from a page of another origin. Programs say nothing.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers
        .get("sec-fetch-site")
        .map(|site| matches!(site.as_bytes(), b"same-origin" | b"none"));
    let origin = headers.get(ORIGIN).map(|origin| {
        let uri = origin.to_str().ok().and_then(|text| text.parse::<Uri>().ok());
        uri.as_ref().and_then(Uri::host).is_some_and(is_loopback)
    });
    site == Some(false) || origin == Some(false)
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || bare.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_names_of_this_machine_are_answered() {
        let to = |uri: &str, pairs: &[(&'static str, &'static str)]| {
            names_this_machine(&uri.parse().unwrap(), &headers(pairs))
        };
        for good in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "[::1]:8080",
            "[::1]",
        ] {
            assert!(to("/", &[("host", good)]), "{good}");
        }
        for bad in [
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example:80",
            "10.0.0.1",
            "0.0.0.0",
            "",
            "@",
        ] {
            assert!(!to("/", &[("host", bad)]), "{bad}");
        }
        assert!(!to("/", &[]), "nobody is named");
        assert!(to("http://localhost/", &[]), "as HTTP/2 does");
        assert!(!to("http://localhost/", &[("host", "evil.example")]));
        assert!(!to("http://evil.example/", &[("host", "localhost")]));
        assert!(!to("/", &[("host", "localhost"), ("host", "evil.example")]));
    }

    #[test]
    fn pages_of_other_origins_are_told_apart_from_programs() {
        assert!(!is_foreign(&headers(&[])));
        assert!(!is_foreign(&headers(&[
            ("origin", "http://localhost:8080"),
            ("sec-fetch-site", "same-origin")
        ])));
        assert!(is_foreign(&headers(&[("origin", "https://evil.example")])));
        assert!(is_foreign(&headers(&[("origin", "null")])));
        assert!(is_foreign(&headers(&[("sec-fetch-site", "cross-site")])));
        assert!(is_foreign(&headers(&[
            ("origin", "http://localhost:3000"),
            ("sec-fetch-site", "same-site")
        ])));
    }
}
