//! `/api/v1/api-keys` and `/api/v1/provider-keys`.

#[cfg(test)]
mod tests;
mod views;

use aurora_core::access::policy::{Permission, Policy};
use aurora_core::page::Page;
use aurora_crm::accounts::{ApiKey, NewApiKey};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::{Caller, Right};
use super::extract::{Json, Params, PathId};
use super::problem::{FieldError, Problem, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use views::{
    ApiKeyCreated, ApiKeyPage, ApiKeyView, NewApiKeyInput, ProviderKeyInput, ProviderKeyList, ProviderKeyView,
};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/api-keys", api_keys),
    Mount::answers("/api/v1/provider-keys", provider_keys),
];

fn api_keys() -> Routes {
    Routes::new()
        .route(CrmPermission::KeyRead, routes!(list))
        .once(CrmPermission::KeyWrite, routes!(create))
        .route(CrmPermission::KeyWrite, routes!(revoke))
}

fn provider_keys() -> Routes {
    Routes::new()
        .route(CrmPermission::KeyRead, routes!(list_providers))
        .route(CrmPermission::KeyWrite, routes!(set_provider))
        .route(CrmPermission::KeyWrite, routes!(delete_provider))
}

/// One page of API keys.
#[utoipa::path(get, path = "/", tag = "keys", operation_id = "list_api_keys",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = ApiKeyPage)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<ApiKeyPage>, Problem> {
    let page = params.page();
    params.finish()?;
    let keys = state.doors.accounts().api_keys();
    let Page { items, next } = keys
        .list(&caller.context(), &page)
        .await
        .map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(ApiKeyPage {
        items: items.into_iter().map(ApiKeyView::from).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// Makes an API key for a program that acts in the workspace. The key is in the answer and is never shown again.
#[utoipa::path(post, path = "/", tag = "keys", operation_id = "create_api_key", request_body = NewApiKeyInput,
    responses((status = 201, description = "Made; `key` is shown this once", body = ApiKeyCreated)))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewApiKeyInput>,
) -> Result<Response, Problem> {
    let scopes = new.scopes.iter().enumerate();
    let errors: Vec<FieldError> = scopes
        .filter_map(|(index, scope)| {
            let (code, message) = refusal(&state, &caller, scope)?;
            Some(FieldError::new(format!("scopes[{index}]"), code, message))
        })
        .take(100)
        .collect();
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    let mut wanted = NewApiKey::new(new.name);
    for scope in new.scopes {
        wanted = wanted.scope(scope);
    }
    if let Some(end) = new.expires_at {
        wanted = wanted.expires_at(end);
    }
    let keys = state.doors.accounts().api_keys();
    let created = keys.create(&caller.context(), wanted).await?;
    let answer = ApiKeyCreated {
        key: created.secret.expose().to_owned(),
        about: created.key.into(),
    };
    Ok((StatusCode::CREATED, axum::Json(answer)).into_response())
}

/// Why a key of this caller must not carry this permission, if so.
fn refusal(state: &AppState, caller: &Caller, scope: &str) -> Option<(&'static str, &'static str)> {
    let is_mine = if let Some(permission) = CrmPermission::named(scope) {
        has(state.doors.policy(), caller, permission)
    } else if let Some(right) = Right::named(scope) {
        // In the first workspace a key with a right of the server has it over the whole installation.
        let is_wide = caller.workspace() == state.workspace && right.is_wide();
        has(state.doors.rights(), caller, right) && (!is_wide || caller.looks_after_all())
    } else {
        return Some(("unknown", "is no permission"));
    };
    (!is_mine).then_some(("not_allowed", "is not the caller's to give"))
}

fn has<P: Permission>(policy: &Policy<P>, caller: &Caller, permission: P) -> bool {
    let mut roles = caller.roles().iter();
    roles.any(|role| policy.grants(role.as_str(), permission))
}

/// Takes an API key back; it is refused from now on.
#[utoipa::path(delete, path = "/{id}", tag = "keys", operation_id = "revoke_api_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 204, description = "Taken back")))]
async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
) -> Result<StatusCode, Problem> {
    let keys = state.doors.accounts().api_keys();
    keys.revoke(&caller.context(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The workspace's keys of model providers and other services, without the secrets.
#[utoipa::path(get, path = "/", tag = "keys", operation_id = "list_provider_keys",
    responses((status = 200, description = "By provider", body = ProviderKeyList)))]
async fn list_providers(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<ProviderKeyList>, Problem> {
    params.finish()?;
    let keys = state.doors.accounts().provider_keys();
    let items = keys.list(&caller.context()).await?;
    Ok(axum::Json(ProviderKeyList {
        items: items.into_iter().map(ProviderKeyView::from).collect(),
        next: None,
    }))
}

/// Stores the key of a provider, sealed, in place of the one before.
#[utoipa::path(put, path = "/{provider}", tag = "keys", operation_id = "set_provider_key", request_body = ProviderKeyInput,
    params(("provider" = String, Path, description = "1 to 40 of `a-z`, `0-9`, `-` and `_`, such as `openai`")),
    responses((status = 200, description = "Stored", body = ProviderKeyView)))]
async fn set_provider(
    State(state): State<AppState>,
    caller: Caller,
    Path(provider): Path<String>,
    Json(input): Json<ProviderKeyInput>,
) -> Result<axum::Json<ProviderKeyView>, Problem> {
    let keys = state.doors.accounts().provider_keys();
    let key = keys.set(&caller.context(), &provider, &input.secret).await?;
    Ok(axum::Json(key.into()))
}

/// Deletes the key of a provider.
#[utoipa::path(delete, path = "/{provider}", tag = "keys", operation_id = "delete_provider_key",
    params(("provider" = String, Path, description = "Such as `openai`")),
    responses((status = 204, description = "Deleted")))]
async fn delete_provider(
    State(state): State<AppState>,
    caller: Caller,
    Path(provider): Path<String>,
) -> Result<StatusCode, Problem> {
    let keys = state.doors.accounts().provider_keys();
    keys.delete(&caller.context(), &provider).await?;
    Ok(StatusCode::NO_CONTENT)
}
