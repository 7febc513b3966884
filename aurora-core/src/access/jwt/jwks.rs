//! Key sets (RFC 7517) of others, and our own for others.

use serde_json::{Map, Value, json};

use super::super::Error;
use super::super::encoding::{from_base64url, to_base64url};
use super::super::json;
use super::key::{Material, VerifyingKey, is_name};

const LONGEST: usize = 64 * 1_024;
const MOST_KEYS: usize = 100;
/// Members that a public key never has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The JSON of a key that may be published; nothing of a shared secret.
pub(super) fn to_jwk(key: &VerifyingKey) -> Option<Value> {
    let (kid, alg) = (key.kid(), key.algorithm().as_str());
    match &key.material {
        Material::Ed25519(x) => Some(json!({
            "kty": "OKP", "crv": "Ed25519", "x": to_base64url(x), "kid": kid, "alg": alg, "use": "sig",
        })),
        Material::Rsa { n, e } => Some(json!({
            "kty": "RSA", "n": to_base64url(n), "e": to_base64url(e), "kid": kid, "alg": alg, "use": "sig",
        })),
        Material::Hmac(_) => None,
    }
}

/// The keys of a set that verify with one of our algorithms; others are passed over, as RFC 7517, section 5, asks.
pub(super) fn read(text: &str) -> Result<Vec<VerifyingKey>, Error> {
    if text.len() > LONGEST {
        return Err(Error::invalid("a key set has at most 64 KiB"));
    }
    let set = json::object(text.as_bytes())
        .ok_or_else(|| Error::invalid("a key set is a JSON object in which nothing stands twice"))?;
    let Some(Value::Array(entries)) = set.get("keys") else {
        return Err(Error::invalid("a key set has an array of keys"));
    };
    if entries.len() > MOST_KEYS {
        return Err(Error::invalid("a key set has at most 100 keys"));
    }
    let mut keys: Vec<VerifyingKey> = Vec::new();
    for entry in entries {
        let Value::Object(jwk) = entry else {
            return Err(Error::invalid("a key of a key set is a JSON object"));
        };
        if PRIVATE.iter().any(|member| jwk.contains_key(*member)) {
            return Err(Error::invalid(
                "a key set holds a private key: take it down and make new keys",
            ));
        }
        let Some(key) = one(jwk)? else { continue };
        if keys.iter().any(|other| other.kid() == key.kid()) {
            return Err(Error::invalid("two keys of a key set have the same name"));
        }
        keys.push(key);
    }
    Ok(keys)
}

fn one(jwk: &Map<String, Value>) -> Result<Option<VerifyingKey>, Error> {
    let text = |member: &str| jwk.get(member).and_then(Value::as_str);
    if jwk.contains_key("use") && text("use") != Some("sig") {
        return Ok(None);
    }
    let verifies = |operations: &Value| {
        let listed = operations.as_array();
        listed.is_some_and(|all| all.iter().any(|it| it.as_str() == Some("verify")))
    };
    if jwk.get("key_ops").is_some_and(|operations| !verifies(operations)) {
        return Ok(None);
    }
    let bytes = |member: &str| text(member).and_then(from_base64url);
    let wrong = |what: &'static str| move || Error::invalid(what);
    let key = match (text("kty"), text("crv"), text("alg")) {
        (Some("OKP"), Some("Ed25519"), None | Some("EdDSA" | "Ed25519")) => bytes("x")
            .and_then(VerifyingKey::ed25519)
            .ok_or_else(wrong("an Ed25519 key of a key set is not one"))?,
        (Some("RSA"), _, None | Some("RS256")) => bytes("n")
            .zip(bytes("e"))
            .and_then(|(n, e)| VerifyingKey::rsa(&n, &e))
            .ok_or_else(wrong("an RSA key of a key set is not one of 2048 to 8192 bits"))?,
        _ => return Ok(None),
    };
    match jwk.get("kid") {
        None => Ok(Some(key)),
        Some(Value::String(kid)) if is_name(kid) => key.named(kid.clone()).map(Some),
        Some(_) => Err(Error::invalid(
            "the name of a key is 1 to 128 visible ASCII characters",
        )),
    }
}
