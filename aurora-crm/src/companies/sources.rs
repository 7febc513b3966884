//! The sources that a lookup knows, and how they are set up.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::HttpClient;
use aurora_core::secret::Secret;
use aurora_core::time::Clock;

use super::registries::PaidOptions;
use super::{
    CnpjAuth, CnpjaOpen, CnpjaPaid, CompanyRegistry, MinhaReceita, PublicaCnpjWs, ReceitaWs, Strategy,
};
use crate::error::Error;

/// The paid API of CNPJá: its keys and what is asked of it.
#[derive(Debug, Clone)]
#[must_use]
pub struct PaidSource {
    pub(super) keys: Vec<(&'static str, Secret)>,
    pub(super) base: String,
    pub(super) options: PaidOptions,
    pub(super) per_minute: Option<u32>,
}

impl PaidSource {
    /// The API with this key.
    pub fn new(key: impl Into<Secret>) -> Self {
        Self {
            keys: vec![("cnpja/primary", key.into())],
            base: CnpjaPaid::BASE.to_owned(),
            options: PaidOptions::default(),
            per_minute: None,
        }
    }

    /// A second key, for when the first is refused or used up.
    pub fn secondary_key(mut self, key: impl Into<Secret>) -> Self {
        self.keys.truncate(1);
        self.keys.push(("cnpja/secondary", key.into()));
        self
    }

    /// How a key is sent: alone unless told otherwise.
    pub const fn auth(mut self, auth: CnpjAuth) -> Self {
        self.options.auth = auth;
        self
    }

    /// Where the API is, `https://api.cnpja.com` unless told otherwise.
    pub fn base(mut self, url: impl Into<String>) -> Self {
        self.base = url.into();
        self
    }

    /// Where the API takes its answer from; its own choice, `CACHE_IF_ERROR`, unless told otherwise.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.options.strategy = Some(strategy);
        self
    }

    /// How old an answer out of the API's own cache may be, in whole days from 1 to 3650; 45 unless told otherwise.
    pub const fn max_age(mut self, age: Duration) -> Self {
        self.options.max_age = Some(age);
        self
    }

    /// Asks for no Simples and MEI, which may cost a credit more.
    pub const fn without_simples(mut self) -> Self {
        self.options.with_simples = false;
        self
    }

    /// Asks for no state registrations, which may cost a credit more.
    pub const fn without_registrations(mut self) -> Self {
        self.options.with_registrations = false;
        self
    }

    /// How many questions a minute each key may ask, 1 or more, as the plan at CNPJá says. Not limited here unless told.
    pub const fn per_minute(mut self, questions: u32) -> Self {
        self.per_minute = Some(questions);
        self
    }
}

/// A source without a key, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FreeSource {
    /// CNPJá without a key, 5 questions a minute.
    CnpjaOpen,
    /// Minha Receita, monthly data; held to 60 questions a minute out of politeness.
    MinhaReceita,
    /// BrasilAPI, a second address of Minha Receita; held to 30 questions a minute out of politeness.
    BrasilApi,
    /// The public API of CNPJ.ws, 3 questions a minute.
    PublicaCnpjWs,
    /// `ReceitaWS`, 3 questions a minute.
    ReceitaWs,
}

impl FreeSource {
    pub(super) const ALL: [Self; 5] = [
        Self::CnpjaOpen,
        Self::MinhaReceita,
        Self::BrasilApi,
        Self::PublicaCnpjWs,
        Self::ReceitaWs,
    ];

    pub(super) const fn base(self) -> &'static str {
        match self {
            Self::CnpjaOpen => CnpjaOpen::BASE,
            Self::MinhaReceita => MinhaReceita::BASE,
            Self::BrasilApi => MinhaReceita::BRASIL_API_BASE,
            Self::PublicaCnpjWs => PublicaCnpjWs::BASE,
            Self::ReceitaWs => ReceitaWs::BASE,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::CnpjaOpen => CnpjaOpen::NAME,
            Self::MinhaReceita => MinhaReceita::NAME,
            Self::BrasilApi => MinhaReceita::BRASIL_API_NAME,
            Self::PublicaCnpjWs => PublicaCnpjWs::NAME,
            Self::ReceitaWs => ReceitaWs::NAME,
        }
    }

    pub(super) const fn per_minute(self) -> u32 {
        match self {
            Self::CnpjaOpen => 5,
            Self::MinhaReceita => 60,
            Self::BrasilApi => 30,
            Self::PublicaCnpjWs | Self::ReceitaWs => 3,
        }
    }

    pub(super) fn registry(
        self,
        http: &HttpClient,
        base: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn CompanyRegistry>, Error> {
        Ok(match self {
            Self::CnpjaOpen => Box::new(CnpjaOpen::new(http, base, clock)?),
            Self::MinhaReceita => Box::new(MinhaReceita::new(http, base, clock)?),
            Self::BrasilApi => Box::new(MinhaReceita::brasil_api(http, base, clock)?),
            Self::PublicaCnpjWs => Box::new(PublicaCnpjWs::new(http, base, clock)?),
            Self::ReceitaWs => Box::new(ReceitaWs::new(http, base, clock)?),
        })
    }
}
