//! `/api/v1/custom-fields`: fields of the workspace's own (`campos personalizados`).

#[cfg(test)]
mod tests;

use aurora_crm::custom_fields::{
    CustomField, CustomFieldChange, CustomFieldKind, CustomFieldTarget, NewCustomField, UndefinedFields,
};
use aurora_crm::workspaces::CrmPermission;
use aurora_crm::{Context, Error};
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::Caller;
use super::answers::{Listed, created, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::{Problem, ProblemBody};
use super::{Mount, Routes};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/v1/custom-fields", routes)];

const TARGETS: [CustomFieldTarget; 2] = [CustomFieldTarget::Client, CustomFieldTarget::Lead];

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::ClientRead, routes!(list))
        .route(CrmPermission::WorkspaceWrite, routes!(define))
        .route(CrmPermission::ClientRead, routes!(read))
        .route(CrmPermission::WorkspaceWrite, routes!(update))
        .route(CrmPermission::WorkspaceWrite, routes!(remove))
        .route(CrmPermission::ClientRead, routes!(undefined))
        .route(CrmPermission::WorkspaceWrite, routes!(set_undefined))
}

/// The definition of a field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomField)]
struct FieldView {
    /// `cfd_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// What has this field.
    #[schema(value_type = TargetName)]
    applies_to: CustomFieldTarget,
    /// The key under which values are kept; cannot be changed.
    key: String,
    /// What people see.
    label: String,
    /// Which values it takes; cannot be changed.
    #[schema(value_type = KindName)]
    kind: CustomFieldKind,
    /// Whether it must be there.
    required: bool,
    /// What can be chosen, for the two kinds of choice.
    options: Vec<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<CustomField> for FieldView {
    fn from(field: CustomField) -> Self {
        Self {
            id: field.id.to_string(),
            version: field.version,
            applies_to: field.applies_to,
            key: field.key,
            label: field.label,
            kind: field.kind,
            required: field.required,
            options: field.options,
            created_at: field.created_at.to_string(),
            updated_at: field.updated_at.to_string(),
        }
    }
}

/// What has a field.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CustomFieldTarget)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
enum TargetName {
    Client,
    Lead,
}

/// Which values a field takes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CustomFieldKind)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
enum KindName {
    /// Up to 2,000 characters.
    Text,
    Number,
    /// `2026-11-29`
    Date,
    Boolean,
    /// One of the options.
    Choice,
    /// A list of different options.
    MultiChoice,
    /// A web address.
    Url,
}

/// What is needed to define a field.
#[derive(Debug, ToSchema)]
#[schema(as = NewCustomField, example = json!({"applies_to": "client", "key": "size", "label": "Porte", "kind": "choice",
    "options": ["pequeno", "médio", "grande"]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
struct NewFieldInput {
    applies_to: TargetName,
    /// 1 to 64 of `a-z`, `0-9` and `_`, a letter first.
    key: String,
    /// Up to 100 characters.
    label: String,
    kind: KindName,
    #[schema(required = false)]
    required: bool,
    /// Up to 100 of 100 characters, for the two kinds of choice alone.
    #[schema(required = false)]
    options: Vec<String>,
}

/// What to change in a definition: a missing field keeps. Values that are stored are not looked at.
#[derive(Debug, ToSchema)]
#[schema(as = CustomFieldChange, example = json!({"label": "Tamanho", "required": true}))]
#[expect(dead_code, reason = "describes what the domain reads")]
struct FieldChangeInput {
    #[schema(required = false)]
    label: String,
    #[schema(required = false)]
    required: bool,
    #[schema(required = false)]
    options: Vec<String>,
}

/// What becomes of keys that no definition names.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = UndefinedFields, example = json!({"undefined": "refuse"}))]
struct Undefined {
    /// `allow`: they are kept, with any value; `refuse`: they are refused.
    #[schema(value_type = String)]
    undefined: UndefinedFields,
}

/// All definitions, by key.
#[utoipa::path(get, path = "/", tag = "custom fields", operation_id = "list_custom_fields",
    params(("applies_to" = Option<String>, Query, description = "`client` or `lead`; both unless told")),
    responses((status = 200, description = "Up to 64 for each target", body = Listed<FieldView>)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let target = params.take::<CustomFieldTarget>("applies_to", "client or lead");
    params.finish()?;
    let context = caller.context();
    let fields = match target {
        Some(target) => state.crm.custom_fields().list(&context, target).await?,
        None => all(&state, &context).await?,
    };
    Ok(axum::Json(Listed::<FieldView>::whole(fields)).into_response())
}

/// Defines a field. Values that are stored already are not looked at.
#[utoipa::path(post, path = "/", tag = "custom fields", operation_id = "define_custom_field", request_body = NewFieldInput,
    responses(
        (status = 201, description = "Defined", body = FieldView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where it is to be found"),
    )),
        (status = 409, description = "The key is taken; `existing_id` names its definition", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn define(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewCustomField>,
) -> Result<Response, Problem> {
    let field = state.crm.custom_fields().define(&caller.context(), new).await?;
    let (id, version) = (field.id, field.version);
    Ok(created(&uri, id, Some(version), &FieldView::from(field)))
}

/// One definition.
#[utoipa::path(get, path = "/{id}", tag = "custom fields", operation_id = "get_custom_field",
    params(("id" = String, Path, description = "`cfd_…`")),
    responses((status = 200, description = "The definition", body = FieldView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CustomField>,
) -> Result<Response, Problem> {
    let all = all(&state, &caller.context()).await?;
    let field = all.into_iter().find(|field| field.id == id);
    Ok(view(field.ok_or_else(|| Error::not_found("custom field"))?))
}

/// Changes the named parts of a definition.
#[utoipa::path(patch, path = "/{id}", tag = "custom fields", operation_id = "update_custom_field", request_body = FieldChangeInput,
    params(
        ("id" = String, Path, description = "`cfd_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = FieldView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CustomField>,
    if_match: IfMatch,
    Json(change): Json<CustomFieldChange>,
) -> Result<Response, Problem> {
    let fields = state.crm.custom_fields();
    let field = fields
        .update(&caller.context(), id, if_match.expected(), change)
        .await?;
    Ok(view(field))
}

/// Removes a definition. Values that are stored stay, as those of an undefined field.
#[utoipa::path(delete, path = "/{id}", tag = "custom fields", operation_id = "remove_custom_field",
    params(
        ("id" = String, Path, description = "`cfd_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Removed")))]
async fn remove(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<CustomField>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let fields = state.crm.custom_fields();
    fields.remove(&caller.context(), id, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What becomes of keys that no definition names.
#[utoipa::path(get, path = "/undefined", tag = "custom fields", operation_id = "get_undefined_fields",
    responses((status = 200, description = "`allow` or `refuse`", body = Undefined, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn undefined(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let fields = state.crm.custom_fields();
    let (undefined, version) = fields.stored_undefined(&caller.context()).await?;
    Ok(tagged(StatusCode::OK, version, &Undefined { undefined }))
}

/// Says what becomes of keys that no definition names, from now on.
#[utoipa::path(put, path = "/undefined", tag = "custom fields", operation_id = "set_undefined_fields", request_body = Undefined,
    params(("If-Match" = String, Header, description = "The etag that was read; `\"v0\"` for the first time")),
    responses((status = 200, description = "Said", body = Undefined, headers(("ETag" = String, description = "The new version")))))]
async fn set_undefined(
    State(state): State<AppState>,
    caller: Caller,
    if_match: IfMatch,
    Json(said): Json<Undefined>,
) -> Result<Response, Problem> {
    let fields = state.crm.custom_fields();
    let version = fields
        .set_undefined_at(&caller.context(), if_match.expected(), said.undefined)
        .await?;
    Ok(tagged(StatusCode::OK, version, &said))
}

async fn all(state: &AppState, context: &Context) -> Result<Vec<CustomField>, Error> {
    let mut all = Vec::new();
    for target in TARGETS {
        all.extend(state.crm.custom_fields().list(context, target).await?);
    }
    Ok(all)
}

fn view(field: CustomField) -> Response {
    tagged(StatusCode::OK, field.version, &FieldView::from(field))
}
