//! The JSON of companies.

use std::fmt::Display;

use aurora_crm::companies::{
    Activity, Company, CompanyAddress, CompanySize, Establishment, LegalNature, Partner, PartnerKind,
    RegistrationStatus, StateRegistration, TaxRegime,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A company, or one of its branches, as a registry tells it. What it does not tell is null, never `false`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Company)]
pub(super) struct CompanyView {
    /// Its number, without its mask.
    cnpj: String,
    /// The registered name (`razão social`).
    legal_name: String,
    /// The name it is known by (`nome fantasia`).
    trade_name: Option<String>,
    /// `head_office` (`matriz`) or `branch` (`filial`).
    #[schema(value_type = Option<String>)]
    establishment: Option<Establishment>,
    /// Where the registration stands (`situação cadastral`): `active`, `void`, `suspended`, `unfit`, `closed`, or in the
    /// registry's own word.
    #[schema(value_type = String)]
    status: RegistrationStatus,
    /// Since when.
    #[schema(format = Date)]
    status_since: Option<String>,
    /// Why, when it is not active.
    status_reason: Option<String>,
    /// When it began.
    #[schema(format = Date)]
    founded: Option<String>,
    /// Where it is.
    address: AddressView,
    /// Phone numbers in E.164.
    phones: Vec<String>,
    /// Where to write.
    emails: Vec<String>,
    /// What it does in the first place (`CNAE principal`).
    main_activity: Option<ActivityCode>,
    /// What else it does.
    side_activities: Vec<ActivityCode>,
    /// Its legal form (`natureza jurídica`).
    legal_nature: Option<LegalNatureView>,
    /// Its size (`porte`): `micro`, `small` or `larger`.
    #[schema(value_type = Option<String>)]
    size: Option<CompanySize>,
    /// Its share capital in centavos (`capital social`).
    capital: Option<CapitalView>,
    /// Owners and administrators (QSA).
    partners: Vec<PartnerView>,
    /// Simples Nacional.
    simples: Option<TaxRegimeView>,
    /// MEI.
    mei: Option<TaxRegimeView>,
    /// `inscrições estaduais`; empty also where the registry does not tell.
    state_registrations: Vec<StateRegistrationView>,
    /// The registry that told it, such as `cnpja/primary`.
    source: String,
    /// When it was asked: RFC 3339, UTC.
    #[schema(format = DateTime)]
    fetched_at: String,
    /// As of when the registry says its data are.
    #[schema(format = DateTime)]
    updated_at: Option<String>,
    /// The registry's answer, unchanged; only with `raw=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    raw: Option<Value>,
}

impl CompanyView {
    pub(super) fn new(company: &Company, with_raw: bool) -> Self {
        Self {
            cnpj: company.cnpj.plain().to_owned(),
            legal_name: company.legal_name.clone(),
            trade_name: company.trade_name.clone(),
            establishment: company.establishment,
            status: company.status.clone(),
            status_since: text(company.status_since),
            status_reason: company.status_reason.clone(),
            founded: text(company.founded),
            address: (&company.address).into(),
            phones: company.phones.iter().map(|it| it.as_str().to_owned()).collect(),
            emails: company.emails.iter().map(|it| it.as_str().to_owned()).collect(),
            main_activity: company.main_activity.as_ref().map(Into::into),
            side_activities: company.side_activities.iter().map(Into::into).collect(),
            legal_nature: company.legal_nature.as_ref().map(Into::into),
            size: company.size.clone(),
            capital: company.capital.map(|capital| CapitalView {
                cents: capital.centavos(),
                currency: "BRL",
            }),
            partners: company.partners.iter().map(Into::into).collect(),
            simples: company.simples.map(Into::into),
            mei: company.mei.map(Into::into),
            state_registrations: company.state_registrations.iter().map(Into::into).collect(),
            source: company.source.clone(),
            fetched_at: company.fetched_at.to_string(),
            updated_at: text(company.updated_at),
            raw: with_raw.then(|| company.raw.clone()),
        }
    }
}

fn text(value: Option<impl Display>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// Where a company is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyAddress)]
struct AddressView {
    street: Option<String>,
    number: Option<String>,
    complement: Option<String>,
    /// `bairro`
    district: Option<String>,
    /// `município`
    city: Option<String>,
    /// The number of the city at IBGE.
    ibge_code: Option<u32>,
    /// The two letters of the state; `EX` abroad.
    state: Option<String>,
    /// `CEP`, eight digits.
    postal_code: Option<String>,
    country: Option<String>,
}

impl From<&CompanyAddress> for AddressView {
    fn from(address: &CompanyAddress) -> Self {
        let address = address.clone();
        Self {
            street: address.street,
            number: address.number,
            complement: address.complement,
            district: address.district,
            city: address.city,
            ibge_code: address.ibge_code,
            state: address.state,
            postal_code: address.zip,
            country: address.country,
        }
    }
}

/// An economic activity (CNAE).
#[derive(Debug, Serialize, ToSchema)]
struct ActivityCode {
    /// Seven digits.
    code: String,
    text: Option<String>,
}

impl From<&Activity> for ActivityCode {
    fn from(activity: &Activity) -> Self {
        Self {
            code: activity.code.clone(),
            text: activity.text.clone(),
        }
    }
}

/// A legal form by the table of CONCLA/IBGE.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LegalNature)]
struct LegalNatureView {
    /// Four digits.
    code: Option<String>,
    text: Option<String>,
}

impl From<&LegalNature> for LegalNatureView {
    fn from(nature: &LegalNature) -> Self {
        Self {
            code: nature.code.clone(),
            text: nature.text.clone(),
        }
    }
}

/// An amount in centavos.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Capital)]
struct CapitalView {
    cents: i64,
    /// `BRL`
    currency: &'static str,
}

/// An owner or administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyPartner)]
struct PartnerView {
    name: String,
    /// `company`, `person` or `foreign`.
    #[schema(value_type = Option<String>)]
    kind: Option<PartnerKind>,
    /// As the registry shows it: a CNPJ, or a CPF with its middle digits alone.
    document: Option<String>,
    /// `qualificação`
    role: Option<String>,
    #[schema(format = Date)]
    since: Option<String>,
}

impl From<&Partner> for PartnerView {
    fn from(partner: &Partner) -> Self {
        Self {
            name: partner.name.clone(),
            kind: partner.kind,
            document: partner.document.clone(),
            role: partner.role.clone(),
            since: text(partner.since),
        }
    }
}

/// Whether a company has opted for a tax regime.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TaxRegime)]
struct TaxRegimeView {
    /// Whether it is in it now.
    is_opted: bool,
    /// Since when it is, or was.
    #[schema(format = Date)]
    since: Option<String>,
}

impl From<TaxRegime> for TaxRegimeView {
    fn from(regime: TaxRegime) -> Self {
        Self {
            is_opted: regime.is_opted,
            since: text(regime.since),
        }
    }
}

/// A registration with a state (`inscrição estadual`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StateRegistration)]
struct StateRegistrationView {
    state: Option<String>,
    number: String,
    /// Whether it may be used.
    is_enabled: Option<bool>,
}

impl From<&StateRegistration> for StateRegistrationView {
    fn from(registration: &StateRegistration) -> Self {
        Self {
            state: registration.state.clone(),
            number: registration.number.clone(),
            is_enabled: registration.is_enabled,
        }
    }
}
