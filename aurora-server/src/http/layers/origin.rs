//! Where a request comes from: the peer of the connection, or what the proxies before this server say, as far as they
//! are trusted.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;

use crate::state::AppState;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// The client's address; `None` where an embedding application tells no peer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin(pub(crate) Option<IpAddr>);

/// Whether the request comes from this machine and through no proxy. Where the settings tell of a proxy or of a public
/// address, nobody is near: a proxy on this machine that adds no header would look like one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nearby(pub(crate) bool);

pub(crate) async fn find(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let settings = &state.settings.server;
    let hops = usize::from(settings.trusted_proxies);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let origin = peer.map(|peer| client(peer, request.headers(), hops));
    let is_forwarded = ["forwarded", FORWARDED_FOR, "x-real-ip", "via"]
        .iter()
        .any(|name| request.headers().contains_key(*name));
    let is_behind = hops > 0 || settings.public_url.is_some();
    let is_local = peer.is_some_and(|peer| peer.to_canonical().is_loopback());
    let nearby = is_local && !is_forwarded && !is_behind;
    request.extensions_mut().insert(Origin(origin));
    request.extensions_mut().insert(Nearby(nearby));
    next.run(request).await
}

/// The address that the outermost trusted proxy saw. Each proxy appends the address of its own peer, so that what a
/// client writes itself stands further to the left than any trusted entry.
fn client(peer: IpAddr, headers: &HeaderMap, hops: usize) -> IpAddr {
    if hops == 0 {
        return peer.to_canonical();
    }
    // From the right, as bytes: what a client wrote further to the left cannot hide what the proxies appended.
    let lines = headers.get_all(FORWARDED_FOR).iter();
    let entries: Vec<&[u8]> = lines
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .collect();
    let told = entries.len().checked_sub(hops).and_then(|at| entries.get(at));
    let told = told.and_then(|entry| std::str::from_utf8(entry.trim_ascii()).ok());
    // A proxy that is trusted and says nothing, or fewer hops than are trusted: its own address limits all behind it.
    told.and_then(address).unwrap_or(peer).to_canonical()
}

/// An entry with or without a port, IPv6 with or without brackets.
fn address(entry: &str) -> Option<IpAddr> {
    let plain = entry.trim_start_matches('[').trim_end_matches(']');
    plain
        .parse()
        .ok()
        .or_else(|| entry.parse::<SocketAddr>().ok().map(|it| it.ip()))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn seen(lines: &[&str], hops: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        client("10.0.0.9".parse().unwrap(), &headers, hops).to_string()
    }

    #[test]
    fn only_what_trusted_proxies_append_counts() {
        assert_eq!(seen(&["1.1.1.1"], 0), "10.0.0.9", "no proxy is trusted");
        assert_eq!(
            seen(&["6.6.6.6, 1.1.1.1"], 1),
            "1.1.1.1",
            "the client wrote the first"
        );
        assert_eq!(seen(&["6.6.6.6", "1.1.1.1, 10.0.0.1"], 2), "1.1.1.1");
        assert_eq!(seen(&["1.1.1.1"], 2), "10.0.0.9", "fewer hops than are trusted");
        assert_eq!(seen(&[], 1), "10.0.0.9");
        assert_eq!(seen(&["nonsense"], 1), "10.0.0.9");
        assert_eq!(seen(&["[2001:db8::1]:443"], 1), "2001:db8::1");
        assert_eq!(seen(&["::ffff:1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(
            seen(&["não, 1.1.1.1"], 1),
            "1.1.1.1",
            "what a client wrote hides nobody"
        );
        assert_eq!(seen(&["não", "6.6.6.6, 1.1.1.1"], 2), "6.6.6.6");
        assert_eq!(seen(&["1.1.1.1, não"], 1), "10.0.0.9");
    }
}
