//! Where a request may go: the guard against server-side request forgery.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::error::{Error, ErrorKind};

/// Where a client lets its requests go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Egress {
    /// Anywhere, own network included: for URLs that the operator chose.
    #[default]
    Any,
    /// To public addresses alone: for URLs that a user chose.
    ///
    /// The host of the URL and every address that its name leads to are checked with [`is_public`], and the
    /// connection goes to a checked address, so that a name cannot change its answer in between.
    PublicOnly,
}

impl Egress {
    /// Checks what can be seen in the URL itself, before any lookup.
    pub(super) fn check(self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::invalid("the URL is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::invalid(
                "the URL carries credentials; they belong into a header",
            ));
        }
        let literal = match url.host() {
            None => return Err(Error::invalid("the URL has no host")),
            Some(Host::Domain(_)) => None,
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
        };
        match (self, literal) {
            (Self::PublicOnly, Some(address)) if !is_public(address) => {
                Err(Error::new(ErrorKind::Blocked, "the host is not a public address"))
            }
            _ => Ok(()),
        }
    }
}

/// Whether an address belongs to the public internet and to no special purpose.
///
/// Not public are: this network, private use, shared (CGNAT), loopback, link-local (cloud metadata), documentation,
/// benchmarking, multicast, reserved, broadcast, and everything that carries another address inside (IPv4-mapped,
/// NAT64, 6to4, Teredo); also Azure's metadata address 168.63.129.16, which is not in any special range.
///
/// Source: IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890).
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let special = match octets {
        [0 | 10 | 127 | 224.., ..] => true,
        [100, 64..=127, ..] => true,
        [169, 254, ..] => true,
        [172, 16..=31, ..] => true,
        [192, 0, 0 | 2, _] => true,
        [192, 88, 99, _] => true,
        [192, 168, ..] => true,
        [198, 18 | 19, ..] => true,
        [198, 51, 100, _] => true,
        [203, 0, 113, _] => true,
        _ => octets == [168, 63, 129, 16],
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // IETF protocol assignments, Teredo and benchmarking among them; documentation; 6to4; documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0x0db8, ..] | [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // 2000::/3 is all the global unicast space that has been handed out.
        [first, ..] => (0x2000..=0x3fff).contains(&first),
    }
}

/// Turns a name into addresses.
pub(super) trait Lookup: Send + Sync + 'static {
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>>;
}

/// The operating system's name lookup.
pub(super) struct SystemLookup;

impl Lookup for SystemLookup {
    fn addresses(&self, name: &str) -> BoxFuture<'static, std::io::Result<Vec<SocketAddr>>> {
        let name = name.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.collect()) })
    }
}

/// A resolver that hands on public addresses alone; the connection is made to what it hands on.
pub(super) struct PublicResolver(pub(super) Arc<dyn Lookup>);

impl Resolve for PublicResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.0.addresses(name.as_str());
        Box::pin(async move {
            let mut addresses = addresses.await?;
            addresses.retain(|address| is_public(address.ip()));
            if addresses.is_empty() {
                return Err(BlockedAddress.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The mark by which [`Error`] recognises a refusal of [`PublicResolver`] below the HTTP library's own errors.
#[derive(Debug)]
pub(super) struct BlockedAddress;

impl fmt::Display for BlockedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name leads to no public address")
    }
}

impl std::error::Error for BlockedAddress {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let not_public = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "168.63.129.16",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:0:4136:e378:8000:63bf:3fff:fdd2",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ];
        for address in not_public {
            assert!(!is_public(address.parse().unwrap()), "{address} taken for public");
        }
        let public = [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "168.63.129.17",
            "172.15.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "3fff:1000::1",
        ];
        for address in public {
            assert!(
                is_public(address.parse().unwrap()),
                "{address} not taken for public"
            );
        }
    }

    #[test]
    fn hosts_that_hide_an_address_are_seen_through() {
        let blocked = [
            "http://127.1/",
            "http://0x7f000001/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://017700000001/",
            "http://127.0.0.1./",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://169.254.169.254/latest/meta-data/",
            "http://①②⑦.⓪.⓪.①/",
            "http://0/",
            "https://[::]:8443/",
        ];
        for url in blocked {
            let error = Egress::PublicOnly.check(&Url::parse(url).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Blocked, "{url}");
        }
        assert!(
            Egress::Any
                .check(&Url::parse("http://127.0.0.1/").unwrap())
                .is_ok()
        );
        for url in ["https://example.com/", "http://8.8.8.8/"] {
            assert!(
                Egress::PublicOnly.check(&Url::parse(url).unwrap()).is_ok(),
                "{url}"
            );
        }
    }

    #[test]
    fn other_schemes_and_credentials_are_refused() {
        let refused = [
            "ftp://example.com/",
            "file:///etc/passwd",
            "gopher://example.com/",
            "http://example.com@127.0.0.1/",
            "https://user:password@example.com/",
        ];
        for url in refused {
            let error = Egress::PublicOnly.check(&Url::parse(url).unwrap()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{url}");
        }
    }
}
