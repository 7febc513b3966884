//! How much workspaces, keys and models may spend.

use aurora_core::money::NanoUsd;
use aurora_crm::accounts::ApiKey;
use aurora_llm::client::Caller as Client;
use aurora_llm::ledger::{Account, AllowanceKey, Amount, Granted, Period, Quota, Standing};
use axum::extract::{Path, State};
use axum::http::header::ETAG;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::CostView;
use super::keys::of_workspace as key_of;
use super::usage::of_ledger;
use crate::http::access::Caller;
use crate::http::extract::{IfMatch, Json, PathId, etag};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// A limit on spending within a period.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewLlmBudget, example = json!({"period": "day", "limit_usd": "5.00", "offset_minutes": -180}))]
pub(super) struct BudgetInput {
    /// `day`, `month` or `total`.
    #[schema(value_type = String)]
    period: Period,
    /// Most US dollars, as a decimal text.
    limit_usd: Option<String>,
    /// Most tokens of input and output together.
    limit_tokens: Option<u64>,
    /// Only tells when it is reached, and refuses nothing.
    #[serde(default)]
    soft: bool,
    /// Minutes that midnight's clock is ahead of UTC, -840 to 840; São Paulo is -180.
    #[serde(default)]
    offset_minutes: i16,
}

/// Reads budgets; what is wrong with their amounts goes to `errors`.
pub(super) fn quotas(inputs: Vec<BudgetInput>, errors: &mut Vec<FieldError>) -> Vec<Quota> {
    let quota = |(at, input): (usize, BudgetInput)| {
        let cost = input.limit_usd.and_then(|text| {
            let amount = text.trim().parse::<NanoUsd>().ok();
            if amount.is_none() && errors.len() < 100 {
                errors.push(FieldError::new(
                    format!("budgets[{at}].limit_usd"),
                    "invalid",
                    "must be an amount such as 5.00",
                ));
            }
            amount
        });
        Quota {
            period: input.period,
            cost_nanos: cost.map(NanoUsd::nanos),
            tokens: input.limit_tokens,
            soft: input.soft,
            offset_minutes: input.offset_minutes,
        }
    };
    inputs.into_iter().enumerate().map(quota).collect()
}

/// A budget and what is spent of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmBudget)]
pub(super) struct BudgetView {
    /// `day`, `month` or `total`.
    period: &'static str,
    /// Most money.
    limit: Option<CostView>,
    /// Most tokens of input and output together.
    limit_tokens: Option<u64>,
    /// Only tells when it is reached, and refuses nothing.
    soft: bool,
    /// Minutes that midnight's clock is ahead of UTC.
    offset_minutes: i16,
    /// What is spent in this period.
    spent: CostView,
    /// Tokens that are spent in this period.
    spent_tokens: u64,
    /// What is held for calls under way.
    reserved: CostView,
    /// When the next period begins: RFC 3339, UTC; null for `total`.
    #[schema(format = DateTime)]
    resets_at: Option<String>,
}

/// The budgets of a workspace, a key or a model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmBudgets)]
pub(super) struct BudgetsView {
    /// `workspace`, `key` or `model`.
    scope: &'static str,
    /// The id of the key or the name of the model.
    subject: Option<String>,
    /// Grows by one with each change, 0 before the first; also in the header `ETag`.
    version: i64,
    budgets: Vec<BudgetView>,
}

/// Budgets of the workspace and its models.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LlmBudgetList)]
pub(super) struct BudgetList {
    items: Vec<BudgetsView>,
}

/// What to put in place of all budgets.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LlmBudgetsInput)]
pub(super) struct BudgetsInput {
    /// Up to 4; of all models of a workspace together up to 8. None takes the limits away.
    budgets: Vec<BudgetInput>,
}

/// What is spent of the budgets of several holders.
pub(super) async fn views(
    state: &AppState,
    tenant: &str,
    granted: &[Granted],
) -> Result<Vec<Vec<BudgetView>>, Problem> {
    let now = state.clock.now();
    let mut accounts: Vec<Account> = Vec::new();
    let mut of = Vec::new();
    for granted in granted {
        let (client, model) = match &granted.holder {
            AllowanceKey::Key(id) => (Client::tenant(tenant).key(id), ""),
            AllowanceKey::Model(name) => (Client::tenant(tenant), &**name),
            _ => (Client::tenant(tenant), ""),
        };
        let places: Vec<Option<Account>> = granted
            .budgets()
            .iter()
            .map(|budget| budget.account(&client, model, now))
            .collect();
        accounts.extend(places.iter().flatten().cloned());
        of.push(places);
    }
    let standings = if accounts.is_empty() {
        Vec::new()
    } else {
        let ledger = &state.gateway.books().ledger;
        ledger.standings(&accounts).await.map_err(of_ledger)?
    };
    let views = granted.iter().zip(of).map(|(granted, places)| {
        let quotas = granted.allowance.budgets.iter().zip(places);
        quotas
            .map(|(quota, account)| {
                let standing = account.and_then(|account| standings.iter().find(|it| it.account == account));
                view(quota, standing)
            })
            .collect()
    });
    Ok(views.collect())
}

fn view(quota: &Quota, standing: Option<&Standing>) -> BudgetView {
    let spent = standing.map_or(Amount::ZERO, |it| it.spent);
    let reserved = standing.map_or(Amount::ZERO, |it| it.reserved);
    let ends_at = standing.and_then(|it| it.account.ends_at());
    BudgetView {
        period: quota.period.as_str(),
        limit: quota
            .cost_nanos
            .map(|nanos| CostView::exactly(NanoUsd::from_nanos(nanos))),
        limit_tokens: quota.tokens,
        soft: quota.soft,
        offset_minutes: quota.offset_minutes,
        spent: CostView::exactly(spent.cost),
        spent_tokens: spent.tokens,
        reserved: CostView::exactly(reserved.cost),
        resets_at: ends_at.map(|it| it.to_string()),
    }
}

/// The budgets of the workspace and of its models, with what is spent; those of keys stand with the keys.
#[utoipa::path(get, path = "/budgets", tag = "llm", operation_id = "llm_budgets", responses(
    (status = 200, description = "The budgets", body = BudgetList),
))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
) -> Result<axum::Json<BudgetList>, Problem> {
    let tenant = caller.workspace().to_string();
    let allowances = &state.gateway.books().allowances;
    let granted = allowances.of(&Client::tenant(&tenant)).await.map_err(of_ledger)?;
    let views = views(&state, &tenant, &granted).await?;
    let items = granted.iter().zip(views);
    Ok(axum::Json(BudgetList {
        items: items.map(|(granted, budgets)| shown(granted, budgets)).collect(),
    }))
}

/// The budgets of the workspace.
#[utoipa::path(get, path = "/budgets/workspace", tag = "llm", operation_id = "llm_workspace_budgets", responses(
    (status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`"))),
))]
pub(super) async fn of_workspace(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    read(&state, &caller, AllowanceKey::Tenant).await
}

/// Puts the budgets of the workspace in place.
#[utoipa::path(put, path = "/budgets/workspace", tag = "llm", operation_id = "put_llm_workspace_budgets",
    request_body = BudgetsInput,
    params(("If-Match" = String, Header, description = "The etag that was read, `\"v0\"` before the first change")),
    responses((status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
pub(super) async fn put_workspace(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(input): Json<BudgetsInput>,
) -> Result<Response, Problem> {
    put(&state, &caller, AllowanceKey::Tenant, if_match, input).await
}

/// The budgets of all calls to a model.
#[utoipa::path(get, path = "/budgets/models/{*model}", tag = "llm", operation_id = "llm_model_budgets",
    params(("model" = String, Path, description = "The model, as the provider names it")),
    responses((status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
pub(super) async fn of_model(
    State(state): State<AppState>,
    caller: Caller,
    Path(model): Path<String>,
) -> Result<Response, Problem> {
    read(&state, &caller, AllowanceKey::model(model)).await
}

/// Puts the budgets of all calls to a model in place.
#[utoipa::path(put, path = "/budgets/models/{*model}", tag = "llm", operation_id = "put_llm_model_budgets",
    request_body = BudgetsInput,
    params(
        ("model" = String, Path, description = "The model, as the provider names it"),
        ("If-Match" = String, Header, description = "The etag that was read, `\"v0\"` before the first change"),
    ),
    responses((status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
pub(super) async fn put_model(
    State(state): State<AppState>,
    caller: Caller,
    Path(model): Path<String>,
    if_match: IfMatch,
    Json(input): Json<BudgetsInput>,
) -> Result<Response, Problem> {
    put(&state, &caller, AllowanceKey::model(model), if_match, input).await
}

/// The budgets of a key.
#[utoipa::path(get, path = "/budgets/keys/{id}", tag = "llm", operation_id = "llm_key_budgets",
    params(("id" = String, Path, description = "`key_…`")),
    responses((status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
pub(super) async fn of_key(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
) -> Result<Response, Problem> {
    let key = key_of(&state, &caller, id).await?;
    read(&state, &caller, AllowanceKey::key(key.id.to_string())).await
}

/// Puts the budgets of a key in place; its models and limits of the minute stay.
#[utoipa::path(put, path = "/budgets/keys/{id}", tag = "llm", operation_id = "put_llm_key_budgets",
    request_body = BudgetsInput,
    params(
        ("id" = String, Path, description = "`key_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, `\"v0\"` before the first change"),
    ),
    responses((status = 200, description = "The budgets", body = BudgetsView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
pub(super) async fn put_key(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<ApiKey>,
    if_match: IfMatch,
    Json(input): Json<BudgetsInput>,
) -> Result<Response, Problem> {
    let key = key_of(&state, &caller, id).await?;
    let holder = AllowanceKey::key(key.id.to_string());
    put(&state, &caller, holder, if_match, input).await
}

async fn read(state: &AppState, caller: &Caller, holder: AllowanceKey) -> Result<Response, Problem> {
    let tenant = caller.workspace().to_string();
    let allowances = &state.gateway.books().allowances;
    let granted = allowances.get(&tenant, &holder).await.map_err(of_ledger)?;
    answer(state, &tenant, &granted).await
}

async fn put(
    state: &AppState,
    caller: &Caller,
    holder: AllowanceKey,
    if_match: IfMatch,
    input: BudgetsInput,
) -> Result<Response, Problem> {
    let mut errors = Vec::new();
    let quotas = quotas(input.budgets, &mut errors);
    let tenant = caller.workspace().to_string();
    let allowances = &state.gateway.books().allowances;
    let mut granted = allowances.get(&tenant, &holder).await.map_err(of_ledger)?;
    granted.allowance.budgets = quotas;
    if errors.is_empty() {
        let problems = granted.allowance.problems().into_iter();
        errors.extend(problems.map(|(field, words)| FieldError::new(field, "invalid", words)));
    }
    if !errors.is_empty() {
        return Err(Problem::new(ProblemKind::Invalid).errors(errors));
    }
    let granted = changed(state, &tenant, granted, if_match).await?;
    answer(state, &tenant, &granted).await
}

/// Keeps an allowance if nobody has changed it since the caller read it.
pub(super) async fn changed(
    state: &AppState,
    tenant: &str,
    granted: Granted,
    if_match: IfMatch,
) -> Result<Granted, Problem> {
    if granted.version != if_match.expected() {
        return Err(Problem::new(ProblemKind::Stale).with("current_version", granted.version));
    }
    let allowances = &state.gateway.books().allowances;
    let put = allowances.put(tenant, &granted.holder, granted.allowance, granted.version);
    put.await.map_err(|error| match error.kind() {
        aurora_llm::ledger::ErrorKind::Invalid => {
            let field = FieldError::new("budgets", "invalid", error.to_string());
            Problem::new(ProblemKind::Invalid).errors([field])
        }
        _ => of_ledger(error),
    })
}

async fn answer(state: &AppState, tenant: &str, granted: &Granted) -> Result<Response, Problem> {
    let views = views(state, tenant, std::slice::from_ref(granted)).await?;
    let body = shown(granted, views.into_iter().next().unwrap_or_default());
    Ok(([(ETAG, etag(granted.version))], axum::Json(body)).into_response())
}

fn shown(granted: &Granted, budgets: Vec<BudgetView>) -> BudgetsView {
    let (scope, subject) = match &granted.holder {
        AllowanceKey::Key(id) => ("key", Some(id.to_string())),
        AllowanceKey::Model(name) => ("model", Some(name.to_string())),
        _ => ("workspace", None),
    };
    BudgetsView {
        scope,
        subject,
        version: granted.version,
        budgets,
    }
}
