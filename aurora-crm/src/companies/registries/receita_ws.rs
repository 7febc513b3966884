//! `ReceitaWS` (receitaws.com.br): three questions a minute from one address.
//!
//! Source: <https://developers.receitaws.com.br>. It answers 200 also when it has no company: `"status"` decides.

use std::sync::Arc;

use async_trait::async_trait;
use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock, Timestamp};
use serde_json::Value;

use super::endpoint::Endpoint;
use super::reading::{Node, emails, is_about, legal_nature, malformed, nameless, phones};
use crate::companies::{
    Activity, Cnpj, Company, CompanyAddress, CompanyRegistry, CompanySize, Establishment, Partner,
    RegistrationStatus, RegistryError, RegistryErrorKind,
};
use crate::error::Error;

/// `ReceitaWS`.
#[derive(Debug)]
pub struct ReceitaWs {
    endpoint: Endpoint,
}

impl ReceitaWs {
    /// Where it is.
    pub const BASE: &'static str = "https://www.receitaws.com.br";
    pub(in crate::companies) const NAME: &'static str = "receita-ws";

    /// The API at `base`.
    ///
    /// # Errors
    /// `Invalid`, with the field `base`, when that is not an http or https URL without credentials and query.
    pub fn new(http: &HttpClient, base: &str, clock: impl Clock) -> Result<Self, Error> {
        let endpoint = Endpoint::new(http, base, Arc::new(clock))?;
        Ok(Self { endpoint })
    }
}

#[async_trait]
impl CompanyRegistry for ReceitaWs {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn address(&self) -> &str {
        self.endpoint.origin()
    }

    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError> {
        let path = ["v1", "cnpj", cnpj.plain()];
        let (head, raw) = self.endpoint.get(&path, &[], deadline).await?;
        if head.status != 200 {
            return Err(head.failure());
        }
        let body = Node::new(&raw);
        match body.get("status").text().as_deref() {
            Some("OK") => company(raw, cnpj, self.endpoint.now()),
            Some("ERROR") => {
                let message = body.get("message").text().unwrap_or_default();
                Err(RegistryError::new(meaning(&message)))
            }
            _ => Err(malformed("the answer does not say whether there is a company")),
        }
    }
}

/// What an answer 200 with the status `ERROR` means.
fn meaning(message: &str) -> RegistryErrorKind {
    let message = message.to_lowercase();
    if message.contains("rejeitado") || message.contains("não encontrado") {
        RegistryErrorKind::NotRegistered
    } else if message.contains("inválido") {
        RegistryErrorKind::Refused
    } else if message.contains("too many") || message.contains("excedid") {
        RegistryErrorKind::RateLimited
    } else {
        RegistryErrorKind::Unavailable // "Timeout", and what is not known
    }
}

pub(super) fn company(raw: Value, cnpj: &Cnpj, now: Timestamp) -> Result<Company, RegistryError> {
    let body = Node::new(&raw);
    is_about(cnpj, body.get("cnpj"))?;
    let main_activity = activities(body.get("atividade_principal")).next();
    Ok(Company {
        cnpj: *cnpj,
        legal_name: body.get("nome").text().ok_or_else(nameless)?,
        trade_name: body.get("fantasia").text(),
        establishment: match body.get("tipo").text().as_deref() {
            Some("MATRIZ") => Some(Establishment::HeadOffice),
            Some("FILIAL") => Some(Establishment::Branch),
            _ => None,
        },
        status: body
            .get("situacao")
            .text()
            .map(|text| RegistrationStatus::read(&text))
            .ok_or_else(|| malformed("the registry told no status"))?,
        status_since: body.get("data_situacao").date(),
        status_reason: body.get("motivo_situacao").text(),
        founded: body.get("abertura").date(),
        address: CompanyAddress {
            street: body.get("logradouro").text(),
            number: body.get("numero").text(),
            complement: body.get("complemento").text(),
            district: body.get("bairro").text(),
            city: body.get("municipio").text(),
            ibge_code: None,
            state: body.get("uf").text(),
            zip: body.get("cep").code(8),
            country: None,
        },
        phones: phones(
            body.get("telefone")
                .text()
                .unwrap_or_default()
                .split('/')
                .map(str::to_owned),
        ),
        emails: emails(body.get("email").text()),
        main_activity,
        side_activities: activities(body.get("atividades_secundarias")).collect(),
        legal_nature: body
            .get("natureza_juridica")
            .text()
            .and_then(|text| match text.split_once(" - ") {
                // 206-2 - Sociedade Empresária Limitada
                Some((code, text)) => legal_nature(Some(code.replace('-', "")), Some(text.to_owned())),
                None => legal_nature(None, Some(text)),
            }),
        size: body.get("porte").text().and_then(|text| CompanySize::read(&text)),
        capital: body.get("capital_social").reais(),
        partners: body.get("qsa").items().filter_map(partner).collect(),
        simples: body.get("simples").tax_regime("optante", "data_opcao"),
        mei: body.get("simei").tax_regime("optante", "data_opcao"),
        state_registrations: Vec::new(),
        source: ReceitaWs::NAME.to_owned(),
        fetched_at: now,
        updated_at: body.get("ultima_atualizacao").instant(),
        raw,
    })
}

fn activities(list: Node<'_>) -> impl Iterator<Item = Activity> {
    list.items()
        .filter_map(|activity| activity.activity("code", "text"))
}

fn partner(partner: Node<'_>) -> Option<Partner> {
    Some(Partner {
        name: partner.get("nome").text()?,
        kind: None,
        document: None,
        // 49-Sócio-Administrador
        role: partner.get("qual").text().map(|role| match role.split_once('-') {
            Some((code, text)) if code.bytes().all(|byte| byte.is_ascii_digit()) => text.to_owned(),
            _ => role,
        }),
        since: None,
    })
}
