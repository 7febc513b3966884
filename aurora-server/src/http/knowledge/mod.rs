//! `/api/v1/knowledge`: documents that are searched, quoted and improved by feedback.

mod answer;
mod documents;
mod feedback;
mod search;
#[cfg(test)]
mod tests;
mod views;

use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/knowledge", routes),
    Mount::answers("/api/v1/knowledge", bring).for_models(),
    Mount::streams("/api/v1/knowledge", send).for_uploads(),
    // A model may take longer than a request; its client has limits of its own.
    Mount::streams("/api/v1/knowledge", ask),
];

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::KnowledgeRead, routes!(documents::list))
        .route(CrmPermission::KnowledgeRead, routes!(documents::read))
        .route(CrmPermission::KnowledgeWrite, routes!(documents::delete))
        .route(CrmPermission::KnowledgeWrite, routes!(documents::reindex))
        .route(CrmPermission::KnowledgeRead, routes!(documents::chunks))
        .route(CrmPermission::KnowledgeRead, routes!(documents::versions))
        .route(CrmPermission::KnowledgeRead, routes!(search::search))
        .route(CrmPermission::KnowledgeRead, routes!(search::settings))
        .route(CrmPermission::KnowledgeWrite, routes!(feedback::rate))
        .route(CrmPermission::KnowledgeRead, routes!(feedback::state))
        .route(CrmPermission::KnowledgeWrite, routes!(feedback::log))
        .route(CrmPermission::KnowledgeWrite, routes!(feedback::correct))
        .route(CrmPermission::KnowledgeWrite, routes!(feedback::revert))
        .route(CrmPermission::KnowledgeWrite, routes!(feedback::restore))
        .route(CrmPermission::KnowledgeRead, routes!(feedback::ratings))
}

fn bring() -> Routes {
    Routes::new().route(CrmPermission::KnowledgeWrite, routes!(documents::create))
}

fn send() -> Routes {
    Routes::new().route(CrmPermission::KnowledgeWrite, routes!(documents::upload))
}

fn ask() -> Routes {
    Routes::new().route(CrmPermission::KnowledgeRead, routes!(answer::answer))
}
