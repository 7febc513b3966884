//! A person connects a calendar with OAuth 2: to Google, and back.
//!
//! What has to be known when the person comes back is sealed into a cookie of its browser, so that any server on the same
//! database can finish what another began, and nobody can finish what somebody else's browser began.

use std::time::Duration;

use aurora_core::access::seal::{Place, Sealed};
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::{Clock as _, Timestamp};
use aurora_crm::channels::google_calendar::{
    CalendarLink, CalendarLinkId, Credentials, Direction, GoogleErrorKind, LinkCredentials, NewCalendarLink,
    Titles,
};
use aurora_crm::scheduling::ProfessionalId;
use aurora_crm::workspaces::WorkspaceId;
use aurora_crm::{Context, ErrorKind};
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};

use super::views::{AuthorizationView, ConnectInput, LinkView};
use crate::http::access::{Caller, Visitor, cookie};
use crate::http::answers::tagged;
use crate::http::extract::{Json, Params};
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

const COOKIE: &str = "aurora_calendar";
const PATH: &str = "/api/v1/calendar/oauth";
/// How long a person may take at Google.
const LIFE: Duration = Duration::from_secs(10 * 60);
/// How long Google may take to change the code.
const PATIENCE: Duration = Duration::from_secs(20);

/// What has to be known when the person comes back.
#[derive(Serialize, Deserialize)]
struct Journey {
    state: String,
    verifier: String,
    workspace: WorkspaceId,
    principal: String,
    professional: ProfessionalId,
    calendar: String,
    direction: Direction,
    titles: Titles,
    until: Timestamp,
}

/// What the cookie is sealed for: it opens as nothing else.
fn place() -> Place {
    Place::new("calendar_journeys", "installation", "browser", "cookie")
}

/// Begins to connect a person's calendar: send the browser to `url`.
#[utoipa::path(post, path = "/oauth/start", tag = "calendar", operation_id = "connect_calendar", request_body = ConnectInput,
    responses(
        (status = 200, description = "Where the browser goes", body = AuthorizationView),
        (status = 501, description = "No OAuth application is set", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn start(
    State(state): State<AppState>,
    caller: Caller,
    Json(input): Json<ConnectInput>,
) -> Result<Response, Problem> {
    let context = caller.context();
    // Better said here than when the person has come back.
    state
        .crm
        .scheduling()
        .professional(&context, input.professional_id)
        .await?;
    let begun = state.reception.google.authorize_person(input.hint.as_deref())?;
    let journey = Journey {
        state: begun.state.expose().to_owned(),
        verifier: begun.verifier.expose().to_owned(),
        workspace: caller.workspace(),
        principal: caller.principal().id().to_owned(),
        professional: input.professional_id,
        calendar: input.calendar_id.unwrap_or_else(|| "primary".to_owned()),
        direction: input.direction,
        titles: input.titles,
        until: state.clock.now() + LIFE,
    };
    let text = serde_json::to_string(&journey)
        .map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    let sealed = state
        .reception
        .sealer
        .seal_text(&place(), &Secret::new(text))
        .await;
    let sealed = sealed.map_err(|error| Problem::new(ProblemKind::Unavailable).caused_by(error))?;
    let url = begun.url.to_string();
    let mut response = axum::Json(AuthorizationView { url }).into_response();
    set_cookie(&state, &mut response, &sealed.to_string(), LIFE);
    Ok(response)
}

/// Takes a person back from Google and links the calendar; one that is linked already gets the new access.
#[utoipa::path(get, path = "/oauth/callback", tag = "calendar", operation_id = "calendar_connected",
    params(
        ("state" = Option<String>, Query, description = "What was sent along"),
        ("code" = Option<String>, Query, description = "What is changed for access"),
        ("error" = Option<String>, Query, description = "Why the person gave none"),
    ),
    responses(
        (status = 200, description = "Linked", body = LinkView),
        (status = 403, description = "The person gave no access, or it is another browser's journey", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn callback(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let shown = params.take::<String>("state", "what was sent along");
    let code = params.take::<String>("code", "a code");
    let error = params.take::<String>("error", "a word");
    // Google sends more along, such as `scope`: that is no mistake of anybody's.
    let mut response = match finish(&state, &visitor, &headers, (shown, code, error)).await {
        Ok(link) => tagged(StatusCode::OK, link.version, &link),
        Err(problem) => problem.into_response(),
    };
    // A journey serves once.
    set_cookie(&state, &mut response, "", Duration::ZERO);
    Ok(response)
}

async fn finish(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
    (shown, code, error): (Option<String>, Option<String>, Option<String>),
) -> Result<CalendarLink, Problem> {
    let another = || {
        Problem::new(ProblemKind::Forbidden)
            .detail("this browser has begun no such connection, or too long ago")
    };
    let sealed: Sealed = cookie(headers, COOKIE)
        .and_then(|text| text.parse().ok())
        .ok_or_else(another)?;
    let text = state
        .reception
        .sealer
        .open_text(&place(), &sealed)
        .await
        .map_err(|_| another())?;
    let journey: Journey = serde_json::from_str(text.expose()).map_err(|_| another())?;
    let is_same = shown.is_some_and(|shown| Secret::new(journey.state.as_str()).matches(&shown));
    if !is_same || journey.until <= state.clock.now() {
        return Err(another());
    }
    let Some(code) = code.filter(|_| error.is_none()) else {
        return Err(Problem::new(ProblemKind::Forbidden).detail("no access to the calendar was given"));
    };
    let deadline = Deadline::after(&*state.clock, PATIENCE);
    let google = &state.reception.google;
    let credentials = google
        .exchange_code(&code.into(), &journey.verifier.as_str().into(), deadline)
        .await
        .map_err(|error| match error.kind() {
            GoogleErrorKind::Grant | GoogleErrorKind::Invalid => Problem::new(ProblemKind::Forbidden)
                .detail("Google gave no lasting access for this code")
                .caused_by(error),
            _ => Problem::from(aurora_crm::Error::from(error)),
        })?;
    let context =
        Context::new(journey.workspace, journey.principal.as_str()).request_id(visitor.request_id.as_str());
    let context = match visitor.origin {
        Some(address) => context.origin(address),
        None => context,
    };
    link(state, &context, journey, credentials).await
}

async fn link(
    state: &AppState,
    context: &Context,
    journey: Journey,
    credentials: Credentials,
) -> Result<CalendarLink, Problem> {
    let calendar = &state.reception.calendar;
    let credentials = LinkCredentials::Person(credentials);
    let new = NewCalendarLink::new(journey.professional, journey.calendar, credentials.clone())
        .direction(journey.direction)
        .titles(journey.titles);
    match calendar.link(context, new).await {
        Ok(link) => Ok(link),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let id = error.existing().and_then(|id| id.parse::<CalendarLinkId>().ok());
            let id = id.ok_or_else(|| Problem::new(ProblemKind::Internal))?;
            let known = calendar.get(context, id).await?;
            Ok(calendar.relink(context, id, known.version, credentials).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// For the way back alone, in a browser alone; `Lax` because Google sends it there from a page of its own.
fn set_cookie(state: &AppState, response: &mut Response, value: &str, life: Duration) {
    let is_https = state.settings.server.public_url.as_deref();
    let secure = match is_https {
        Some(url) if url.starts_with("https://") => "; Secure",
        _ => "",
    };
    let seconds = life.as_secs();
    let text = format!("{COOKIE}={value}; Path={PATH}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::try_from(text) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
