//! `/api/v1/cnpj/{cnpj}`: companies by their number, out of public registries.

mod attempts;
#[cfg(test)]
mod tests;
mod views;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::resilience::Deadline;
use aurora_crm::clients::NewClient;
use aurora_crm::companies::{Cnpj, Company, Lookup};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Caller, also};
use super::clients::{CandidateView, views::NewClientInput};
use super::extract::{Params, PathText};
use super::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use attempts::{AttemptView, failed, not_registered};
use views::CompanyView;

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/cnpj", routes)];

/// Longest that a caller waits; every source has a limit of its own below it.
const PATIENCE: Duration = Duration::from_secs(20);
/// RFC 9211.
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const FLAG: &str = "true or false";

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::CompanyLookup, routes!(find))
        .route(CrmPermission::CompanyLookup, routes!(prefill))
}

/// A company, and how it was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyFound)]
struct Found {
    #[serde(flatten)]
    company: CompanyView,
    /// Seconds since the registry was asked.
    age_seconds: u64,
    /// `loaded`: it was asked now; `fresh` or `stale`: the answer was kept.
    freshness: &'static str,
    /// The registries that were asked or passed over, in that order; the last one answered. Empty when the answer was kept,
    /// or another call was asking for the same number.
    attempts: Vec<AttemptView>,
    /// A draft of a client; only with `prefill=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    prefill: Option<Draft>,
}

/// A draft of a client for a form. Nothing is stored before it is sent to `POST /api/v1/clients`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientDraft)]
struct Draft {
    /// What a registry tells of the company, without its partners.
    #[schema(value_type = NewClientInput)]
    client: NewClient,
    /// Clients that may be the same, the likeliest first; only for callers with `client:read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Vec<CandidateView>>,
    /// The registry that told it.
    source: String,
    /// Seconds since it was asked.
    age_seconds: u64,
}

/// A draft of a client, and how the company was found.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClientPrefilled)]
struct Prefilled {
    #[serde(flatten)]
    draft: Draft,
    /// The registries that were asked or passed over, in that order; the last one answered. Empty when the answer was kept,
    /// or another call was asking for the same number.
    attempts: Vec<AttemptView>,
}

/// A company by its CNPJ: what is kept, else the first registry that answers, paid ones first.
///
/// The number may be written with its mask (`11.222.333%2F0001-81`) and may have letters. The answer says where it comes from
/// and how old it is, and which registries were asked for it; the registry's own answer comes with `raw=true` alone.
#[utoipa::path(get, path = "/{cnpj}", tag = "cnpj", operation_id = "lookup_cnpj",
    params(
        ("cnpj" = String, Path, description = "With or without its mask; a `/` as `%2F`", example = "11222333000181"),
        ("raw" = Option<bool>, Query, description = "`true`: with the registry's answer, unchanged"),
        ("prefill" = Option<bool>, Query, description = "`true`: with a draft of a client"),
        ("details" = Option<bool>, Query, description = "`true`: the draft has status, activity and size under `custom.company`"),
    ),
    responses(
        (status = 200, description = "The company", body = Found, headers(
            ("Cache-Status" = String, description = "Whether it was kept (RFC 9211)"),
        )),
        (status = 422, description = "It is no CNPJ", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "A registry says that there is no such company; `attempts` tells of each that was asked", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The limits of all registries are used up; `attempts` tells of each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No registry answered; `attempts` tells of each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are being looked up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No registry answered in time; `attempts` tells of each, unless the caller's time was over before", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn find(
    State(state): State<AppState>,
    caller: Caller,
    PathText(number): PathText,
    mut params: Params,
) -> Result<Response, Problem> {
    let with_raw = params.take::<bool>("raw", FLAG).unwrap_or(false);
    let with_draft = params.take::<bool>("prefill", FLAG).unwrap_or(false);
    let with_details = params.take::<bool>("details", FLAG).unwrap_or(false);
    params.finish()?;
    let (lookup, company) = look_up(&state, &number).await?;
    let age_seconds = lookup.age().as_secs();
    let prefill = if with_draft {
        Some(draft(&state, &caller, &lookup, &company, with_details).await?)
    } else {
        None
    };
    let found = Found {
        age_seconds,
        freshness: lookup.freshness().as_str(),
        attempts: attempts::told(lookup.attempts()),
        prefill,
        company: CompanyView::new(&company, with_raw),
    };
    Ok(told(&lookup, axum::Json(found).into_response()))
}

/// A draft of a client out of what a registry tells of a company. Nothing is stored.
#[utoipa::path(post, path = "/{cnpj}/prefill", tag = "cnpj", operation_id = "prefill_client",
    params(
        ("cnpj" = String, Path, description = "With or without its mask; a `/` as `%2F`", example = "11222333000181"),
        ("details" = Option<bool>, Query, description = "`true`: with status, activity and size under `custom.company`"),
    ),
    responses(
        (status = 200, description = "The draft", body = Prefilled, headers(
            ("Cache-Status" = String, description = "Whether it was kept (RFC 9211)"),
        )),
        (status = 422, description = "It is no CNPJ", body = ProblemBody, content_type = "application/problem+json"),
        (status = 404, description = "A registry says that there is no such company; `attempts` tells of each that was asked", body = ProblemBody, content_type = "application/problem+json"),
        (status = 429, description = "The limits of all registries are used up; `attempts` tells of each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 502, description = "No registry answered; `attempts` tells of each", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are being looked up", body = ProblemBody, content_type = "application/problem+json"),
        (status = 504, description = "No registry answered in time; `attempts` tells of each, unless the caller's time was over before", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn prefill(
    State(state): State<AppState>,
    caller: Caller,
    PathText(number): PathText,
    mut params: Params,
) -> Result<Response, Problem> {
    let with_details = params.take::<bool>("details", FLAG).unwrap_or(false);
    params.finish()?;
    let (lookup, company) = look_up(&state, &number).await?;
    let draft = draft(&state, &caller, &lookup, &company, with_details).await?;
    let prefilled = Prefilled {
        draft,
        attempts: attempts::told(lookup.attempts()),
    };
    Ok(told(&lookup, axum::Json(prefilled).into_response()))
}

async fn look_up(state: &AppState, number: &str) -> Result<(Lookup, Arc<Company>), Problem> {
    let cnpj: Cnpj = number
        .parse()
        .map_err(|error: aurora_crm::companies::ParseCnpjError| {
            let error = FieldError::new("cnpj", "invalid", error.to_string());
            Problem::new(ProblemKind::Invalid).errors([error])
        })?;
    let deadline = Deadline::after(&*state.clock, PATIENCE);
    let lookup = Box::pin(state.companies.find(&cnpj, deadline)).await;
    let lookup = lookup.map_err(|error| failed(&error))?;
    let company = lookup
        .clone()
        .into_company()
        .ok_or_else(|| not_registered(lookup.attempts()))?;
    Ok((lookup, company))
}

async fn draft(
    state: &AppState,
    caller: &Caller,
    lookup: &Lookup,
    company: &Company,
    with_details: bool,
) -> Result<Draft, Problem> {
    let mut client = NewClient::from_company(company);
    if with_details {
        client = client.with_registry_details(company);
    }
    let duplicates = if also(state, CrmPermission::ClientRead, caller).is_ok() {
        let clients = state.crm.clients();
        let found = clients.duplicates(&caller.context(), &client).await?;
        Some(found.into_iter().map(Into::into).collect())
    } else {
        None
    };
    Ok(Draft {
        client,
        duplicates,
        source: company.source.clone(),
        age_seconds: lookup.age().as_secs(),
    })
}

fn told(lookup: &Lookup, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::try_from(lookup.cache_status()) {
        response.headers_mut().insert(CACHE_STATUS, value);
    }
    response
}
