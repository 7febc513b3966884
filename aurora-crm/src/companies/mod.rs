//! Companies and people as Receita Federal, Brazil's revenue service, numbers them, and what public registries tell
//! of a company.
//!
//! ```text
//! Cnpj, Cpf        the numbers, checked
//! Company          one record, whichever registry told it
//! CompanyRegistry  one source: CNPJá paid and open, Minha Receita, CNPJ.ws, ReceitaWS      (feature `http`)
//! Companies        cache, then the sources in order until one answers                     (feature `http`)
//! ```

#[cfg(feature = "http")]
mod attempt;
#[cfg(feature = "http")]
mod builder;
mod cnpj;
mod company;
#[cfg(all(feature = "http", any(test, feature = "testing")))]
mod contract;
mod cpf;
#[cfg(feature = "http")]
mod lookup;
#[cfg(feature = "http")]
mod outcome;
mod prefill;
mod reais;
#[cfg(feature = "http")]
mod registries;
#[cfg(feature = "http")]
mod registry;
#[cfg(feature = "http")]
mod sources;
#[cfg(feature = "http")]
mod telemetry;
#[cfg(test)]
#[cfg(feature = "http")]
mod tests;

pub use self::cnpj::{Cnpj, ParseCnpjError};
pub use self::company::{
    Activity, Company, CompanyAddress, CompanySize, Establishment, LegalNature, Partner, PartnerKind,
    RegistrationStatus, StateRegistration, TaxRegime,
};
pub use self::cpf::{Cpf, ParseCpfError};
pub use self::reais::{ParseReaisError, Reais};

#[cfg(feature = "http")]
pub use self::attempt::{SourceAttempt, SourceOutcome};
#[cfg(feature = "http")]
pub use self::builder::CompaniesBuilder;
#[cfg(all(feature = "http", any(test, feature = "testing")))]
pub use self::contract::company_registry_contract;
#[cfg(feature = "http")]
pub use self::lookup::Companies;
#[cfg(feature = "http")]
pub use self::outcome::{Lookup, LookupError, LookupErrorKind};
#[cfg(feature = "http")]
pub use self::registries::{
    CnpjAuth, CnpjaOpen, CnpjaPaid, MinhaReceita, PublicaCnpjWs, ReceitaWs, Strategy,
};
#[cfg(feature = "http")]
pub use self::registry::{CompanyRegistry, RegistryError, RegistryErrorKind};
#[cfg(feature = "http")]
pub use self::sources::{FreeSource, PaidSource};
#[cfg(feature = "http")]
pub use self::telemetry::{REGISTRY_ANSWERS, describe};

/// `docs/crm/companies.md`, whose examples are compiled with the documentation tests.
#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../../../docs/crm/companies.md")]
struct Guide;

/// The weighted sum of both numbers: weights grow from 2 at the right and, for a CNPJ, start again after 9.
fn check_digit(characters: &[u8], heaviest: u32) -> u8 {
    let mut weight = 2;
    let mut sum = 0;
    for &character in characters.iter().rev() {
        sum += u32::from(character.wrapping_sub(b'0')) * weight;
        weight = if weight == heaviest { 2 } else { weight + 1 };
    }
    match sum % 11 {
        0 | 1 => b'0',
        rest => b'0' + u8::try_from(11 - rest).unwrap_or(0),
    }
}
