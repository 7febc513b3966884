//! CNPJá (cnpja.com): the paid and the free API, which share one form of answers.
//!
//! Source: <https://cnpja.com/api>, and the types of its SDK `@cnpja/sdk` 1.8.1.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, Timestamp};
use serde_json::Value;

use super::endpoint::{Endpoint, Head};
use super::reading::{Node, emails, is_about, legal_nature, malformed, nameless, phones};
use crate::companies::{
    Cnpj, Company, CompanyAddress, CompanyRegistry, CompanySize, Establishment, Partner, PartnerKind,
    RegistrationStatus, RegistryError, RegistryErrorKind, StateRegistration,
};
use crate::error::Error;

/// How a key stands in the header `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CnpjAuth {
    /// The key alone, as CNPJá documents it.
    #[default]
    Raw,
    /// After the word `Bearer` (RFC 6750), for a gateway in between.
    Bearer,
}

/// Where the paid API takes its answer from; `ONLINE` costs a credit, its cache none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Strategy {
    /// `ONLINE`: from Receita Federal, now.
    Online,
    /// `CACHE_IF_FRESH`: from the cache up to the age of `max_age`, else online.
    CacheIfFresh,
    /// `CACHE_IF_ERROR`: as before, and from the cache also when Receita Federal is down. The usual one.
    CacheIfError,
    /// `CACHE`: from the cache only. What is not in it is *not* taken for a company that does not exist.
    Cache,
}

impl Strategy {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "ONLINE",
            Self::CacheIfFresh => "CACHE_IF_FRESH",
            Self::CacheIfError => "CACHE_IF_ERROR",
            Self::Cache => "CACHE",
        }
    }
}

/// What is asked of the paid API besides the company.
#[derive(Debug, Clone, Copy)]
pub(in crate::companies) struct PaidOptions {
    pub(in crate::companies) auth: CnpjAuth,
    pub(in crate::companies) with_simples: bool,
    pub(in crate::companies) with_registrations: bool,
    pub(in crate::companies) strategy: Option<Strategy>,
    pub(in crate::companies) max_age: Option<Duration>,
}

impl Default for PaidOptions {
    fn default() -> Self {
        Self {
            auth: CnpjAuth::Raw,
            with_simples: true,
            with_registrations: true,
            strategy: None,
            max_age: None,
        }
    }
}

impl PaidOptions {
    fn query(self) -> Vec<(&'static str, String)> {
        let mut query = Vec::new();
        if self.with_simples {
            query.push(("simples", "true".to_owned()));
        }
        if self.with_registrations {
            query.push(("registrations", "BR".to_owned()));
        }
        if let Some(strategy) = self.strategy {
            query.push(("strategy", strategy.as_str().to_owned()));
        }
        if let Some(age) = self.max_age {
            // Whole days, 1 to 3650.
            let days = (age.as_secs() / 86_400).clamp(1, 3_650);
            query.push(("maxAge", days.to_string()));
        }
        query
    }
}

/// The paid API of CNPJá with one key.
#[derive(Debug)]
pub struct CnpjaPaid {
    name: String,
    endpoint: Endpoint,
    query: Vec<(&'static str, String)>,
    from_cache_only: bool,
}

impl CnpjaPaid {
    /// Where it is.
    pub const BASE: &'static str = "https://api.cnpja.com";

    /// The API at `base` with a key, under a name that tells this key from others: `cnpja/primary`. Asks for Simples
    /// and state registrations too.
    ///
    /// # Errors
    /// `Invalid`, with the field `base`, when that is not an http or https URL without credentials and query.
    pub fn new(
        name: impl Into<String>,
        http: &HttpClient,
        base: &str,
        key: &Secret,
        auth: CnpjAuth,
        clock: impl Clock,
    ) -> Result<Self, Error> {
        let options = PaidOptions {
            auth,
            ..PaidOptions::default()
        };
        Self::with(name.into(), http, base, key, options, Arc::new(clock))
    }

    pub(in crate::companies) fn with(
        name: String,
        http: &HttpClient,
        base: &str,
        key: &Secret,
        options: PaidOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let authorization = match options.auth {
            CnpjAuth::Raw => key.clone(),
            CnpjAuth::Bearer => Secret::new(format!("Bearer {}", key.expose())),
        };
        Ok(Self {
            name,
            endpoint: Endpoint::new(http, base, clock)?.authorization(authorization),
            query: options.query(),
            from_cache_only: options.strategy == Some(Strategy::Cache),
        })
    }

    pub(in crate::companies) fn is_encrypted(&self) -> bool {
        self.endpoint.is_encrypted()
    }
}

#[async_trait]
impl CompanyRegistry for CnpjaPaid {
    fn name(&self) -> &str {
        &self.name
    }

    fn service(&self) -> &str {
        "cnpja"
    }

    fn address(&self) -> &str {
        self.endpoint.origin()
    }

    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError> {
        let path = ["office", cnpj.plain()];
        let (head, raw) = self.endpoint.get(&path, &self.query, deadline).await?;
        match read(head, raw, cnpj, &self.name, self.endpoint.now()) {
            Err(error) if self.from_cache_only && error.kind() == RegistryErrorKind::NotRegistered => {
                let error = RegistryError::new(RegistryErrorKind::Unavailable);
                Err(error.with_detail("the registry has no such company in its cache"))
            }
            outcome => outcome,
        }
    }
}

/// The free API of CNPJá: five questions a minute from one address.
#[derive(Debug)]
pub struct CnpjaOpen {
    endpoint: Endpoint,
}

impl CnpjaOpen {
    /// Where it is.
    pub const BASE: &'static str = "https://open.cnpja.com";
    pub(in crate::companies) const NAME: &'static str = "cnpja-open";

    /// The API at `base`.
    ///
    /// # Errors
    /// As [`CnpjaPaid::new`].
    pub fn new(http: &HttpClient, base: &str, clock: impl Clock) -> Result<Self, Error> {
        let endpoint = Endpoint::new(http, base, Arc::new(clock))?;
        Ok(Self { endpoint })
    }
}

#[async_trait]
impl CompanyRegistry for CnpjaOpen {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn address(&self) -> &str {
        self.endpoint.origin()
    }

    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError> {
        let (head, raw) = self
            .endpoint
            .get(&["office", cnpj.plain()], &[], deadline)
            .await?;
        read(head, raw, cnpj, Self::NAME, self.endpoint.now())
    }
}

fn read(head: Head, raw: Value, cnpj: &Cnpj, source: &str, now: Timestamp) -> Result<Company, RegistryError> {
    let body = Node::new(&raw);
    match head.status {
        200 => company(raw, cnpj, source, now),
        // The code is repeated in the body by CNPJá and by nobody in between.
        404 if body.get("code").number() == Some(404) => {
            Err(RegistryError::new(RegistryErrorKind::NotRegistered))
        }
        429 if body
            .get("message")
            .text()
            .is_some_and(|text| text.contains("credit")) =>
        {
            let error = RegistryError::new(RegistryErrorKind::OutOfCredits);
            Err(error.with_retry_after(head.retry_after))
        }
        _ => Err(head.failure()),
    }
}

pub(super) fn company(
    raw: Value,
    cnpj: &Cnpj,
    source: &str,
    now: Timestamp,
) -> Result<Company, RegistryError> {
    let office = Node::new(&raw);
    is_about(cnpj, office.get("taxId"))?;
    let company = office.get("company");
    let address = office.get("address");
    let nature = company.get("nature");
    let status = office.get("status");
    Ok(Company {
        cnpj: *cnpj,
        legal_name: company.get("name").text().ok_or_else(nameless)?,
        trade_name: office.get("alias").text(),
        establishment: office.get("head").flag().map(|is_head| match is_head {
            true => Establishment::HeadOffice,
            false => Establishment::Branch,
        }),
        status: status
            .get("id")
            .text()
            .map(|id| RegistrationStatus::read(&id))
            .ok_or_else(|| malformed("the registry told no status"))?,
        status_since: office.get("statusDate").date(),
        status_reason: office.get("reason").get("text").text(),
        founded: office.get("founded").date(),
        address: CompanyAddress {
            street: address.get("street").text(),
            number: address.get("number").text(),
            complement: address.get("details").text(),
            district: address.get("district").text(),
            city: address.get("city").text(),
            ibge_code: address.get("municipality").number(),
            state: address.get("state").text(),
            zip: address.get("zip").code(8),
            country: address.get("country").get("name").text(),
        },
        phones: phones(office.get("phones").items().filter_map(|phone| {
            let (area, number) = (phone.get("area").text()?, phone.get("number").text()?);
            Some(format!("{area}{number}"))
        })),
        emails: emails(
            office
                .get("emails")
                .items()
                .filter_map(|email| email.get("address").text()),
        ),
        main_activity: office.get("mainActivity").activity("id", "text"),
        side_activities: office
            .get("sideActivities")
            .items()
            .filter_map(|activity| activity.activity("id", "text"))
            .collect(),
        legal_nature: legal_nature(nature.get("id").code(4), nature.get("text").text()),
        size: company
            .get("size")
            .get("id")
            .text()
            .and_then(|id| CompanySize::read(&id)),
        capital: company.get("equity").reais(),
        partners: company.get("members").items().filter_map(partner).collect(),
        simples: company.get("simples").tax_regime("optant", "since"),
        mei: company.get("simei").tax_regime("optant", "since"),
        state_registrations: office
            .get("registrations")
            .items()
            .filter_map(registration)
            .collect(),
        source: source.to_owned(),
        fetched_at: now,
        updated_at: office.get("updated").instant(),
        raw,
    })
}

fn partner(member: Node<'_>) -> Option<Partner> {
    let person = member.get("person");
    Some(Partner {
        name: person.get("name").text()?,
        kind: match person.get("type").text()?.as_str() {
            "NATURAL" => Some(PartnerKind::Person),
            "LEGAL" => Some(PartnerKind::Company),
            "FOREIGN" => Some(PartnerKind::Foreign),
            _ => None,
        },
        document: person.get("taxId").text(),
        role: member.get("role").get("text").text(),
        since: member.get("since").date(),
    })
}

fn registration(registration: Node<'_>) -> Option<StateRegistration> {
    Some(StateRegistration {
        state: registration.get("state").text(),
        number: registration.get("number").text()?,
        is_enabled: registration.get("enabled").flag(),
    })
}
