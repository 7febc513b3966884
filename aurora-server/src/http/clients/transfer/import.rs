//! A file that comes as a body.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;
use aurora_crm::clients::csv::{CsvError, Import, ImportId, ImportWatch, Progress};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream::{Stream, StreamExt as _, unfold};
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;

use super::options;
use super::report::{PlanView, ProgressView, ReportView};
use crate::http::access::Caller;
use crate::http::extract::{Params, PathId};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// Largest file. Its rows are stored batch by batch; more of them are more files.
const MOST_BYTES: u64 = 64 * 1_024 * 1_024;
/// Longest silence of a client that sends.
const PATIENCE: Duration = Duration::from_secs(30);

/// Imports clients from a CSV file, which is the body. With `dry_run=true` every row is checked and nothing is changed.
///
/// Encoding, separator and columns are found out; headers are known in Portuguese and English. A row that is wrong is
/// refused and told with its line and column, and the others go on. Repeating a call with the same `import_id` and file
/// goes on where it ended; the report of a dry run names one.
#[utoipa::path(post, path = "/import", tag = "clients", operation_id = "import_clients",
    request_body(content = String, content_type = "text/csv", description = "Up to 64 MiB; a row up to 64 KiB and 200 columns"),
    params(
        ("dry_run" = Option<bool>, Query, description = "`true`: check alone"),
        ("import_id" = Option<String>, Query, description = "`imp_…`: the id of the import, to go on with it; a new one unless told"),
        ("duplicates" = Option<String>, Query, description = "Rows whose client is there already: `skip` (unless told), `update` or `fail`"),
        ("identities" = Option<String>, Query, description = "By what a client is known again: `document,external_id` unless told; also `email`"),
        ("default_kind" = Option<String>, Query, description = "What a row is without kind, CNPJ and CPF: `company` (unless told) or `person`"),
        ("unknown_columns" = Option<String>, Query, description = "`ignore` (unless told), `custom` (fields of the workspace's own) or `refuse`"),
        ("column" = Option<Vec<String>>, Query, description = "Where a column goes: `Freguês=legal_name`, `Limite=custom.limit:number`, `Obs=ignore`; may be repeated"),
        ("separator" = Option<String>, Query, description = "`semicolon`, `comma` or `tab`; found out unless told"),
        ("encoding" = Option<String>, Query, description = "`utf-8`, `utf-16le`, `utf-16be` or `windows-1252`; found out unless told"),
        ("external_system" = Option<String>, Query, description = "What gives external ids; `csv` unless told"),
        ("events" = Option<String>, Query, description = "`summary` (unless told) or `each_client`"),
    ),
    responses((status = 200, description = "What became of the rows, or would", body = ReportView)))]
pub(super) async fn run(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
    request: Request,
) -> Result<Response, Problem> {
    is_csv(request.headers())?;
    let is_dry = params.take::<bool>("dry_run", "true or false").unwrap_or(false);
    let id = params.take::<ImportId>("import_id", "the id of an import, imp_…");
    let options = options::of(&mut params);
    params.finish()?;
    let context = caller.context();
    let source = source(request.into_body(), &state);
    let imports = state.crm.clients().imports();
    // What is stored when the server stops stays; the client goes on with the id.
    let mut go_on = |_: Progress| {
        if state.stop.is_cancelled() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let watch = ImportWatch::new().progress(&mut go_on);
    let view = if is_dry {
        let report = Box::pin(imports.dry_run(&context, source, &options, watch)).await;
        ReportView::new(report.map_err(refused)?, None)
    } else {
        let id = id.unwrap_or_else(|| ImportId::new(state.clock.now()));
        let report = Box::pin(imports.run(&context, id, source, &options, watch)).await;
        let report = report.map_err(|error| refused(error).with("import_id", id.to_string()))?;
        ReportView::new(report, Some(id.to_string()))
    };
    Ok(axum::Json(view).into_response())
}

/// Finds out how a CSV file is written and where its columns go. The beginning of it is enough.
#[utoipa::path(post, path = "/import/plan", tag = "clients", operation_id = "plan_client_import",
    request_body(content = String, content_type = "text/csv", description = "The file, or its beginning"),
    params(
        ("unknown_columns" = Option<String>, Query, description = "`ignore` (unless told), `custom` or `refuse`"),
        ("column" = Option<Vec<String>>, Query, description = "Where a column goes; may be repeated"),
        ("separator" = Option<String>, Query, description = "`semicolon`, `comma` or `tab`; found out unless told"),
        ("encoding" = Option<String>, Query, description = "`utf-8`, `utf-16le`, `utf-16be` or `windows-1252`; found out unless told"),
    ),
    responses((status = 200, description = "The plan", body = PlanView)))]
pub(super) async fn plan(
    State(state): State<AppState>,
    mut params: Params,
    request: Request,
) -> Result<Response, Problem> {
    is_csv(request.headers())?;
    let options = options::of(&mut params);
    params.finish()?;
    let source = source(request.into_body(), &state);
    let imports = state.crm.clients().imports();
    let plan = Box::pin(imports.plan(source, &options)).await.map_err(refused)?;
    Ok(axum::Json(PlanView::from(plan)).into_response())
}

/// How far an import has come.
#[utoipa::path(get, path = "/imports/{id}", tag = "clients", operation_id = "get_client_import",
    params(("id" = String, Path, description = "`imp_…`")),
    responses((status = 200, description = "The import", body = ProgressView)))]
pub(super) async fn progress(
    State(state): State<AppState>,
    caller: Caller,
    PathId(import): PathId<Import>,
) -> Result<Response, Problem> {
    let imports = state.crm.clients().imports();
    let import = imports.get(&caller.context(), import).await?;
    Ok(axum::Json(ProgressView::from(import)).into_response())
}

/// A type that says CSV; browsers on Windows say Excel for it. It also keeps forms of foreign pages out, which cannot
/// send it without being asked first.
fn is_csv(headers: &HeaderMap) -> Result<(), Problem> {
    let text = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = text.unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    match essence.as_str() {
        "text/csv" | "application/csv" | "application/vnd.ms-excel" => Ok(()),
        _ => Err(Problem::new(ProblemKind::UnsupportedMediaType)
            .detail("this address takes bodies of type text/csv")),
    }
}

/// Why a body was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    TooLarge,
    TooSlow,
    BrokeOff,
    Stopping,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body stopped coming",
            Self::BrokeOff => "the body broke off",
            Self::Stopping => "the server stops",
        })
    }
}

impl StdError for Ended {}

/// The body within its limits of size and time.
fn source(body: Body, state: &AppState) -> impl tokio::io::AsyncRead + Unpin + Send + use<> {
    let pieces = pieces(body, Arc::clone(&state.clock), state.stop.clone());
    StreamReader::new(Box::pin(pieces))
}

fn pieces(
    body: Body,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    let begin = Some((body.into_data_stream(), 0_u64));
    unfold(begin, move |reading| {
        let (clock, stop) = (Arc::clone(&clock), stop.clone());
        async move {
            let (mut stream, seen) = reading?;
            let piece = tokio::select! {
                biased;
                () = stop.cancelled() => Err(Ended::Stopping),
                piece = stream.next() => piece?.map_err(|error| {
                    tracing::debug!(%error, "a file broke off");
                    Ended::BrokeOff
                }),
                () = clock.sleep(PATIENCE) => Err(Ended::TooSlow),
            };
            let piece = piece.and_then(|piece| {
                let seen = seen.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
                (seen <= MOST_BYTES)
                    .then_some((piece, seen))
                    .ok_or(Ended::TooLarge)
            });
            Some(match piece {
                Ok((piece, seen)) => (Ok(piece), Some((stream, seen))),
                Err(ended) => (Err(io::Error::other(ended)), None),
            })
        }
    })
}

fn refused(error: CsvError) -> Problem {
    match error {
        CsvError::File { code, message } => {
            Problem::new(ProblemKind::Invalid).errors([FieldError::new("file", code, message)])
        }
        CsvError::Crm(error) => error.into(),
        CsvError::Source(error) => {
            let ended = error.get_ref().and_then(|inner| inner.downcast_ref::<Ended>());
            match ended.copied().unwrap_or(Ended::BrokeOff) {
                Ended::TooLarge => Problem::new(ProblemKind::BodyTooLarge)
                    .detail(format!("a file may have {MOST_BYTES} bytes, this one has more")),
                Ended::TooSlow => Problem::new(ProblemKind::BodyTimeout),
                Ended::BrokeOff => Problem::new(ProblemKind::BadRequest).detail("the file broke off"),
                Ended::Stopping => Problem::new(ProblemKind::Unavailable).retry_after(PATIENCE),
            }
        }
        error => Problem::new(ProblemKind::Internal).caused_by(error),
    }
}
