//! What people think of passages, which changes what is found later, and can be taken back.

use aurora_crm::knowledge::{Chunk, Correction, NewRating};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::documents::shown;
use super::views::{
    CorrectionInput, DocumentView, FeedbackEntryView, FeedbackVersion, FeedbackView, RatingInput, RatingList,
    RatingView, VersionInput,
};
use crate::http::access::Caller;
use crate::http::answers::Listed;
use crate::http::extract::{Json, Params, PathId};
use crate::http::problem::Problem;
use crate::state::AppState;

/// Rates a passage as an answer to a question: it helped, it did not, or its source is wrong.
///
/// Who calls has one rating for a passage and question, the last.
#[utoipa::path(post, path = "/feedback", tag = "knowledge", operation_id = "rate_passage", request_body = RatingInput,
    responses((status = 201, description = "Taken down", body = RatingView)))]
pub(super) async fn rate(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<RatingInput>,
) -> Result<Response, Problem> {
    let new = NewRating::new(input.chunk_id, input.question, input.kind);
    let rating = state.library.knowledge.rate(&caller.context(), new).await?;
    Ok((StatusCode::CREATED, axum::Json(RatingView::from(rating))).into_response())
}

/// How far the workspace's feedback is.
#[utoipa::path(get, path = "/feedback", tag = "knowledge", operation_id = "feedback_state",
    responses((status = 200, description = "Its version and counts", body = FeedbackView)))]
pub(super) async fn state(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<FeedbackView>, Problem> {
    params.finish()?;
    let feedback = state.library.knowledge.feedback(&caller.context()).await?;
    Ok(axum::Json(FeedbackView::from(feedback)))
}

/// One page of ratings and corrections, the newest first: the versions that one can go back to.
///
/// Ratings of passages that are gone are gone, and going back is no entry of its own.
#[utoipa::path(get, path = "/feedback/log", tag = "knowledge", operation_id = "feedback_log",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<FeedbackEntryView>)))]
pub(super) async fn log(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<Listed<FeedbackEntryView>>, Problem> {
    let page = params.page();
    params.finish()?;
    let knowledge = &state.library.knowledge;
    let found = knowledge.feedback_log(&caller.context(), &page).await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::from(found)))
}

/// Puts the right answer in place of a wrong one: it comes first for questions with nearly the same words.
#[utoipa::path(post, path = "/corrections", tag = "knowledge", operation_id = "correct_answer", request_body = CorrectionInput,
    responses((status = 201, description = "The document that holds it", body = DocumentView)))]
pub(super) async fn correct(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<CorrectionInput>,
) -> Result<Response, Problem> {
    let mut correction = Correction::new(input.question, input.answer);
    if let Some(client) = input.client_id {
        correction = correction.about(client);
    }
    let knowledge = &state.library.knowledge;
    let document = Box::pin(knowledge.correct(&caller.context(), correction)).await?;
    Ok(shown(StatusCode::CREATED, document))
}

/// Takes back all feedback that came after a version.
#[utoipa::path(post, path = "/feedback/revert", tag = "knowledge", operation_id = "revert_feedback", request_body = VersionInput,
    responses((status = 200, description = "The version of doing so, by which it can be restored", body = FeedbackVersion)))]
pub(super) async fn revert(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<VersionInput>,
) -> Result<axum::Json<FeedbackVersion>, Problem> {
    let knowledge = &state.library.knowledge;
    let version = Box::pin(knowledge.revert_feedback(&caller.context(), input.version)).await?;
    Ok(axum::Json(FeedbackVersion { version }))
}

/// Undoes a taking back.
#[utoipa::path(post, path = "/feedback/restore", tag = "knowledge", operation_id = "restore_feedback", request_body = VersionInput,
    responses((status = 200, description = "The version of doing so", body = FeedbackVersion)))]
pub(super) async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<VersionInput>,
) -> Result<axum::Json<FeedbackVersion>, Problem> {
    let knowledge = &state.library.knowledge;
    let version = Box::pin(knowledge.restore_feedback(&caller.context(), input.version)).await?;
    Ok(axum::Json(FeedbackVersion { version }))
}

/// The ratings of a passage, the newest first, at most 200.
#[utoipa::path(get, path = "/chunks/{id}/ratings", tag = "knowledge", operation_id = "passage_ratings",
    params(("id" = String, Path, description = "`kch_…`")),
    responses((status = 200, description = "The ratings", body = RatingList)))]
pub(super) async fn ratings(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Chunk>,
) -> Result<axum::Json<RatingList>, Problem> {
    let ratings = state.library.knowledge.ratings(&caller.context(), id).await?;
    let items = ratings.into_iter().map(RatingView::from).collect();
    Ok(axum::Json(RatingList { items, next: None }))
}
