//! A list as a file.

use std::io;

use aurora_crm::clients::csv::{Column, Export, ExportEncoding, ExportOptions, Language};
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::Response;
use bytes::Bytes;
use futures::stream::{Stream, StreamExt as _, iter, unfold};
use tokio_util::sync::CancellationToken;

use super::super::filter;
use super::chosen;
use super::options::{SEPARATORS, field};
use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::Problem;
use crate::state::AppState;

const COLUMNS: &str =
    "fields such as legal_name, and custom.<key>, id, created_at, updated_at, with commas between";
const MOST_COLUMNS: usize = 200;

/// Writes the clients of a list into a CSV file, for Excel where Portuguese is spoken unless told otherwise.
///
/// A cell that a spreadsheet would run begins with an apostrophe, which an import takes back. The audit log tells of it.
#[utoipa::path(get, path = "/export", tag = "clients", operation_id = "export_clients",
    params(
        ("q" = Option<String>, Query, description = "What a search for these words finds, in its order, as in the list; beside it only `blocked` and how it is written. Refused (`too_many`) when its rarest word begins more than 5,000 words of clients that have the others, too, of which a search looks at no more"),
        ("columns" = Option<String>, Query, description = "Fields with commas between; unless told all that an import reads"),
        ("separator" = Option<String>, Query, description = "`semicolon` (unless told), `comma` or `tab`"),
        ("encoding" = Option<String>, Query, description = "`utf-8-bom` (unless told), `utf-8` or `utf-16le`"),
        ("language" = Option<String>, Query, description = "Of headers and words: `pt` (unless told) or `en`"),
        ("order" = Option<String>, Query, description = "`newest` (unless told), `name` or `updated`"),
        ("kind" = Option<String>, Query, description = "`company` or `person`"),
        ("status" = Option<String>, Query, description = "`active`, `inactive` or `blocked`"),
        ("owner" = Option<String>, Query, description = "`usr_…`: looked after by this user"),
        ("tag" = Option<Vec<String>>, Query, description = "Carries this label; up to 3 times"),
        ("state" = Option<String>, Query, description = "Has an address in this state (`UF`)"),
        ("city" = Option<String>, Query, description = "Has an address in this city; needs `state`"),
        ("document" = Option<String>, Query, description = "`present` or `absent`: with or without CNPJ or CPF"),
        ("created_from" = Option<String>, Query, description = "Made at this time or later (RFC 3339)"),
        ("created_before" = Option<String>, Query, description = "Made before this time"),
        ("updated_from" = Option<String>, Query, description = "Last changed at this time or later"),
        ("updated_before" = Option<String>, Query, description = "Last changed before this time"),
        ("custom.{key}" = Option<String>, Query, description = "A field of the workspace's own has this value; up to 2 fields"),
        ("blocked" = Option<String>, Query, description = "`hidden` (unless told), `shown` or `only`; takes `privacy:read`, too"),
    ),
    responses((status = 200, description = "The file", body = String, content_type = "text/csv")))]
pub(super) async fn write(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let encoding = chosen(
        &mut params,
        "encoding",
        "utf-8-bom, utf-8 or utf-16le",
        &[
            ("utf-8-bom", ExportEncoding::Utf8WithMark),
            ("utf-8", ExportEncoding::Utf8),
            ("utf-16le", ExportEncoding::Utf16Le),
        ],
    );
    let encoding = encoding.unwrap_or_default();
    let options = options(&mut params).encoding(encoding);
    let (clients, context) = (state.crm.clients(), caller.context());
    let mut export = if let Some(text) = params.take::<String>("q", "words to look for") {
        let blocked = filter::beside_search(&mut params);
        params.finish()?;
        filter::may_see(&state, &caller, blocked)?;
        clients
            .export_found(&context, &text, blocked, options)
            .map_err(|error| Problem::from(error).of_search())?
    } else {
        let filter = filter::of(&mut params);
        params.finish()?;
        filter::may_see(&state, &caller, filter.blocked)?;
        clients.export(&context, &filter, options)
    };
    // Header and first page now: what keeps them from being written is still an answer of its own.
    let mut first = Vec::new();
    for _ in 0..2 {
        let piece = export.next().await;
        let piece = piece.map_err(|error| Problem::from(error).of_search())?;
        first.extend(piece.map(Bytes::from).map(Ok));
    }
    let rest = rest(export, state.stop.clone());
    let mut response = Response::new(Body::from_stream(iter(first).chain(rest)));
    let headers = response.headers_mut();
    let kind = match encoding {
        ExportEncoding::Utf16Le => "text/csv; charset=utf-16le; header=present",
        _ => "text/csv; charset=utf-8; header=present",
    };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(
        CONTENT_DISPOSITION,
        HeaderValue::from_static("attachment; filename=\"clients.csv\""),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// What is not written yet. It breaks off when it cannot go on, so that nobody takes a part for the whole.
fn rest(export: Export, stop: CancellationToken) -> impl Stream<Item = io::Result<Bytes>> + Send {
    unfold(Some((export, stop)), |going| async move {
        let (mut export, stop) = going?;
        if stop.is_cancelled() {
            return Some((Err(io::Error::other("the server stops")), None));
        }
        match export.next().await {
            Ok(piece) => piece.map(|piece| (Ok(Bytes::from(piece)), Some((export, stop)))),
            Err(error) => {
                tracing::warn!(%error, "an export broke off");
                Some((Err(io::Error::other(error)), None))
            }
        }
    })
}

fn options(params: &mut Params) -> ExportOptions {
    let mut options = ExportOptions::new();
    if let Some(it) = chosen(params, "separator", "semicolon, comma or tab", &SEPARATORS) {
        options = options.separator(it);
    }
    let words = [("pt", Language::Portuguese), ("en", Language::English)];
    if let Some(it) = chosen(params, "language", "pt or en", &words) {
        options = options.language(it);
    }
    if let Some(text) = params.take::<String>("columns", COLUMNS) {
        let columns: Option<Vec<Column>> = text.split(',').map(|name| column(name.trim())).collect();
        match columns.filter(|columns| columns.len() <= MOST_COLUMNS) {
            Some(columns) => options = options.columns(columns),
            None => params.refuse("columns", COLUMNS),
        }
    }
    options
}

fn column(name: &str) -> Option<Column> {
    match name {
        "id" => Some(Column::Id),
        "created_at" => Some(Column::CreatedAt),
        "updated_at" => Some(Column::UpdatedAt),
        name => match name.strip_prefix("custom.") {
            Some(key) => (!key.is_empty()).then(|| Column::Custom(key.to_owned())),
            None => field(name).map(Column::Field),
        },
    }
}
