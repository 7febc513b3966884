//! Who is limited.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use sha2::{Digest as _, Sha256};

/// The longest part that is kept as it is.
const MAX_PART: usize = 64;

/// The longest subject that is kept as it is.
const MAX_SUBJECT: usize = 192;

/// Who is limited in what: a class of routes or calls, one or more principals, the network that a request comes from.
///
/// A part of letters, digits and `. _ -` up to 64 bytes is kept as it is; any other, such as an e-mail address, is
/// replaced by 128 bits of its SHA-256, so that a subject is short, safe in a key of Redis, and shows no address or
/// name that somebody typed. Two subjects with different parts are different.
///
/// # Examples
/// ```
/// use aurora_core::resilience::limiter::Subject;
///
/// let subject = Subject::new("login").principal("usr_17").ip("2001:db8::1:2:3:4".parse()?);
/// assert_eq!(subject.as_str(), "login;usr_17@2001:db8:0:0");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    text: String,
}

impl Subject {
    /// A subject of a class of routes or calls, such as `login`, which is not limited together with any other.
    #[must_use]
    pub fn new(class: &str) -> Self {
        let mut text = String::with_capacity(class.len().min(MAX_PART) + 64);
        push(&mut text, class);
        Self { text }
    }

    /// Adds a principal: a user, a tenant, an API key. Of several, each has its place: the order matters.
    #[must_use]
    pub fn principal(mut self, id: &str) -> Self {
        self.text.push(';');
        push(&mut self.text, id);
        self.bounded()
    }

    /// Adds the network of an address: an IPv4 address itself, and the first 64 bits of an IPv6 address, which is what
    /// one subscriber has at least. An IPv4 address in IPv6 notation is the same as without.
    ///
    /// The address must be one that the caller can trust: of the peer, or as told by a proxy of one's own.
    #[must_use]
    pub fn ip(mut self, address: IpAddr) -> Self {
        self.text.push('@');
        self.text.push_str(&match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => network(address),
        });
        self.bounded()
    }

    /// The subject as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn bounded(mut self) -> Self {
        if self.text.len() > MAX_SUBJECT {
            let mut text = String::with_capacity(40);
            text.push('*');
            push_hash(&mut text, &self.text);
            self.text = text;
        }
        self
    }
}

fn network(address: Ipv6Addr) -> String {
    let [a, b, c, d, ..] = address.segments();
    format!("{a:x}:{b:x}:{c:x}:{d:x}")
}

fn push(text: &mut String, part: &str) {
    let is_plain = (1..=MAX_PART).contains(&part.len())
        && part
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    if is_plain {
        text.push_str(part);
    } else {
        push_hash(text, part);
    }
}

/// `#` cannot be in a part that is kept as it is.
fn push_hash(text: &mut String, part: &str) {
    text.push('#');
    for byte in Sha256::digest(part.as_bytes()).iter().take(16) {
        text.push_str(&format!("{byte:02x}"));
    }
}

impl fmt::Debug for Subject {
    /// Shows the class alone: the rest may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let class = self.text.split([';', '@']).next().unwrap_or_default();
        write!(f, "Subject({class}…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_network_is_an_ipv4_address_or_half_an_ipv6_address() {
        let ip = |text: &str| Subject::new("api").ip(text.parse().unwrap()).text;
        assert_eq!(ip("192.0.2.7"), "api@192.0.2.7");
        assert_eq!(ip("::ffff:192.0.2.7"), "api@192.0.2.7");
        assert_eq!(ip("2001:db8:1:2:ffff:ffff:ffff:ffff"), ip("2001:db8:1:2::1"));
        assert_ne!(ip("2001:db8:1:2::1"), ip("2001:db8:1:3::1"));
    }

    #[test]
    fn what_somebody_typed_is_neither_shown_nor_long() {
        let subject = Subject::new("login").principal("ana@example.org");
        assert!(!subject.text.contains("ana"), "{}", subject.text);
        assert_eq!(format!("{subject:?}"), "Subject(login…)");
        let long = Subject::new(&"c".repeat(10_000)).principal(&"{}:*\r\n".repeat(10_000));
        assert!(long.text.len() <= MAX_SUBJECT);
        let many = (0..100).fold(Subject::new("x"), |subject, n| subject.principal(&n.to_string()));
        assert!(many.text.len() <= MAX_SUBJECT, "{}", many.text);
    }

    proptest! {
        #[test]
        fn different_parts_are_different_subjects(
            a in (".{0,3}", prop::collection::vec("[ab;@#.]{0,3}", 0..3), prop::option::of(0_u8..3)),
            b in (".{0,3}", prop::collection::vec("[ab;@#.]{0,3}", 0..3), prop::option::of(0_u8..3)),
        ) {
            let subject = |(class, principals, ip): &(String, Vec<String>, Option<u8>)| {
                let subject = principals.iter().fold(Subject::new(class), |subject, id| subject.principal(id));
                ip.iter().fold(subject, |subject, ip| subject.ip(IpAddr::from([10, 0, 0, *ip])))
            };
            prop_assert_eq!(subject(&a) == subject(&b), a == b);
            let is_plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
            prop_assert!(subject(&a).text.bytes().all(is_plain));
        }
    }
}
