//! Professionals.

use aurora_crm::scheduling::{NewProfessional, Professional, ProfessionalChange};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{NewProfessionalInput, ProfessionalChangeInput, ProfessionalView};
use super::which;
use crate::http::access::Caller;
use crate::http::answers::{Listed, created, tagged};
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// One page of professionals, in order of their names.
#[utoipa::path(get, path = "/", tag = "scheduling", operation_id = "list_professionals",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("active" = Option<bool>, Query, description = "`false`: those that cannot be booked; those that can unless told"),
    ),
    responses((status = 200, description = "A page", body = Listed<ProfessionalView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let (page, which) = (params.page(), which(&mut params));
    params.finish()?;
    let found = state
        .crm
        .scheduling()
        .professionals(&caller.context(), which, &page)
        .await;
    let found = found.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// Makes a professional.
#[utoipa::path(post, path = "/", tag = "scheduling", operation_id = "create_professional", request_body = NewProfessionalInput,
    responses(
        (status = 201, description = "Made", body = ProfessionalView, headers(
            ("ETag" = String, description = "The version, for `If-Match`"),
            ("Location" = String, description = "Where it is to be found"),
        )),
        (status = 409, description = "An active one has the name; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewProfessional>,
) -> Result<Response, Problem> {
    let made = state
        .crm
        .scheduling()
        .create_professional(&caller.context(), new)
        .await?;
    Ok(created(&uri, made.id, Some(made.version), &made))
}

/// One professional, active or not.
#[utoipa::path(get, path = "/{id}", tag = "scheduling", operation_id = "get_professional",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It", body = ProfessionalView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
) -> Result<Response, Problem> {
    let found = state.crm.scheduling().professional(&caller.context(), id).await?;
    Ok(tagged(StatusCode::OK, found.version, &found))
}

/// Changes the named fields of a professional.
#[utoipa::path(patch, path = "/{id}", tag = "scheduling", operation_id = "update_professional", request_body = ProfessionalChangeInput,
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Changed", body = ProfessionalView, headers(
            ("ETag" = String, description = "The new version"),
        )),
        (status = 409, description = "Another active one has the name", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
    if_match: IfMatch,
    Json(change): Json<ProfessionalChange>,
) -> Result<Response, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    let changed = scheduling
        .update_professional(&context, id, if_match.expected(), change)
        .await?;
    Ok(tagged(StatusCode::OK, changed.version, &changed))
}

/// Deletes a professional that nothing was ever booked with; otherwise deactivate it.
#[utoipa::path(delete, path = "/{id}", tag = "scheduling", operation_id = "delete_professional",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 204, description = "Deleted"),
        (status = 422, description = "Something refers to it (`in_use`)", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    scheduling
        .delete_professional(&context, id, if_match.expected())
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a professional bookable again.
#[utoipa::path(post, path = "/{id}/activate", tag = "scheduling", operation_id = "activate_professional",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "It can be booked", body = ProfessionalView),
        (status = 409, description = "Another active one has the name by now", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn activate(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    let changed = scheduling
        .set_professional_active(&context, id, if_match.expected(), true)
        .await?;
    Ok(tagged(StatusCode::OK, changed.version, &changed))
}

/// Makes a professional not bookable any more; what is booked stays.
#[utoipa::path(post, path = "/{id}/deactivate", tag = "scheduling", operation_id = "deactivate_professional",
    params(
        ("id" = String, Path, description = "Its id"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "It cannot be booked", body = ProfessionalView)))]
pub(super) async fn deactivate(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Professional>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let (context, scheduling) = (caller.context(), state.crm.scheduling());
    let changed = scheduling
        .set_professional_active(&context, id, if_match.expected(), false)
        .await?;
    Ok(tagged(StatusCode::OK, changed.version, &changed))
}
