//! The public API of CNPJ.ws (publica.cnpj.ws): three questions a minute from one address.
//!
//! Source: <https://docs.cnpj.ws>, and the client `cnpjData` 0.3.5 for the answer 429.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::http::HttpClient;
use aurora_core::resilience::Deadline;
use aurora_core::time::{Clock, Timestamp};
use chrono::DateTime;
use serde_json::Value;

use super::endpoint::Endpoint;
use super::reading::{Node, emails, is_about, joined, legal_nature, malformed, nameless, phones};
use crate::companies::{
    Activity, Cnpj, Company, CompanyAddress, CompanyRegistry, CompanySize, Establishment, Partner,
    PartnerKind, RegistrationStatus, RegistryError, RegistryErrorKind, StateRegistration,
};
use crate::error::Error;

/// The public API of CNPJ.ws.
#[derive(Debug)]
pub struct PublicaCnpjWs {
    endpoint: Endpoint,
}

impl PublicaCnpjWs {
    /// Where it is.
    pub const BASE: &'static str = "https://publica.cnpj.ws";
    pub(in crate::companies) const NAME: &'static str = "publica-cnpj-ws";

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
impl CompanyRegistry for PublicaCnpjWs {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn address(&self) -> &str {
        self.endpoint.origin()
    }

    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError> {
        let (head, raw) = self.endpoint.get(&["cnpj", cnpj.plain()], &[], deadline).await?;
        let body = Node::new(&raw);
        match head.status {
            200 => company(raw, cnpj, self.endpoint.now()),
            // The status is repeated in the body by CNPJ.ws and by nobody in between.
            404 if body.get("status").number() == Some(404) => {
                Err(RegistryError::new(RegistryErrorKind::NotRegistered))
            }
            429 => {
                let wait = head
                    .retry_after
                    .or_else(|| released_in(body, self.endpoint.now()));
                Err(RegistryError::new(RegistryErrorKind::RateLimited).with_retry_after(wait))
            }
            _ => Err(head.failure()),
        }
    }
}

/// How long until questions are taken again, out of `… Liberação ocorrerá em Thu Jun 03 2021 16:15:00 GMT-0300 (…)`.
/// The key is misspelt by the service.
fn released_in(body: Node<'_>, now: Timestamp) -> Option<Duration> {
    let text = body
        .get("detahes")
        .text()
        .or_else(|| body.get("detalhes").text())?;
    let (_, date) = text.split_once(" em ")?;
    let date = date.split(" (").next()?.trim();
    let at = DateTime::parse_from_str(date, "%a %b %d %Y %H:%M:%S GMT%z").ok()?;
    Some(Timestamp::from(at.to_utc()).since(now))
}

pub(super) fn company(raw: Value, cnpj: &Cnpj, now: Timestamp) -> Result<Company, RegistryError> {
    let body = Node::new(&raw);
    let place = body.get("estabelecimento");
    is_about(cnpj, place.get("cnpj"))?;
    let (city, state) = (place.get("cidade"), place.get("estado"));
    let (nature, size, simples) = (
        body.get("natureza_juridica"),
        body.get("porte"),
        body.get("simples"),
    );
    Ok(Company {
        cnpj: *cnpj,
        legal_name: body.get("razao_social").text().ok_or_else(nameless)?,
        trade_name: place.get("nome_fantasia").text(),
        establishment: match place.get("tipo").text().as_deref() {
            Some("Matriz") => Some(Establishment::HeadOffice),
            Some("Filial") => Some(Establishment::Branch),
            _ => None,
        },
        status: place
            .get("situacao_cadastral")
            .text()
            .map(|text| RegistrationStatus::read(&text))
            .ok_or_else(|| malformed("the registry told no status"))?,
        status_since: place.get("data_situacao_cadastral").date(),
        status_reason: place.get("motivo_situacao_cadastral").get("descricao").text(),
        founded: place.get("data_inicio_atividade").date(),
        address: CompanyAddress {
            street: joined(
                place.get("tipo_logradouro").text(),
                place.get("logradouro").text(),
            ),
            number: place.get("numero").text(),
            complement: place.get("complemento").text(),
            district: place.get("bairro").text(),
            city: city.get("nome").text(),
            ibge_code: city.get("ibge_id").number(),
            state: state.get("sigla").text(),
            zip: place.get("cep").code(8),
            country: place.get("pais").get("nome").text(),
        },
        phones: phones(
            [("ddd1", "telefone1"), ("ddd2", "telefone2")]
                .into_iter()
                .filter_map(|(area, number)| {
                    Some(format!(
                        "{}{}",
                        place.get(area).text()?,
                        place.get(number).text()?
                    ))
                }),
        ),
        emails: emails(place.get("email").text()),
        main_activity: activity(place.get("atividade_principal")),
        side_activities: place
            .get("atividades_secundarias")
            .items()
            .filter_map(activity)
            .collect(),
        legal_nature: legal_nature(nature.get("id").code(4), nature.get("descricao").text()),
        size: size.get("id").text().and_then(|id| CompanySize::read(&id)),
        capital: body.get("capital_social").reais(),
        partners: body.get("socios").items().filter_map(partner).collect(),
        simples: simples.tax_regime("simples", "data_opcao_simples"),
        mei: simples.tax_regime("mei", "data_opcao_mei"),
        state_registrations: place
            .get("inscricoes_estaduais")
            .items()
            .filter_map(registration)
            .collect(),
        source: PublicaCnpjWs::NAME.to_owned(),
        fetched_at: now,
        updated_at: place
            .get("atualizado_em")
            .instant()
            .or_else(|| body.get("atualizado_em").instant()),
        raw,
    })
}

/// `id` has the seven digits of the subclass, `subclasse` the same with its punctuation.
fn activity(activity: Node<'_>) -> Option<Activity> {
    activity
        .activity("id", "descricao")
        .or_else(|| activity.activity("subclasse", "descricao"))
}

fn partner(partner: Node<'_>) -> Option<Partner> {
    Some(Partner {
        name: partner.get("nome").text()?,
        kind: match partner.get("tipo").text().as_deref() {
            Some("Pessoa Jurídica") => Some(PartnerKind::Company),
            Some("Pessoa Física") => Some(PartnerKind::Person),
            Some("Estrangeiro" | "Sócio Estrangeiro") => Some(PartnerKind::Foreign),
            _ => None,
        },
        document: partner.get("cpf_cnpj_socio").text(),
        role: partner.get("qualificacao_socio").get("descricao").text(),
        since: partner.get("data_entrada").date(),
    })
}

fn registration(registration: Node<'_>) -> Option<StateRegistration> {
    Some(StateRegistration {
        state: registration.get("estado").get("sigla").text(),
        number: registration.get("inscricao_estadual").text()?,
        is_enabled: registration.get("ativo").flag(),
    })
}
