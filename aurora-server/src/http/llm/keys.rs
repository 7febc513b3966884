//! Virtual keys: API keys of the workspace that ask models, each with the models, the pace and the budgets that it has.

use aurora_core::access::policy::Permission as _;
use aurora_core::page::Page;
use aurora_core::time::Timestamp;
use aurora_crm::accounts::{ApiKey, ApiKeyId, NewApiKey};
use aurora_crm::workspaces::CrmPermission;
use aurora_llm::ledger::{Allowance, AllowanceKey, Granted};
use axum::extract::State;
use axum::http::header::{ETAG, LOCATION};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::budgets::{BudgetInput, BudgetView, changed, quotas, views};
use super::usage::of_ledger;
use crate::http::access::{Access, Caller, Right, also};
use crate::http::extract::{IfMatch, Json, Params, PathId, etag};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLlmKey, example = json!({"name": "shop", "models": ["gpt-5-mini"], "requests_per_minute": 60,
    "budgets": [{"period": "day", "limit_usd": "5.00"}, {"period": "month", "limit_usd": "50"}]}))]
pub(super) struct NewKeyInput {
    /// What it is for, in up to 100 characters.
    name: String,
    /// RFC 3339: the first instant at which it is not accepted; never unless told.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The models and aliases that it may name, exactly or with a trailing `*`; any unless told.
    models: Option<Vec<String>>,
    /// Most requests in a minute.
    requests_per_minute: Option<u32>,
    /// Most tokens in a minute, input and output together.
    tokens_per_minute: Option<u32>,
    /// Up to 4 budgets.
    #[serde(default)]
    budgets: Vec<BudgetInput>,
}

/// What a key may use from now on; what is missing is not limited.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LlmKeyLimits)]
pub(super) struct LimitsInput {
    /// The models and aliases that it may name, exactly or with a trailing `*`.
    models: Option<Vec<String>>,
    /// Most requests in a minute.
    requests_per_minute: Option<u32>,
    /// Most tokens in a minute, input and output together.
    tokens_per_minute: Option<u32>,
    /// Up to 4 budgets.
    #[serde(default)]
    budgets: Vec<BudgetInput>,
}

impl LimitsInput {
    fn read(self) -> Result<Allowance, Problem> {
        let mut errors = Vec::new();
        let allowance = Allowance {
            models: self.models,
            requests_per_minute: self.requests_per_minute,
            tokens_per_minute: self.tokens_per_minute,
            budgets: quotas(self.budgets, &mut errors),
        };
        let told: Vec<String> = errors.iter().map(|error| error.field.clone()).collect();
        let problems = allowance.problems().into_iter();
        let others = problems.filter(|(field, _)| !told.iter().any(|told| told.starts_with(field)));
        errors.extend(others.map(|(field, words)| FieldError::new(field, "invalid", words)));
        if errors.is_empty() {
            Ok(allowance)
        } else {
            Err(Problem::new(ProblemKind::Invalid).errors(errors))
        }
    }
}

/// A virtual key; the key itself was shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmKey)]
pub(super) struct KeyView {
    /// `key_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change of what it may use; also in the header `ETag`.
    version: i64,
    /// What it is for.
    name: String,
    /// Its first letters.
    prefix: String,
    /// The models and aliases that it may name; null is any.
    models: Option<Vec<String>>,
    /// Most requests in a minute; null is any number.
    requests_per_minute: Option<u32>,
    /// Most tokens in a minute; null is any number.
    tokens_per_minute: Option<u32>,
    /// Its budgets and what is spent of them.
    budgets: Vec<BudgetView>,
    /// Who made it.
    created_by: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC; null when it does not expire.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// RFC 3339, UTC; null while it is good.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// RFC 3339, UTC, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// A key that has just been made.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmKeyCreated)]
pub(super) struct KeyCreated {
    /// The key itself, shown now and never again.
    #[schema(example = "aur_live_…")]
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

/// One page of keys.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmKeyPage)]
pub(super) struct KeyPage {
    /// The keys, the newest first, with those that were revoked.
    items: Vec<KeyView>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// One page of the keys that ask models. A page can be shorter than its limit while more follow.
#[utoipa::path(get, path = "/keys", tag = "llm", operation_id = "list_llm_keys",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = KeyPage)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<KeyPage>, Problem> {
    let page = params.page();
    params.finish()?;
    let keys = state.doors.accounts().api_keys();
    let listed = keys.list(&caller.context(), &page).await;
    let Page { items, next } = listed.map_err(|error| Problem::from(error).of_parameters())?;
    let keys: Vec<ApiKey> = items.into_iter().filter(asks_models).collect();
    let tenant = caller.workspace().to_string();
    // Ids grow with time, so that a page of keys is a range of them.
    let ids = || keys.iter().map(|key| key.id.to_string());
    let granted = match (ids().min(), ids().max()) {
        (Some(first), Some(last)) => {
            let allowances = &state.gateway.books().allowances;
            let found = allowances.keys_between(&tenant, &first, &last, 1_000).await;
            found.map_err(of_ledger)?
        }
        _ => Vec::new(),
    };
    let views = views(&state, &tenant, &granted).await?;
    let mut budgets: Vec<(Granted, Vec<BudgetView>)> = granted.into_iter().zip(views).collect();
    let items = keys.into_iter().map(|key| {
        let holder = AllowanceKey::key(key.id.to_string());
        let place = budgets.iter().position(|(granted, _)| granted.holder == holder);
        let known = place.map(|at| budgets.swap_remove(at));
        shown(key, known)
    });
    Ok(axum::Json(KeyPage {
        items: items.collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// Makes a key with what it may use. It carries `llm:use` and nothing else. As every API key it is made by a person with a
/// fresh second factor, who has `key:write` and `llm:use`.
#[utoipa::path(post, path = "/keys", tag = "llm", operation_id = "create_llm_key", request_body = NewKeyInput,
    responses((status = 201, description = "Made; the key is shown this once", body = KeyCreated, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where the key is to be found"),
    ))))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<NewKeyInput>,
) -> Result<Response, Problem> {
    let limits = LimitsInput {
        models: input.models,
        requests_per_minute: input.requests_per_minute,
        tokens_per_minute: input.tokens_per_minute,
        budgets: input.budgets,
    };
    keeps_keys(&state, &caller)?;
    also(&state, Access::Server(Right::LlmUse), &caller)?;
    let allowance = limits.read()?;
    let mut new = NewApiKey::new(input.name).scope(Right::LlmUse.as_str());
    if let Some(end) = input.expires_at {
        new = new.expires_at(end);
    }
    let keys = state.doors.accounts().api_keys();
    let made = keys.create(&caller.context(), new).await?;
    let tenant = caller.workspace().to_string();
    let holder = AllowanceKey::key(made.key.id.to_string());
    let allowances = &state.gateway.books().allowances;
    let granted = match allowances.put(&tenant, &holder, allowance, 0).await {
        Ok(granted) => granted,
        Err(error) => {
            // Nobody has seen the key: without its limits it must not be good for anything.
            keys.revoke(&caller.context(), made.key.id).await?;
            return Err(of_ledger(error));
        }
    };
    let location = format!("/api/v1/llm/keys/{}", made.key.id);
    let version = granted.version;
    let body = KeyCreated {
        key: made.secret.expose().to_owned(),
        view: whole(&state, &tenant, made.key, granted)
            .await
            .map_err(Problem::perhaps_made)?,
    };
    let mut response = (StatusCode::CREATED, [(ETAG, etag(version))], axum::Json(body)).into_response();
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    Ok(response)
}

/// One key with what it may use.
#[utoipa::path(get, path = "/keys/{id}", tag = "llm", operation_id = "get_llm_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "The key", body = KeyView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
) -> Result<Response, Problem> {
    let key = of_workspace(&state, &caller, id).await?;
    let tenant = caller.workspace().to_string();
    let allowances = &state.gateway.books().allowances;
    let granted = allowances
        .get(&tenant, &AllowanceKey::key(id.to_string()))
        .await
        .map_err(of_ledger)?;
    answer(&state, &tenant, key, granted).await
}

/// Puts in place what a key may use; what is missing is not limited. It holds from the key's next call on. It takes a person
/// with `key:write` and a fresh second factor.
#[utoipa::path(put, path = "/keys/{id}", tag = "llm", operation_id = "put_llm_key", request_body = LimitsInput,
    params(
        ("id" = String, Path, description = "`key_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "The key", body = KeyView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn change(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
    if_match: IfMatch,
    Json(input): Json<LimitsInput>,
) -> Result<Response, Problem> {
    keeps_keys(&state, &caller)?;
    let allowance = input.read()?;
    let key = of_workspace(&state, &caller, id).await?;
    let tenant = caller.workspace().to_string();
    let allowances = &state.gateway.books().allowances;
    let mut granted = allowances
        .get(&tenant, &AllowanceKey::key(id.to_string()))
        .await
        .map_err(of_ledger)?;
    granted.allowance = allowance;
    let granted = changed(&state, &tenant, granted, if_match).await?;
    answer(&state, &tenant, key, granted).await
}

/// Takes a key back that carries `llm:use` alone; it is refused from now on. It takes a person with `key:write` and a fresh
/// second factor.
#[utoipa::path(delete, path = "/keys/{id}", tag = "llm", operation_id = "revoke_llm_key",
    params(("id" = String, Path, description = "`key_…`")),
    responses(
        (status = 204, description = "Taken back"),
        (status = 409, description = "The key carries more; `/api/v1/api-keys` takes it back", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn revoke(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
) -> Result<StatusCode, Problem> {
    keeps_keys(&state, &caller)?;
    let key = of_workspace(&state, &caller, id).await?;
    if key.scopes.len() > 1 {
        let detail = "the key carries more than llm:use; it is taken back at /api/v1/api-keys";
        return Err(Problem::new(ProblemKind::Conflict).detail(detail));
    }
    let keys = state.doors.accounts().api_keys();
    keys.revoke(&caller.context(), key.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the caller may do with keys what they may do at `/api/v1/api-keys`. Through open doors comes whoever is at this
/// machine; nobody there has a second factor.
fn keeps_keys(state: &AppState, caller: &Caller) -> Result<(), Problem> {
    if caller.alive().is_none() && caller.looks_after_all() {
        return Ok(());
    }
    also(state, CrmPermission::KeyWrite, caller)
}

/// A key of the caller's workspace that asks models.
pub(super) async fn of_workspace(state: &AppState, caller: &Caller, id: ApiKeyId) -> Result<ApiKey, Problem> {
    let key = state
        .doors
        .accounts()
        .api_keys()
        .get(&caller.context(), id)
        .await?;
    if asks_models(&key) {
        Ok(key)
    } else {
        Err(Problem::new(ProblemKind::NotFound))
    }
}

fn asks_models(key: &ApiKey) -> bool {
    key.scopes.contains(Right::LlmUse.as_str())
}

async fn answer(state: &AppState, tenant: &str, key: ApiKey, granted: Granted) -> Result<Response, Problem> {
    let version = granted.version;
    let view = whole(state, tenant, key, granted).await?;
    Ok(([(ETAG, etag(version))], axum::Json(view)).into_response())
}

async fn whole(state: &AppState, tenant: &str, key: ApiKey, granted: Granted) -> Result<KeyView, Problem> {
    let views = views(state, tenant, std::slice::from_ref(&granted)).await?;
    Ok(shown(
        key,
        Some((granted, views.into_iter().next().unwrap_or_default())),
    ))
}

fn shown(key: ApiKey, known: Option<(Granted, Vec<BudgetView>)>) -> KeyView {
    let (allowance, version, budgets) = match known {
        Some((granted, budgets)) => (granted.allowance, granted.version, budgets),
        None => (Allowance::default(), 0, Vec::new()),
    };
    let text = |time: Timestamp| time.to_string();
    KeyView {
        id: key.id.to_string(),
        version,
        name: key.name,
        prefix: key.prefix,
        models: allowance.models,
        requests_per_minute: allowance.requests_per_minute,
        tokens_per_minute: allowance.tokens_per_minute,
        budgets,
        created_by: key.created_by,
        created_at: text(key.created_at),
        expires_at: key.expires_at.map(text),
        revoked_at: key.revoked_at.map(text),
        last_used_at: key.last_used_at.map(text),
    }
}

#[cfg(test)]
mod tests;
