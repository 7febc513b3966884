//! Public registries of companies.

use crate::config::narrowing::{API_KEY, HTTP_URL};
use crate::config::setting::section;
use crate::config::value::choice;
use crate::secret::Secret;

section! {
    /// Companies by their CNPJ, from the service `CNPJá` (cnpja.com).
    Cnpj at "cnpj." {
        /// Base of the paid API.
        paid_url: String = "https://api.cnpja.com", from ["CNPJA_PAID_URL"], only HTTP_URL;
        /// Base of the free API, asked when the paid one has no key or does not answer.
        free_url: String = "https://open.cnpja.com", from ["CNPJA_FREE_URL"], only HTTP_URL;
        /// Key of the paid API.
        primary_key: Option<Secret>, from ["CNPJA_PRIMARY_KEY"], only API_KEY;
        /// Second key of the paid API, for when the first is refused or used up.
        secondary_key: Option<Secret>, from ["CNPJA_SECONDARY_KEY"], only API_KEY;
        /// How the key stands in the header `Authorization`: alone, as the service documents it, or after `Bearer`.
        auth_type: CnpjAuth = "raw", from ["CNPJA_AUTH_TYPE"];
    }
}

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CnpjAuth {
    /// The key alone.
    Raw,
    /// After the word `Bearer` (RFC 6750).
    Bearer,
}

choice!(CnpjAuth, "raw or Bearer", { "raw" => Raw, "Bearer" => Bearer });
