use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::dns::Resolve;
use tokio::net::TcpListener;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{client, url};
use crate::http::egress::{Lookup, PublicResolver};
use crate::http::{Egress, ErrorKind, HttpClient, StatusCode};

/// A name server that gives the same answer for every name.
struct FixedLookup(Vec<IpAddr>);

impl Lookup for FixedLookup {
    fn addresses(&self, _name: &str) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        let addresses = self.0.iter().map(|ip| SocketAddr::new(*ip, 0)).collect();
        Box::pin(async { Ok(addresses) })
    }
}

#[tokio::test]
async fn public_egress_never_reaches_the_own_network() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    let client = HttpClient::builder()
        .egress(Egress::PublicOnly)
        .lookup(FixedLookup(vec![
            "127.0.0.1".parse().unwrap(),
            "::1".parse().unwrap(),
        ]))
        .build()
        .unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f000001",
        "[::ffff:127.0.0.1]",
        "harmless.example",
        "localhost",
    ] {
        let error = client
            .get(&url(format!("http://{host}:{port}/")))
            .send()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked, "{host}: {error:?}");
        assert!(error.before_sending() && !error.is_retryable());
    }
    assert!(canary.accept().now_or_never().is_none(), "the canary was reached");
}

#[tokio::test]
async fn a_name_with_several_answers_is_reached_by_the_public_ones_alone() {
    let mixed = FixedLookup(vec!["10.0.0.1".parse().unwrap(), "8.8.8.8".parse().unwrap()]);
    let resolver = PublicResolver(Arc::new(mixed));
    let left: Vec<_> = resolver
        .resolve("x.example".parse().unwrap())
        .await
        .map_err(|error| error.to_string())
        .unwrap()
        .collect();
    assert_eq!(left, ["8.8.8.8:0".parse().unwrap()]);
}

#[tokio::test]
async fn own_network_is_reached_when_egress_is_not_limited() {
    let server = MockServer::start().await;
    Mock::given(path("/"))
        .respond_with(ResponseTemplate::new(204))
        .mount(&server)
        .await;
    let response = client().get(&url(server.uri())).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::NO_CONTENT);
}
