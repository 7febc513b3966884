//! `/api/v1/privacy`: what the LGPD (Lei 13.709/2018) asks of whoever keeps data of people.

mod ledgers;
mod requests;
mod retention;
mod subjects;
#[cfg(test)]
mod tests;
mod views;

use aurora_crm::clients::ClientId;
use aurora_crm::leads::LeadId;
use aurora_crm::privacy::DataSubject;
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use utoipa_axum::routes;

use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/privacy", routes),
    // A copy, and what makes somebody anonymous, take as long as there are records and files.
    Mount::streams("/api/v1/privacy", long),
];

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::PrivacyRead, routes!(subjects::erasures))
        .route(CrmPermission::PrivacyRead, routes!(ledgers::consents))
        .route(CrmPermission::PrivacyWrite, routes!(ledgers::record_consent))
        .route(CrmPermission::PrivacyRead, routes!(ledgers::shares))
        .route(CrmPermission::PrivacyWrite, routes!(ledgers::record_share))
        .route(CrmPermission::PrivacyRead, routes!(ledgers::holds))
        .route(CrmPermission::PrivacyWrite, routes!(ledgers::hold))
        .route(CrmPermission::PrivacyErase, routes!(ledgers::release))
        .route(CrmPermission::PrivacyRead, routes!(requests::list))
        .route(CrmPermission::PrivacyWrite, routes!(requests::open))
        .route(CrmPermission::PrivacyWrite, routes!(requests::close))
        .route(CrmPermission::PrivacyRead, routes!(retention::rules))
        .route(CrmPermission::PrivacyErase, routes!(retention::set))
        .route(CrmPermission::PrivacyRead, routes!(retention::preview))
}

fn long() -> Routes {
    Routes::new()
        .route(CrmPermission::PrivacyExport, routes!(subjects::export))
        .route(CrmPermission::PrivacyErase, routes!(subjects::anonymise))
        .route(CrmPermission::PrivacyErase, routes!(retention::apply))
}

/// Whose data it is, as the address says: a client or a lead. A text that is neither names nobody: 404.
#[derive(Debug, Clone, Copy)]
struct Subject(DataSubject);

impl<S: Send + Sync> FromRequestParts<S> for Subject {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let text = Path::<String>::from_request_parts(parts, state).await;
        text.ok()
            .and_then(|Path(text)| subject_of(&text))
            .map(Self)
            .ok_or_else(|| Problem::new(ProblemKind::NotFound))
    }
}

fn subject_of(text: &str) -> Option<DataSubject> {
    let client = text.parse::<ClientId>().map(DataSubject::Client);
    client
        .or_else(|_| text.parse::<LeadId>().map(DataSubject::Lead))
        .ok()
}
