//! Minha Receita (minhareceita.org), the monthly open data of Receita Federal, and BrasilAPI, which hands on its answers.
//!
//! Source: `docs/como-usar.md` of cuducos/minha-receita, `pages/docs/doc/cnpj.json` of BrasilAPI.

use std::sync::Arc;

use async_trait::async_trait;
use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock, Timestamp};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::reading::{Node, emails, is_about, joined, legal_nature, malformed, nameless, phones};
use crate::companies::{
    Cnpj, Company, CompanyAddress, CompanyRegistry, CompanySize, Establishment, Partner, PartnerKind,
    RegistrationStatus, RegistryError, RegistryErrorKind,
};
use crate::error::Error;

/// Minha Receita, or BrasilAPI in front of it: one service at two addresses.
///
/// Its data are as old as the last monthly publication, and it does not say how old.
#[derive(Debug)]
pub struct MinhaReceita {
    name: &'static str,
    endpoint: Endpoint,
}

impl MinhaReceita {
    /// Where Minha Receita is.
    pub const BASE: &'static str = "https://minhareceita.org";
    /// Where BrasilAPI hands on its answers.
    pub const BRASIL_API_BASE: &'static str = "https://brasilapi.com.br/api/cnpj/v1";
    pub(in crate::companies) const NAME: &'static str = "minha-receita";
    pub(in crate::companies) const BRASIL_API_NAME: &'static str = "brasil-api";

    /// Minha Receita at `base`, such as an installation of one's own.
    ///
    /// # Errors
    /// `Invalid`, with the field `base`, when that is not an http or https URL without credentials and query.
    pub fn new(http: &HttpClient, base: &str, clock: impl Clock) -> Result<Self, Error> {
        Self::named(Self::NAME, http, base, clock)
    }

    /// BrasilAPI at `base`.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn brasil_api(http: &HttpClient, base: &str, clock: impl Clock) -> Result<Self, Error> {
        Self::named(Self::BRASIL_API_NAME, http, base, clock)
    }

    fn named(name: &'static str, http: &HttpClient, base: &str, clock: impl Clock) -> Result<Self, Error> {
        let endpoint = Endpoint::new(http, base, Arc::new(clock))?;
        Ok(Self { name, endpoint })
    }
}

#[async_trait]
impl CompanyRegistry for MinhaReceita {
    fn name(&self) -> &str {
        self.name
    }

    fn service(&self) -> &str {
        Self::NAME
    }

    fn address(&self) -> &str {
        self.endpoint.origin()
    }

    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError> {
        let (head, raw) = self.endpoint.get(&[cnpj.plain()], &[], deadline).await?;
        match head.status {
            200 => company(raw, cnpj, self.name, self.endpoint.now()),
            404 if is_negative(Node::new(&raw)) => Err(RegistryError::new(RegistryErrorKind::NotRegistered)),
            _ => Err(head.failure()),
        }
    }
}

/// `{"message": "CNPJ … não encontrado."}`; BrasilAPI adds `"type": "not_found"`.
fn is_negative(body: Node<'_>) -> bool {
    let message = body.get("message").text().unwrap_or_default();
    message.starts_with("CNPJ") && message.contains("não encontrado")
}

pub(super) fn company(
    raw: Value,
    cnpj: &Cnpj,
    source: &str,
    now: Timestamp,
) -> Result<Company, RegistryError> {
    let body = Node::new(&raw);
    is_about(cnpj, body.get("cnpj"))?;
    let status = body
        .get("situacao_cadastral")
        .text()
        .or_else(|| body.get("descricao_situacao_cadastral").text());
    Ok(Company {
        cnpj: *cnpj,
        legal_name: body.get("razao_social").text().ok_or_else(nameless)?,
        trade_name: body.get("nome_fantasia").text(),
        establishment: match body.get("identificador_matriz_filial").number() {
            Some(1) => Some(Establishment::HeadOffice),
            Some(2) => Some(Establishment::Branch),
            _ => None,
        },
        status: status
            .map(|text| RegistrationStatus::read(&text))
            .ok_or_else(|| malformed("the registry told no status"))?,
        status_since: body.get("data_situacao_cadastral").date(),
        status_reason: match body.get("motivo_situacao_cadastral").number() {
            Some(_) => body.get("descricao_motivo_situacao_cadastral").text(),
            None => None, // 0, "SEM MOTIVO"
        },
        founded: body.get("data_inicio_atividade").date(),
        address: CompanyAddress {
            street: joined(
                body.get("descricao_tipo_de_logradouro").text(),
                body.get("logradouro").text(),
            ),
            number: body.get("numero").text(),
            complement: body.get("complemento").text(),
            district: body.get("bairro").text(),
            city: body.get("municipio").text(),
            ibge_code: body.get("codigo_municipio_ibge").number(),
            state: body.get("uf").text(),
            zip: body.get("cep").code(8),
            country: body.get("pais").text(),
        },
        phones: phones(
            ["ddd_telefone_1", "ddd_telefone_2"]
                .into_iter()
                .filter_map(|key| body.get(key).text()),
        ),
        emails: emails(body.get("email").text()),
        main_activity: body.activity("cnae_fiscal", "cnae_fiscal_descricao"),
        side_activities: body
            .get("cnaes_secundarios")
            .items()
            .filter_map(|activity| activity.activity("codigo", "descricao"))
            .collect(),
        legal_nature: legal_nature(
            body.get("codigo_natureza_juridica").code(4),
            body.get("natureza_juridica").text(),
        ),
        size: body
            .get("codigo_porte")
            .text()
            .and_then(|code| CompanySize::read(&code)),
        capital: body.get("capital_social").reais(),
        partners: body.get("qsa").items().filter_map(partner).collect(),
        simples: body.tax_regime("opcao_pelo_simples", "data_opcao_pelo_simples"),
        mei: body.tax_regime("opcao_pelo_mei", "data_opcao_pelo_mei"),
        state_registrations: Vec::new(),
        source: source.to_owned(),
        fetched_at: now,
        updated_at: None,
        raw,
    })
}

fn partner(partner: Node<'_>) -> Option<Partner> {
    Some(Partner {
        name: partner.get("nome_socio").text()?,
        kind: match partner.get("identificador_de_socio").number() {
            Some(1) => Some(PartnerKind::Company),
            Some(2) => Some(PartnerKind::Person),
            Some(3) => Some(PartnerKind::Foreign),
            _ => None,
        },
        document: partner.get("cnpj_cpf_do_socio").text(),
        role: partner.get("qualificacao_socio").text(),
        since: partner.get("data_entrada_sociedade").date(),
    })
}
