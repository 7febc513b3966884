//! Every error of the server as `application/problem+json` (RFC 9457). HTTP status codes of errors exist only here.

mod kind;
mod sources;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use axum::http::header::{CONTENT_LANGUAGE, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::language::{self, Language};
pub(crate) use kind::ProblemKind;

/// An error on its way to the client.
///
/// A handler returns it; the layer [`problems`](super::layers::problems) writes it out, because only there is the
/// request's id known, and the form that the address promises.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    kind: ProblemKind,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    more: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
    may_have_been_made: bool,
    language: Language,
}

/// What is wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct FieldError {
    /// Where the field stands: `phones[1].number`, or the name of a query parameter or header.
    #[schema(example = "cnpj")]
    pub(crate) field: String,
    /// Stable name of what is wrong.
    #[schema(example = "required")]
    pub(crate) code: Cow<'static, str>,
    /// What is wrong, for people.
    pub(crate) message: Cow<'static, str>,
}

impl FieldError {
    pub(crate) fn new(
        field: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            field: field.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// An error answer (RFC 9457).
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// Names the kind of problem.
    #[serde(rename = "type")]
    #[schema(rename = "type", example = "urn:aurora:problem:not_found")]
    uri: String,
    /// The kind of problem, for people; the same for every occurrence.
    title: &'static str,
    /// The HTTP status.
    #[schema(example = 404)]
    status: u16,
    /// What happened this time, for people.
    detail: Cow<'static, str>,
    /// Stable name of the kind, for programs.
    #[schema(example = "not_found")]
    code: &'static str,
    /// The id of the request, also in the header `x-request-id`.
    request_id: String,
    /// Every wrong field; empty where no field is at fault.
    errors: Vec<FieldError>,
    /// Members that belong to the kind: `existing_id` of a duplicate, `current_version` of a stale update.
    #[serde(flatten)]
    #[schema(value_type = Object, additional_properties)]
    more: Map<String, Value>,
}

impl Problem {
    pub(crate) fn new(kind: ProblemKind) -> Self {
        Self {
            kind,
            detail: None,
            errors: Vec::new(),
            more: Map::new(),
            headers: Vec::new(),
            cause: None,
            may_have_been_made: false,
            language: Language::default(),
        }
    }

    /// Says what happened this time. Ignored for faults of ours, whose detail is always the general one.
    pub(crate) fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        if !self.kind.is_ours() {
            self.detail = Some(detail.into());
        }
        self
    }

    pub(crate) fn errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.errors.extend(errors);
        self
    }

    /// Blames the parameters of the address for what would else be a field of the body.
    pub(crate) fn of_parameters(mut self) -> Self {
        if self.kind == ProblemKind::Invalid {
            self.kind = ProblemKind::InvalidParameter;
        }
        self
    }

    /// Names a field as the caller has sent it, where the domain calls it otherwise.
    pub(crate) fn renamed(mut self, field: &str, sent: &str) -> Self {
        for error in self.errors.iter_mut().filter(|error| error.field == field) {
            sent.clone_into(&mut error.field);
        }
        self
    }

    /// What is wrong with the words of a search, which the domain calls a text and the address `q`.
    pub(crate) fn of_search(self) -> Self {
        self.renamed("text", "q").of_parameters()
    }

    /// Adds a member that belongs to the kind.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds headers that belong to the answer whatever is wrong: the pace of whoever calls.
    pub(crate) fn headers(mut self, headers: HeaderMap) -> Self {
        let named = headers
            .into_iter()
            .filter_map(|(name, value)| Some((name?, value)));
        self.headers.extend(named);
        self
    }

    pub(crate) fn retry_after(self, wait: std::time::Duration) -> Self {
        // Rounded up: a client that comes back too early is refused again.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(RETRY_AFTER, HeaderValue::from(seconds))
    }

    /// Keeps what lies beneath, for the log alone. When that is a write whose answer was lost, so is that of the call.
    pub(crate) fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.may_have_been_made |= is_unanswered(&cause);
        self.cause = Some(Arc::new(cause));
        self
    }

    /// What was asked for may have been done all the same.
    pub(crate) fn perhaps_made(mut self) -> Self {
        self.may_have_been_made = true;
        self
    }

    /// Whether it cannot be known that what was asked for was not done.
    pub(crate) fn may_have_been_made(&self) -> bool {
        self.may_have_been_made || matches!(self.kind, ProblemKind::Internal | ProblemKind::RequestTimeout)
    }

    pub(crate) fn kind(&self) -> ProblemKind {
        self.kind
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status()
    }

    /// Says it in the language of whoever asked.
    pub(crate) fn in_language(mut self, language: Language) -> Self {
        self.language = language;
        self
    }

    fn title(&self) -> &'static str {
        match self.language {
            Language::English => self.kind.title(),
            Language::Portuguese => language::problem(self.kind).0,
        }
    }

    /// What is told to the client.
    pub(crate) fn text(&self) -> Cow<'static, str> {
        match (&self.detail, self.language) {
            (None, Language::English) => Cow::Borrowed(self.kind.general()),
            (None, Language::Portuguese) => Cow::Borrowed(language::problem(self.kind).1),
            (Some(detail), Language::English) => detail.clone(),
            // Where what happened this time is known in English alone, it stands behind what is known in both.
            (Some(detail), Language::Portuguese) => {
                Cow::Owned(language::detail(detail).unwrap_or_else(|| {
                    let general = language::problem(self.kind).1;
                    format!("{general} ({detail})")
                }))
            }
        }
    }

    fn told_errors(&self) -> Vec<FieldError> {
        let mut errors = self.errors.clone();
        if self.language == Language::Portuguese {
            for error in &mut errors {
                error.message = language::message(&error.code, &error.message);
            }
        }
        errors
    }

    pub(crate) fn field_errors(&self) -> &[FieldError] {
        &self.errors
    }

    /// The cause and its own causes in one line, for the log.
    pub(crate) fn causes(&self) -> Option<String> {
        let mut error: &(dyn StdError + 'static) = self.cause.as_deref()?;
        let mut text = error.to_string();
        while let Some(beneath) = error.source() {
            error = beneath;
            text.push_str(": ");
            text.push_str(&error.to_string());
        }
        Some(text)
    }

    /// The headers that belong to the problem in whatever form it is written.
    pub(crate) fn write_headers(&self, response: &mut Response) {
        for (name, value) in &self.headers {
            response.headers_mut().insert(name, value.clone());
        }
    }

    /// The body as RFC 9457 has it, also for the end of a stream.
    pub(crate) fn body(&self, request_id: &str) -> ProblemBody {
        ProblemBody {
            uri: format!("urn:aurora:problem:{}", self.kind.code()),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.text(),
            code: self.kind.code(),
            request_id: request_id.to_owned(),
            errors: self.told_errors(),
            more: self.more.clone(),
        }
    }

    /// The problem as RFC 9457 has it.
    pub(crate) fn render(&self, request_id: &str) -> Response {
        let json = serde_json::to_vec(&self.body(request_id)).unwrap_or_default();
        let mut response = (self.status(), json).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
            .headers_mut()
            .insert(CONTENT_LANGUAGE, HeaderValue::from_static(self.language.tag()));
        response
            .headers_mut()
            .append(VARY, HeaderValue::from_static("accept-language"));
        response
    }
}

/// Whether beneath an error lies a write whose answer was lost.
fn is_unanswered(error: &(dyn StdError + 'static)) -> bool {
    let stored = error.downcast_ref::<aurora_core::store::Error>();
    stored.is_some_and(aurora_core::store::Error::may_have_been_made)
        || error.source().is_some_and(is_unanswered)
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        self.write_headers(&mut response);
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes a problem in the form that clients of an address expect.
pub(crate) type Form = fn(&Problem, &str) -> Response;
