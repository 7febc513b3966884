//! What calls used: totals and entries of the ledger.

use std::ops::Range;
use std::time::Duration;

use aurora_core::page::Page;
use aurora_core::time::Timestamp;
use aurora_llm::ledger::{self, Entry, EntryQuery, GroupBy, Tokens, UsageQuery, UsageRow};
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::CostView;
use super::models::task_name;
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const GROUPS: &str = "day, model, provider, key or user";
const DAY: Duration = Duration::from_secs(86_400);
/// How far a report goes back unless told.
const BACK: Duration = Duration::from_secs(30 * 86_400);

/// A page of totals.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UsagePage {
    /// Totals by group, sorted by it.
    items: Vec<UsageItem>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// What a group used.
#[derive(Debug, Serialize, ToSchema)]
struct UsageItem {
    /// The day (UTC), model, provider instance, key, user or workspace; empty for calls by none.
    group: String,
    /// How many attempts were billed.
    calls: u64,
    tokens: TokensView,
    /// What they cost, as far as they have a price.
    cost: CostView,
    /// How many of them have no price.
    unpriced: u64,
    /// How many are an estimate, because the provider never said.
    estimated: u64,
}

/// Tokens that were booked.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerTokens)]
struct TokensView {
    /// All input.
    input: u64,
    /// Of it, what was read from the provider's cache.
    cached_input: u64,
    /// All output.
    output: u64,
    /// Of it, what was spent on reasoning.
    reasoning: u64,
}

impl From<Tokens> for TokensView {
    fn from(tokens: Tokens) -> Self {
        Self {
            input: tokens.input,
            cached_input: tokens.cached,
            output: tokens.output,
            reasoning: tokens.reasoning,
        }
    }
}

impl From<UsageRow> for UsageItem {
    fn from(row: UsageRow) -> Self {
        Self {
            group: row.group,
            calls: row.calls,
            tokens: row.tokens.into(),
            cost: CostView::exactly(row.cost),
            unpriced: row.unpriced,
            estimated: row.estimated,
        }
    }
}

/// What the workspace used, by day, model, provider, key or user.
///
/// Days are whole and in UTC: from the one that `from` lies in up to the one before `to`, 30 days up to now unless told.
#[utoipa::path(get, path = "/usage", tag = "llm", operation_id = "llm_usage",
    params(
        ("group" = Option<String>, Query, description = "`day` (unless told), `model`, `provider`, `key` or `user`"),
        ("from" = Option<String>, Query, description = "RFC 3339"),
        ("to" = Option<String>, Query, description = "RFC 3339; not included"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = UsagePage)))]
pub(super) async fn usage(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<UsagePage>, Problem> {
    let tenant = caller.workspace().to_string();
    report(&state, params, GROUPS, |group, range| match group {
        GroupBy::Tenant => None,
        group => Some(UsageQuery::of(&tenant, group, range)),
    })
    .await
}

/// What all workspaces used together, for whoever runs the installation.
#[utoipa::path(get, path = "/usage/installation", tag = "llm", operation_id = "llm_usage_of_installation",
    params(
        ("group" = Option<String>, Query, description = "`day` (unless told), `workspace`, `model`, `provider`, `key` or `user`"),
        ("from" = Option<String>, Query, description = "RFC 3339"),
        ("to" = Option<String>, Query, description = "RFC 3339; not included"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = UsagePage)))]
pub(super) async fn installation(
    State(state): State<AppState>,
    params: Params,
) -> Result<axum::Json<UsagePage>, Problem> {
    report(
        &state,
        params,
        "day, workspace, model, provider, key or user",
        |group, range| Some(UsageQuery::of_all(group, range)),
    )
    .await
}

async fn report(
    state: &AppState,
    mut params: Params,
    groups: &'static str,
    query: impl FnOnce(GroupBy, Range<Timestamp>) -> Option<UsageQuery> + Send,
) -> Result<axum::Json<UsagePage>, Problem> {
    let group = match params.take::<String>("group", groups).as_deref() {
        None | Some("day") => GroupBy::Day,
        Some("model") => GroupBy::Model,
        Some("provider") => GroupBy::Provider,
        Some("key") => GroupBy::Key,
        Some("user") => GroupBy::User,
        Some("workspace") => GroupBy::Tenant,
        Some(_) => {
            params.refuse("group", groups);
            GroupBy::Day
        }
    };
    let range = range(&mut params, state);
    let page = params.page();
    let query = query(group, range);
    if query.is_none() {
        params.refuse("group", groups);
    }
    params.finish()?;
    let Some(query) = query else {
        return Err(Problem::new(ProblemKind::InvalidParameter));
    };
    let Page { items, next } = state
        .gateway
        .books()
        .ledger
        .usage(&query, &page)
        .await
        .map_err(of_ledger)?;
    Ok(axum::Json(UsagePage {
        items: items.into_iter().map(UsageItem::from).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

fn range(params: &mut Params, state: &AppState) -> Range<Timestamp> {
    const TIME: &str = "a time such as 2026-11-20T15:04:05Z";
    // The next midnight: the pages of one list must be about the same range.
    let until = params.take("to", TIME).unwrap_or_else(|| {
        let day = i64::try_from(DAY.as_secs()).unwrap_or(1);
        let today = state.clock.now().as_secs().div_euclid(day);
        Timestamp::from_secs((today + 1) * day)
    });
    let from = params.take("from", TIME).unwrap_or(until - BACK);
    if from >= until {
        params.refuse("from", "before to");
    }
    from..until
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct EntryPage {
    /// Entries, the newest first.
    items: Vec<EntryItem>,
    /// The cursor of the next page; null on the last.
    next: Option<String>,
}

/// One attempt that a provider bills, or may bill.
#[derive(Debug, Serialize, ToSchema)]
struct EntryItem {
    /// `use_` and 32 hexadecimal digits.
    id: String,
    /// When the attempt ended: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// The user for whom it was.
    user: Option<String>,
    /// The API key by which it came.
    key: Option<String>,
    /// `chat`, `embeddings` or `rerank`.
    task: &'static str,
    /// The provider instance.
    provider: String,
    /// The model, as the provider names it.
    model: String,
    tokens: TokensView,
    /// What it cost; null when the model has no known price.
    cost: Option<CostView>,
    /// Whether tokens and cost are an estimate.
    estimated: bool,
}

impl From<Entry> for EntryItem {
    fn from(entry: Entry) -> Self {
        let text = |part: Option<std::sync::Arc<str>>| part.map(|part| part.to_string());
        Self {
            id: entry.id.to_string(),
            at: entry.at.to_string(),
            user: text(entry.caller.user),
            key: text(entry.caller.key),
            task: task_name(entry.task),
            provider: entry.provider.to_string(),
            model: entry.model.to_string(),
            tokens: entry.tokens.into(),
            cost: CostView::of(entry.cost),
            estimated: entry.estimated,
        }
    }
}

/// What was booked, attempt by attempt, the newest first.
#[utoipa::path(get, path = "/usage/entries", tag = "llm", operation_id = "llm_usage_entries",
    params(
        ("from" = Option<String>, Query, description = "RFC 3339; 30 days before `to` unless told"),
        ("to" = Option<String>, Query, description = "RFC 3339; not included"),
        ("key" = Option<String>, Query, description = "Only those by this API key"),
        ("user" = Option<String>, Query, description = "Only those for this user"),
        ("model" = Option<String>, Query, description = "Only those of this model, as the provider names it"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before; good for the same `from` and `to`"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = EntryPage)))]
pub(super) async fn entries(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<EntryPage>, Problem> {
    let range = range(&mut params, &state);
    let mut query = EntryQuery::of(caller.workspace().to_string(), range);
    if let Some(key) = params.take::<String>("key", "the id of a key") {
        query = query.key(key);
    }
    if let Some(user) = params.take::<String>("user", "the id of a user") {
        query = query.user(user);
    }
    if let Some(model) = params.take::<String>("model", "the name of a model") {
        query = query.model(model);
    }
    let page = params.page();
    params.finish()?;
    let ledger = &state.gateway.books().ledger;
    let Page { items, next } = ledger.entries(&query, &page).await.map_err(of_ledger)?;
    Ok(axum::Json(EntryPage {
        items: items.into_iter().map(EntryItem::from).collect(),
        next: next.map(|next| next.to_string()),
    }))
}

/// What a failure of the ledger means to a client.
pub(super) fn of_ledger(error: ledger::Error) -> Problem {
    let kind = match error.kind() {
        ledger::ErrorKind::Invalid => ProblemKind::InvalidParameter,
        ledger::ErrorKind::Stale => ProblemKind::Stale,
        ledger::ErrorKind::Unavailable => ProblemKind::Unavailable,
        _ => ProblemKind::Internal,
    };
    Problem::new(kind).detail(error.to_string()).caused_by(error)
}
