//! E-mail addresses.

use std::fmt;
use std::str::FromStr;

/// An e-mail address of the form that mail systems take in practice: RFC 5321 without quoted local parts, address
/// literals and non-ASCII characters (an international domain is written in its `xn--` form).
///
/// White space around the text is dropped and the domain is lowered; the part before the `@` is kept as written. It is
/// personal data, so `Debug` shows the domain only.
///
/// # Examples
/// ```
/// use aurora_crm::contacts::Email;
///
/// let email: Email = " Ana.Souza@Example.COM ".parse()?;
/// assert_eq!(email.as_str(), "Ana.Souza@example.com");
/// # Ok::<(), aurora_crm::contacts::ParseEmailError>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text is not an e-mail address. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an e-mail address such as name@example.com, with at most 254 characters")]
pub struct ParseEmailError;

impl FromStr for Email {
    type Err = ParseEmailError;

    fn from_str(text: &str) -> Result<Self, ParseEmailError> {
        let text = text.trim();
        // RFC 5321 4.5.3.1: 64 octets before the @, and 254 that fit into a path.
        if text.len() > 254 {
            return Err(ParseEmailError);
        }
        let (local, domain) = text.split_once('@').ok_or(ParseEmailError)?;
        let atom = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c);
        let local_is_good = local.len() <= 64
            && local
                .split('.')
                .all(|part| !part.is_empty() && part.chars().all(atom));
        let label_is_good = |label: &str| {
            (1..=63).contains(&label.len())
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last = domain.rsplit('.').next().unwrap_or_default();
        let domain_is_good = domain.contains('.')
            && domain.split('.').all(label_is_good)
            && !last.chars().all(|c| c.is_ascii_digit());
        if local_is_good && domain_is_good {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(ParseEmailError)
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Email(***@{})",
            self.0.split_once('@').map_or("", |(_, domain)| domain)
        )
    }
}

aurora_core::serde_as_text!(Email);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_mail_systems_take_are_accepted() {
        for good in [
            "a@b.co",
            "ana+crm@sub.example.com.br",
            "x@xn--mller-kva.de",
            "o'neil_{1}@a-b.io",
        ] {
            assert_eq!(good.parse::<Email>().unwrap().as_str(), good);
        }
        let long = format!("{}@example.com", "a".repeat(65));
        let longer = format!("a@{}.com", "b.".repeat(130));
        for bad in [
            "",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a@b.",
            "a@.co",
            "a b@c.co",
            "a@b c.co",
            "a@@b.co",
            "a@b@c.co",
            ".a@b.co",
            "a.@b.co",
            "a..b@c.co",
            "a@-b.co",
            "a@b-.co",
            "a@1.2.3.4",
            "\"a b\"@c.co",
            "josé@b.co",
            "a@münchen.de",
            "a@b.co\nbcc:x@y.z",
            &long,
            &longer,
        ] {
            assert_eq!(bad.parse::<Email>(), Err(ParseEmailError), "{bad}");
        }
    }

    #[test]
    fn debug_hides_the_person() {
        assert_eq!(
            format!("{:?}", "ana@example.com".parse::<Email>().unwrap()),
            "Email(***@example.com)"
        );
    }
}
