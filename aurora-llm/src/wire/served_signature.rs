//! How signatures travel through the server side of a dialect.

use crate::chat::Signature;
use crate::provider::ProviderId;

/// What precedes a signature that came from us.
const MARK: &str = "aurora1:";

/// A signature with its issuer; the length tells where the name ends, whatever it consists of.
pub(super) fn wrap(provider: &ProviderId, value: &str) -> String {
    let name = provider.as_str();
    format!("{MARK}{}:{name}:{value}", name.len())
}

/// The signature that [`wrap`] wrote; `None` for one that did not come from us.
pub(super) fn unwrap(text: &str) -> Option<Signature> {
    let (length, rest) = text.strip_prefix(MARK)?.split_once(':')?;
    let (name, value) = rest.split_at_checked(length.parse().ok()?)?;
    Some(Signature {
        provider: ProviderId::new(name),
        value: value.strip_prefix(':')?.to_owned(),
    })
}
