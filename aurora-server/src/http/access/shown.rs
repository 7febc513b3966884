//! What a request shows of who calls, as it is read from its headers.

use aurora_core::secret::Secret;
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};

use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const KEY_PREFIX: &str = "aur_";

/// What a request shows of who calls.
pub(super) enum Shown {
    Token(String),
    Key(Secret),
}

/// What the request shows: a bearer token, a key in the headers of either vendor's clients, or a browser's cookie.
pub(super) fn credentials(
    headers: &HeaderMap,
    method: &Method,
    is_https: bool,
) -> Result<Option<Shown>, Problem> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter();
    let key = headers.get("x-api-key").or_else(|| headers.get("api-key"));
    match (bearers.next(), bearers.next(), key) {
        (Some(value), None, _) => {
            let text = value.to_str().map_err(|_| Problem::refused_credentials())?;
            let (scheme, token) = text.split_once(' ').ok_or_else(Problem::refused_credentials)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(Problem::refused_credentials());
            }
            Ok(Some(of_text(token.trim())))
        }
        (Some(_), Some(_), _) => Err(Problem::refused_credentials()),
        (None, _, Some(key)) => {
            let key = key.to_str().map_err(|_| Problem::refused_credentials())?;
            Ok(Some(of_text(key.trim())))
        }
        (None, _, None) => {
            let cookie = cookie(headers, access_cookie(is_https));
            if cookie.is_some() && !method.is_safe() && !is_same_origin(headers) {
                return Err(Problem::new(ProblemKind::ForeignOrigin));
            }
            Ok(cookie.map(|token| Shown::Token(token.to_owned())))
        }
    }
}

fn of_text(text: &str) -> Shown {
    if text.starts_with(KEY_PREFIX) {
        Shown::Key(Secret::new(text))
    } else {
        Shown::Token(text.to_owned())
    }
}

/// The name of the cookie that holds an access token in browsers. Over https it has the prefix that ties it to this host
/// (RFC 6265bis §4.1.3), and no other is read then: one without can come from whoever has a neighbouring name.
pub(crate) const fn access_cookie(is_https: bool) -> &'static str {
    if is_https {
        "__Host-aurora_access"
    } else {
        "aurora_access"
    }
}

/// Whether the browser speaks https with us or with the proxy before us.
pub(crate) fn is_https(state: &AppState, headers: &HeaderMap) -> bool {
    if state.settings.server.trusted_proxies == 0 {
        return state.mail.is_https();
    }
    let forwarded = headers.get_all("x-forwarded-proto").iter().next_back();
    let last = forwarded
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next());
    state.mail.is_https() || last.is_some_and(|scheme| scheme.trim().eq_ignore_ascii_case("https"))
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Whether a browser says that its page is one of this server's own: cookies come along with foreign pages' requests too.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if let Some(site) = site {
        return matches!(site, b"same-origin" | b"none");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let origin = origin.and_then(|text| text.parse::<Uri>().ok());
    let authority = origin.as_ref().and_then(Uri::authority).map(|it| it.as_str());
    authority.is_some() && authority == host
}

/// Whether a browser says that its page is one of somebody else's. Programs say nothing.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let is_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN);
    is_browser && !is_same_origin(headers)
}
