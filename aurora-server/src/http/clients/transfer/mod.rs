//! Clients from and to CSV files, as streams: neither a file nor a list is held in memory.

mod export;
mod import;
mod options;
mod report;
#[cfg(test)]
mod tests;

use aurora_crm::workspaces::CrmPermission;
use utoipa_axum::routes;

use crate::http::Routes;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::ClientImport, routes!(import::run))
        .route(CrmPermission::ClientImport, routes!(import::plan))
        .route(CrmPermission::ClientImport, routes!(import::progress))
        .route(CrmPermission::ClientExport, routes!(export::write))
}

/// One of a few words of a parameter.
fn chosen<T: Copy>(
    params: &mut crate::http::extract::Params,
    name: &'static str,
    allowed: &'static str,
    words: &[(&str, T)],
) -> Option<T> {
    let text = params.take::<String>(name, allowed)?;
    let found = words.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        params.refuse(name, allowed);
    }
    found.map(|(_, value)| *value)
}
