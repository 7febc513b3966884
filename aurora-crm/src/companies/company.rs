//! One company as a public registry tells it, the same whichever registry it was.

use std::fmt;
use std::time::Duration;

use aurora_core::time::Timestamp;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Cnpj, Reais};
use crate::contacts::{Email, Phone};

/// A company, or one of its branches, as a registry tells it.
///
/// What a registry does not tell is absent; what it tells in a form that makes no sense (a phone number of seven
/// digits) is absent too, and stays in [`raw`](Self::raw). `Debug` shows no names and no numbers of people.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Company {
    /// Its number.
    pub cnpj: Cnpj,
    /// The registered name (`razão social`).
    pub legal_name: String,
    /// The name it is known by (`nome fantasia`).
    pub trade_name: Option<String>,
    /// Head office or branch (`matriz` or `filial`).
    pub establishment: Option<Establishment>,
    /// Where the registration stands (`situação cadastral`).
    pub status: RegistrationStatus,
    /// Since when.
    pub status_since: Option<NaiveDate>,
    /// Why, when it is not active (`motivo da situação cadastral`).
    pub status_reason: Option<String>,
    /// When it began (`data de início da atividade`).
    pub founded: Option<NaiveDate>,
    /// Where it is.
    pub address: CompanyAddress,
    /// Where to call.
    pub phones: Vec<Phone>,
    /// Where to write.
    pub emails: Vec<Email>,
    /// What it does in the first place (`CNAE principal`).
    pub main_activity: Option<Activity>,
    /// What else it does (`CNAEs secundários`).
    pub side_activities: Vec<Activity>,
    /// Its legal form (`natureza jurídica`).
    pub legal_nature: Option<LegalNature>,
    /// Its size (`porte`).
    pub size: Option<CompanySize>,
    /// Its share capital (`capital social`).
    pub capital: Option<Reais>,
    /// Owners and administrators (`quadro de sócios e administradores`, QSA).
    pub partners: Vec<Partner>,
    /// Whether it pays taxes by the Simples Nacional (Lei Complementar 123/2006).
    pub simples: Option<TaxRegime>,
    /// Whether it is a one-person company (MEI, by the Simei).
    pub mei: Option<TaxRegime>,
    /// Its registrations with the states (`inscrições estaduais`); empty also where the registry does not tell.
    pub state_registrations: Vec<StateRegistration>,
    /// The name of the registry that told it.
    pub source: String,
    /// When the registry was asked.
    pub fetched_at: Timestamp,
    /// As of when the registry says its data are.
    pub updated_at: Option<Timestamp>,
    /// The registry's answer, unchanged.
    pub raw: Value,
}

impl Company {
    /// How long ago the registry was asked.
    #[must_use]
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.fetched_at)
    }

    /// Whether the registration is active (`ativa`).
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == RegistrationStatus::Active
    }
}

impl fmt::Debug for Company {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Company")
            .field("status", &self.status)
            .field("source", &self.source)
            .field("fetched_at", &self.fetched_at)
            .finish_non_exhaustive()
    }
}

/// Head office or branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Establishment {
    /// `matriz`.
    HeadOffice,
    /// `filial`.
    Branch,
}

/// Where a registration stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RegistrationStatus {
    /// 1, `nula`: it should never have been made.
    Void,
    /// 2, `ativa`.
    Active,
    /// 3, `suspensa`.
    Suspended,
    /// 4, `inapta`: declarations are missing, or the company was not found.
    Unfit,
    /// 8, `baixada`: closed for good.
    Closed,
    /// What the registry says, when it is none of these.
    #[serde(untagged)]
    Other(String),
}

impl RegistrationStatus {
    /// Reads Receita Federal's code, or its word.
    #[cfg(feature = "http")]
    pub(crate) fn read(text: &str) -> Self {
        match text.trim_start_matches('0').to_lowercase().as_str() {
            "1" | "nula" => Self::Void,
            "2" | "ativa" => Self::Active,
            "3" | "suspensa" => Self::Suspended,
            "4" | "inapta" => Self::Unfit,
            "8" | "baixada" => Self::Closed,
            _ => Self::Other(text.to_owned()),
        }
    }
}

/// Where a company is.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CompanyAddress {
    /// Kind and name of the street (`AVENIDA PAULISTA`).
    pub street: Option<String>,
    /// The number in the street, or `S/N`.
    pub number: Option<String>,
    /// Floor, room, block (`complemento`).
    pub complement: Option<String>,
    /// `bairro`.
    pub district: Option<String>,
    /// `município`.
    pub city: Option<String>,
    /// The number of the city at IBGE, seven digits; not the number that Receita Federal uses (SIAFI).
    pub ibge_code: Option<u32>,
    /// The two letters of the state (`UF`); `EX` abroad.
    pub state: Option<String>,
    /// The postal code (`CEP`), eight digits.
    pub zip: Option<String>,
    /// The country, where the registry tells it.
    pub country: Option<String>,
}

impl fmt::Debug for CompanyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompanyAddress")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// An economic activity by the national classification (CNAE 2.3, subclasses).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Seven digits, with leading zeros.
    pub code: String,
    /// What it is.
    pub text: Option<String>,
}

/// A legal form by the table of CONCLA/IBGE.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LegalNature {
    /// Four digits; absent where the registry does not tell it.
    pub code: Option<String>,
    /// What it is.
    pub text: Option<String>,
}

/// The size of a company by its yearly revenue (Lei Complementar 123/2006, art. 3).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CompanySize {
    /// 1, `microempresa` (ME).
    Micro,
    /// 3, `empresa de pequeno porte` (EPP).
    Small,
    /// 5, `demais`: everything else.
    Larger,
}

impl CompanySize {
    /// Reads Receita Federal's code, or its words.
    #[cfg(feature = "http")]
    pub(crate) fn read(text: &str) -> Option<Self> {
        match text.trim_start_matches('0').to_lowercase().as_str() {
            "1" | "me" | "micro empresa" | "microempresa" => Some(Self::Micro),
            "3" | "epp" | "empresa de pequeno porte" => Some(Self::Small),
            "5" | "demais" => Some(Self::Larger),
            _ => None,
        }
    }
}

/// An owner or administrator. `Debug` shows nothing of a person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The name.
    pub name: String,
    /// What kind of owner.
    pub kind: Option<PartnerKind>,
    /// The number as the registry shows it: a CNPJ, or a CPF with its middle digits alone (`***112108**`), which
    /// cannot be checked.
    pub document: Option<String>,
    /// What he is in the company (`qualificação`).
    pub role: Option<String>,
    /// Since when.
    pub since: Option<NaiveDate>,
}

impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What kind of owner somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartnerKind {
    /// `pessoa jurídica`.
    Company,
    /// `pessoa física`.
    Person,
    /// `sócio estrangeiro`.
    Foreign,
}

/// Whether a company has opted for a tax regime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRegime {
    /// Whether it is in it now.
    pub is_opted: bool,
    /// Since when it is, or was.
    pub since: Option<NaiveDate>,
}

/// A registration with a state (`inscrição estadual`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateRegistration {
    /// The two letters of the state.
    pub state: Option<String>,
    /// Its number: text, with leading zeros.
    pub number: String,
    /// Whether it may be used.
    pub is_enabled: Option<bool>,
}

impl fmt::Debug for StateRegistration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StateRegistration")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
