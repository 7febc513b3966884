//! Other things than access tokens that the keys of a ring sign: each has a `typ` of its own.

use serde_json::Value;

use super::super::Error;
use super::issue::{self, sign};
use super::refusal::{Reason, Refusal};
use super::ring::KeyRing;
use super::verify::{LONGEST_TOKEN, open};
use crate::time::Timestamp;

impl KeyRing {
    /// Signs `payload`, a JSON object, as a compact JWS (RFC 7515) of type `typ`, such as `audit-checkpoint+jwt`.
    ///
    /// # Errors
    /// When `typ` is not 1 to 64 of `a-z`, `0-9`, `-`, `.` and `+`, or is that of an access token; when the ring has no
    /// key that signs; when the whole would have more than 4 KiB.
    pub fn sign_statement(&self, typ: &str, payload: &Value) -> Result<String, Error> {
        let is_plain =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.+".contains(&byte);
        if !(1..=64).contains(&typ.len()) || !typ.bytes().all(is_plain) || typ == issue::TYPE {
            return Err(Error::invalid(
                "the type of a statement is 1 to 64 of a-z, 0-9, -, . and +, and not that of access tokens",
            ));
        }
        if !payload.is_object() {
            return Err(Error::invalid("a statement is a JSON object"));
        }
        let signer = self
            .signer()
            .ok_or_else(|| Error::invalid("the ring has no key that signs"))?;
        let text = sign(&signer, typ, payload.to_string().as_bytes())?;
        if text.len() > LONGEST_TOKEN {
            return Err(Error::invalid("a statement has at most 4 KiB"));
        }
        Ok(text)
    }

    /// The payload of what [`KeyRing::sign_statement`] made with a key that this ring still accepts at `now`. Nothing
    /// in it is judged: a statement may be as old as it says.
    ///
    /// # Errors
    /// A [`Refusal`] that shows the same for everything that is wrong.
    pub fn open_statement(&self, typ: &str, text: &str, now: Timestamp) -> Result<Vec<u8>, Refusal> {
        let (header, payload) = open(self, text, now)?;
        if header.get("typ").and_then(Value::as_str) != Some(typ) {
            return Err(Reason::WrongType.into());
        }
        Ok(payload)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{KeyRing, SigningKey};
    use crate::time::Timestamp;

    #[test]
    fn a_statement_is_read_under_its_type_and_its_key_alone() {
        let ring = KeyRing::new(SigningKey::generate().unwrap());
        let now = Timestamp::from_secs(1_800_000_000);
        let text = ring.sign_statement("note+jwt", &json!({"n": 1})).unwrap();
        assert_eq!(
            ring.open_statement("note+jwt", &text, now).unwrap(),
            br#"{"n":1}"#
        );
        assert!(ring.open_statement("other+jwt", &text, now).is_err());
        let other = KeyRing::new(SigningKey::generate().unwrap());
        assert!(other.open_statement("note+jwt", &text, now).is_err());
        for typ in ["", "at+jwt", "Note", "a b", &"x".repeat(65)] {
            assert!(ring.sign_statement(typ, &json!({})).is_err(), "{typ}");
        }
        assert!(ring.sign_statement("note+jwt", &json!([1])).is_err());
    }
}
