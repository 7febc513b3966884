//! Sign-in and tokens.

use std::time::Duration;

use crate::config::narrowing::{MINUTES, PRIVATE_KEY, SIGNING_SECRET, TOKEN_LIFE};
use crate::config::setting::section;
use crate::config::value::choice;
use crate::secret::Secret;

section! {
    /// How access tokens are signed and how long they live.
    Access at "access." {
        /// Key that signs tokens with HS256.
        jwt_secret: Option<Secret>, from ["JWT_SECRET", "JWT_SECRET_KEY", "SECRET_KEY"], only SIGNING_SECRET;
        /// Algorithm that signs tokens; no token says its own.
        jwt_algorithm: JwtAlgorithm = "HS256", from ["JWT_ALGORITHM", "ALGORITHM"];
        /// Private key in PEM form that signs tokens with EdDSA or RS256, and has to be set with them.
        jwt_private_key: Option<Secret>, from ["JWT_PRIVATE_KEY"], only PRIVATE_KEY;
        /// Whether whoever reaches the server on a loopback address may do everything without credentials: to try it out.
        /// Refused in production.
        open: bool = "false";
        /// Keys that seal secrets in the database, the first one in use: `name=key`, separated by commas, each key 32 bytes
        /// in base 64. Without it they are made and kept in the data folder; servers on one database need the same.
        seal_keys: Option<Secret>, from ["AURORA_SEAL_KEYS"];
        /// How long an access token is good for, in seconds or with a unit; `ACCESS_TOKEN_EXPIRE_MINUTES` counts minutes.
        token_life: Duration = "15m", from ["JWT_EXPIRATION", "ACCESS_TOKEN_EXPIRE_MINUTES" as MINUTES], only TOKEN_LIFE;
    }
}

/// Algorithm of a token's signature (RFC 7518, RFC 8037).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256 and a secret that both sides know.
    Hs256,
    /// Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

choice!(JwtAlgorithm, "HS256, EdDSA or RS256", {
    "HS256" => Hs256,
    "EdDSA" | "Ed25519" => EdDsa,
    "RS256" => Rs256,
});
