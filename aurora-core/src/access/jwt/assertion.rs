//! Statements for somebody else's token endpoint.

use serde::Serialize;

use super::super::Error;
use super::SigningKey;
use super::issue::sign;
use crate::secret::Secret;

impl SigningKey {
    /// Signs `claims` as an assertion (RFC 7523) that is presented where tokens are given out, such as at Google's for
    /// service accounts. Header: `alg`, `kid` (this key's name) and `typ: JWT`; base64url without padding (RFC 7515).
    ///
    /// Whoever holds it until its `exp` can ask for tokens. No [`Verifier`](super::Verifier) takes it for an access
    /// token, because of its type.
    ///
    /// # Errors
    /// When the claims are no JSON object, or the key cannot sign.
    pub fn assertion(&self, claims: &impl Serialize) -> Result<Secret, Error> {
        let wrong = || Error::invalid("the claims of an assertion are a JSON object");
        let claims = serde_json::to_value(claims).map_err(|_| wrong())?;
        if !claims.is_object() {
            return Err(wrong());
        }
        Ok(Secret::new(sign(self, "JWT", claims.to_string().as_bytes())?))
    }
}
