//! The last calls of this server with their attempts.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AttemptView, CostView, UsageView, attempts};
use super::gateway::{Call, End};
use super::models::task_name;
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

const OUTCOMES: [&str; 3] = ["served", "failed", "given_up"];
const OUTCOME: &str = "served, failed or given_up";
const TRUTH: &str = "true or false";

/// The last calls.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CallList {
    /// Calls, the newest first.
    items: Vec<CallItem>,
}

/// One call as its caller saw it.
#[derive(Debug, Serialize, ToSchema)]
struct CallItem {
    /// The id of the request that made it.
    request_id: String,
    /// When it ended: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// The user for whom it was.
    user: Option<String>,
    /// The API key by which it came.
    key: Option<String>,
    /// `chat`, `embeddings` or `rerank`.
    task: &'static str,
    /// Whether it was streamed.
    stream: bool,
    /// The model that was asked for.
    asked_model: Option<String>,
    /// `served`, `failed` or `given_up` (the caller went away).
    outcome: &'static str,
    /// What went wrong.
    error: Option<&'static str>,
    /// The provider that answered.
    provider: Option<String>,
    /// The target that answered.
    target: Option<String>,
    /// The model that answered, as the provider names it.
    model: Option<String>,
    /// What was consumed.
    usage: Option<UsageView>,
    /// What it cost.
    cost: Option<CostView>,
    /// Whether the answer came from the cache.
    cached: bool,
    /// How long it took, in milliseconds.
    elapsed_ms: u64,
    /// Every attempt in order.
    attempts: Vec<AttemptView>,
}

impl From<&Call> for CallItem {
    fn from(call: &Call) -> Self {
        let item = Self {
            request_id: call.request_id.clone(),
            at: call.at.to_string(),
            user: call.caller.user.as_deref().map(str::to_owned),
            key: call.caller.key.as_deref().map(str::to_owned),
            task: task_name(call.task),
            stream: call.is_stream,
            asked_model: call.asked.clone(),
            outcome: call.outcome(),
            error: None,
            provider: None,
            target: None,
            model: None,
            usage: None,
            cost: None,
            cached: false,
            elapsed_ms: u64::try_from(call.elapsed.as_millis()).unwrap_or(u64::MAX),
            attempts: attempts(&call.attempts),
        };
        match &call.end {
            End::Served {
                target,
                provider,
                model,
                usage,
                cost,
                is_cached,
            } => Self {
                provider: Some(provider.clone()),
                target: Some(target.clone()),
                model: Some(model.clone()),
                usage: usage.as_ref().map(UsageView::of),
                cost: CostView::of(*cost),
                cached: *is_cached,
                ..item
            },
            End::Failed(kind) => Self {
                error: Some(kind.as_str()),
                ..item
            },
            End::GivenUp => item,
        }
    }
}

/// The last calls of the workspace through this server, with their attempts; those before its start are in the ledger.
///
/// Of all workspaces together the last 500 are kept.
#[utoipa::path(get, path = "/requests", tag = "llm", operation_id = "llm_requests",
    params(
        ("outcome" = Option<String>, Query, description = "`served`, `failed` or `given_up`: only these"),
        ("target" = Option<String>, Query, description = "Only those that this target answered, failed, or was passed over for"),
        ("fallback" = Option<bool>, Query, description = "Whether another target answered than one that was tried before it"),
        ("cached" = Option<bool>, Query, description = "Whether the answer came from the cache"),
        ("limit" = Option<u32>, Query, description = "Most items, 1 to 200; 50 unless told"),
    ),
    responses((status = 200, description = "The newest first", body = CallList)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<CallList>, Problem> {
    let outcome = params.take::<String>("outcome", OUTCOME);
    if outcome.as_deref().is_some_and(|named| !OUTCOMES.contains(&named)) {
        params.refuse("outcome", OUTCOME);
    }
    let target = params.take::<String>("target", "the name of a target");
    let fallback = params.take::<bool>("fallback", TRUTH);
    let cached = params.take::<bool>("cached", TRUTH);
    let page = params.page();
    params.finish()?;
    let is_wanted = |call: &Call| {
        outcome.as_deref().is_none_or(|named| named == call.outcome())
            && target.as_deref().is_none_or(|named| call.is_about(named))
            && fallback.is_none_or(|wanted| wanted == call.is_fallback())
            && cached.is_none_or(|wanted| wanted == call.is_cached())
    };
    let most = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let workspace = caller.workspace().to_string();
    let calls = state.gateway.recent().of(&workspace, most, is_wanted);
    Ok(axum::Json(CallList {
        items: calls.iter().map(|call| CallItem::from(&**call)).collect(),
    }))
}
