//! Who may do what: passwords, tokens, second factors, API keys, roles and sealed secrets.
//!
//! No tables and no HTTP: each part is a value or a decision, and the one who stores says in which row it lives. What
//! has to be stored with a condition says so at the function.
//!
//! | part | what it gives |
//! | --- | --- |
//! | [`password`] | argon2id hashes behind a bounded queue, and which passwords may be chosen |
//! | [`jwt`] | access tokens: keys, rotation, key sets, issuing and strict verification |
//! | [`refresh`] | refresh tokens: their format, and what a presented one means |
//! | [`totp`] | one-time codes of an authenticator, each accepted once |
//! | [`recovery`] | the codes for the day on which the authenticator is lost |
//! | [`api_key`] | keys of programs, whose typing errors show without a look into storage |
//! | [`policy`] | roles as data, and the decision whether a principal may do something |
//! | [`token`] | a text that nobody can guess |
//! | [`seal`] | secrets at rest: encrypted for one place, with keys that can be changed |
//!
//! Keys, salts, nonces and codes come from the operating system's generator.

pub mod api_key;
mod encoding;
mod entropy;
mod error;
mod json;
pub mod jwt;
pub mod password;
pub mod policy;
pub mod recovery;
pub mod refresh;
pub mod seal;
pub mod totp;

pub(crate) use entropy::random;
pub use entropy::token;
pub use error::{Error, ErrorKind};

#[cfg(test)]
mod interop_tests;
#[cfg(test)]
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod tests;
