//! What is written down about a person: consents, sharing, and what the law keeps.

use aurora_crm::privacy::{ConsentAct, LegalHold, NewConsent, NewDataShare, NewLegalHold};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::Subject;
use super::views::{
    ConsentInput, ConsentList, ConsentView, HoldInput, HoldList, HoldView, ShareInput, ShareList, ShareView,
};
use crate::http::access::Caller;
use crate::http::extract::{Json, Params, PathId};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// The consents and revocations of a subject, the newest first, at most 200; with `purpose` the one in force, if there is one.
#[utoipa::path(get, path = "/subjects/{subject}/consents", tag = "privacy", operation_id = "list_consents",
    params(
        ("subject" = String, Path, description = "`cli_…` or `led_…`"),
        ("purpose" = Option<String>, Query, description = "Only the consent that is in force for it"),
    ),
    responses((status = 200, description = "The ledger", body = ConsentList)))]
pub(super) async fn consents(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    mut params: Params,
) -> Result<axum::Json<ConsentList>, Problem> {
    let purpose = params.take::<String>("purpose", "a text");
    params.finish()?;
    let (context, privacy) = (caller.context(), &state.library.privacy);
    let consents = match purpose {
        Some(purpose) => {
            let current = privacy.current_consent(&context, subject, &purpose).await?;
            current.into_iter().collect()
        }
        None => privacy.consents(&context, subject).await?,
    };
    let items = consents.into_iter().map(ConsentView::from).collect();
    Ok(axum::Json(ConsentList { items, next: None }))
}

/// Writes down that a person has given or revoked a consent (art. 8).
#[utoipa::path(post, path = "/subjects/{subject}/consents", tag = "privacy", operation_id = "record_consent", request_body = ConsentInput,
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 201, description = "Written down", body = ConsentView)))]
pub(super) async fn record_consent(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    Json(input): Json<ConsentInput>,
) -> Result<Response, Problem> {
    let new = match (input.act, input.text_version, input.text) {
        (ConsentAct::Given, Some(version), Some(text)) => {
            NewConsent::given(subject, input.purpose, input.channel, version, &text)
        }
        (ConsentAct::Revoked, None, None) => NewConsent::revoked(subject, input.purpose, input.channel),
        (ConsentAct::Given, version, text) => {
            let missing = [("text_version", version.is_none()), ("text", text.is_none())];
            let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
            let errors = missing.map(|(name, _)| FieldError::new(name, "required", "is required"));
            return Err(Problem::new(ProblemKind::Invalid).errors(errors));
        }
        (ConsentAct::Revoked, ..) => {
            let error = FieldError::new("text", "not_allowed", "belongs to a consent that is given");
            return Err(Problem::new(ProblemKind::Invalid).errors([error]));
        }
    };
    let new = match input.evidence {
        Some(reference) => new.evidence(reference),
        None => new,
    };
    let privacy = &state.library.privacy;
    let consent = privacy.record_consent(&caller.context(), new).await?;
    Ok((StatusCode::CREATED, axum::Json(ConsentView::from(consent))).into_response())
}

/// With whom data of a person was shared (art. 18, VII), the newest first, at most 200.
#[utoipa::path(get, path = "/subjects/{subject}/shares", tag = "privacy", operation_id = "list_data_shares",
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 200, description = "The log", body = ShareList)))]
pub(super) async fn shares(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    params: Params,
) -> Result<axum::Json<ShareList>, Problem> {
    params.finish()?;
    let shares = state.library.privacy.shares(&caller.context(), subject).await?;
    let items = shares.into_iter().map(ShareView::from).collect();
    Ok(axum::Json(ShareList { items, next: None }))
}

/// Writes down that data of a person was given to somebody else.
#[utoipa::path(post, path = "/subjects/{subject}/shares", tag = "privacy", operation_id = "record_data_share", request_body = ShareInput,
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 201, description = "Written down", body = ShareView)))]
pub(super) async fn record_share(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    Json(input): Json<ShareInput>,
) -> Result<Response, Problem> {
    let new = NewDataShare::new(subject, input.recipient, input.purpose);
    let new = input.categories.into_iter().fold(new, NewDataShare::category);
    let privacy = &state.library.privacy;
    let share = privacy.record_share(&caller.context(), new).await?;
    Ok((StatusCode::CREATED, axum::Json(ShareView::from(share))).into_response())
}

/// The legal holds of a subject that are in force, at most 200.
#[utoipa::path(get, path = "/subjects/{subject}/holds", tag = "privacy", operation_id = "list_legal_holds",
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 200, description = "The holds", body = HoldList)))]
pub(super) async fn holds(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    params: Params,
) -> Result<axum::Json<HoldList>, Problem> {
    params.finish()?;
    let holds = state.library.privacy.holds(&caller.context(), subject).await?;
    let items = holds.into_iter().map(HoldView::from).collect();
    Ok(axum::Json(HoldList { items, next: None }))
}

/// Forbids the erasure of records, because the law asks for them (art. 16, I).
#[utoipa::path(post, path = "/subjects/{subject}/holds", tag = "privacy", operation_id = "hold_records", request_body = HoldInput,
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 201, description = "In force", body = HoldView)))]
pub(super) async fn hold(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    Json(input): Json<HoldInput>,
) -> Result<Response, Problem> {
    let new = NewLegalHold::new(subject, input.class, input.basis);
    let new = match input.until {
        Some(until) => new.until(until),
        None => new,
    };
    let hold = state.library.privacy.hold(&caller.context(), new).await?;
    Ok((StatusCode::CREATED, axum::Json(HoldView::from(hold))).into_response())
}

/// Ends a legal hold.
#[utoipa::path(delete, path = "/holds/{id}", tag = "privacy", operation_id = "release_legal_hold",
    params(("id" = String, Path, description = "`lgh_…`")),
    responses((status = 204, description = "Ended")))]
pub(super) async fn release(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<LegalHold>,
) -> Result<StatusCode, Problem> {
    state.library.privacy.release_hold(&caller.context(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
