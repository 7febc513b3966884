//! A file on its way out: whole or a range of it, as a stream, and such that a browser runs nothing of it.

use aurora_crm::Context;
use aurora_crm::files::{Disposition, FileId, FileRange};
use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    ETAG, IF_NONE_MATCH, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::views;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Whatever a file holds: no script, no form, no frame, nothing of anybody else's, and an origin of its own.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
);

/// How a browser is to treat it, as the address says.
pub(super) fn disposition(params: &mut Params) -> Disposition {
    match params
        .take::<String>("disposition", "attachment or inline")
        .as_deref()
    {
        None | Some("attachment") => {}
        Some("inline") => return Disposition::Inline,
        Some(_) => params.refuse("disposition", "attachment or inline"),
    }
    Disposition::Attachment
}

/// The file, or the range of it that the headers ask for.
pub(super) async fn file(
    state: &AppState,
    context: &Context,
    id: FileId,
    disposition: Disposition,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let files = &state.library.files;
    let known = files.get(context, id).await?;
    let tag = views::etag(&known);
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_there = |list: &str| {
        let mut tags = list.split(',').map(|it| it.trim().trim_start_matches("W/"));
        list.trim() == "*" || tags.any(|it| it.as_bytes() == tag.as_bytes())
    };
    if text(&IF_NONE_MATCH).is_some_and(is_there) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    // RFC 9110 §13.1.5: a strong comparison; a date is none of ours. §14.2: a header that is no range is passed over.
    let may_be_part = headers.get(IF_RANGE).is_none_or(|wanted| *wanted == tag);
    let range = text(&RANGE)
        .filter(|_| may_be_part)
        .and_then(|text| text.parse::<FileRange>().ok());
    if range.is_some_and(|range| range.of(known.size).is_none()) {
        let size = HeaderValue::try_from(format!("bytes */{}", known.size));
        let problem = Problem::new(ProblemKind::RangeNotSatisfiable);
        return Err(match size {
            Ok(size) => problem.header(CONTENT_RANGE, size),
            Err(_) => problem,
        });
    }
    let download = files.download(context, id, range).await?;
    let named = HeaderValue::try_from(download.disposition(disposition));
    let named = named.unwrap_or(HeaderValue::from_static("attachment"));
    let part = download
        .content_range()
        .and_then(|text| HeaderValue::try_from(text).ok());
    let length = download.range.end.saturating_sub(download.range.start);
    let media_type = HeaderValue::from_static(download.file.media_type.as_str());
    let mut response = Response::new(Body::from_stream(download.content));
    let head = response.headers_mut();
    head.insert(CONTENT_TYPE, media_type);
    head.insert(CONTENT_LENGTH, HeaderValue::from(length));
    head.insert(CONTENT_DISPOSITION, named);
    head.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    head.insert(CONTENT_SECURITY_POLICY, POLICY);
    head.insert(ETAG, tag);
    if let Some(part) = part {
        head.insert(CONTENT_RANGE, part);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}
