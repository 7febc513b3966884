//! A copy of all that is kept about a person, and its end.

use aurora_crm::files::Disposition;
use aurora_crm::privacy::Anonymisation;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};

use super::Subject;
use super::views::{AnonymiseInput, ErasureList, ErasureView};
use crate::http::access::Caller;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// A copy of all that is kept about a person (art. 18, II and V): a ZIP with JSON, CSV, files and a manifest of hashes.
#[utoipa::path(post, path = "/subjects/{subject}/export", tag = "privacy", operation_id = "export_subject",
    params(("subject" = String, Path, description = "`cli_…` of a person, or `led_…`")),
    responses(
        (status = 200, description = "The archive", body = Vec<u8>, content_type = "application/zip"),
        (status = 422, description = "A company, or more than one archive holds", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn export(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
) -> Result<Response, Problem> {
    let archive = Box::pin(state.library.privacy.export(&caller.context(), subject)).await?;
    let name = Disposition::Attachment.header_value(&format!("{subject}.zip"));
    let name = HeaderValue::try_from(name).unwrap_or(HeaderValue::from_static("attachment"));
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((head, archive.bytes).into_response())
}

/// Makes a person anonymous (art. 18, IV and VI): names, numbers, addresses, texts and files go, statistics stay. For good.
#[utoipa::path(post, path = "/subjects/{subject}/anonymise", tag = "privacy", operation_id = "anonymise_subject", request_body = AnonymiseInput,
    params(("subject" = String, Path, description = "`cli_…` of a person, or `led_…`")),
    responses(
        (status = 200, description = "What was done, as it is kept for proof", body = ErasureView),
        (status = 422, description = "A company, or the law keeps the records: `legal_hold`", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn anonymise(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    Json(input): Json<AnonymiseInput>,
) -> Result<axum::Json<ErasureView>, Problem> {
    let how = Anonymisation::new()
        .keep_tags(input.keep_tags)
        .keep_place(input.keep_place);
    let how = input.keep.into_iter().fold(how, Anonymisation::keep);
    let privacy = &state.library.privacy;
    let report = Box::pin(privacy.anonymise(&caller.context(), subject, &how)).await?;
    Ok(axum::Json(report.into()))
}

/// The reports of what was made anonymous about a subject, the newest first, at most 200.
#[utoipa::path(get, path = "/subjects/{subject}/erasures", tag = "privacy", operation_id = "subject_erasures",
    params(("subject" = String, Path, description = "`cli_…` or `led_…`")),
    responses((status = 200, description = "The reports", body = ErasureList)))]
pub(super) async fn erasures(
    State(state): State<AppState>,
    caller: Caller,
    Subject(subject): Subject,
    params: Params,
) -> Result<axum::Json<ErasureList>, Problem> {
    params.finish()?;
    let reports = state.library.privacy.erasures(&caller.context(), subject).await?;
    let items = reports.into_iter().map(ErasureView::from).collect();
    Ok(axum::Json(ErasureList { items, next: None }))
}
