//! What Meta calls: the handshake, and what happened. Its words, its statuses.

use aurora_crm::channels::whatsapp::ReceiveError;
use aurora_crm::channels::whatsapp::webhook::{Handshake, HandshakeRefused, SIGNATURE_HEADER, Unreadable};
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::http::extract::Raw;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

/// Answers the handshake by which Meta makes sure that the address is ours.
#[utoipa::path(get, path = "/", tag = "whatsapp", operation_id = "whatsapp_handshake",
    params(
        ("hub.mode" = String, Query, description = "`subscribe`"),
        ("hub.verify_token" = String, Query, description = "The text that was entered at Meta"),
        ("hub.challenge" = String, Query, description = "What is sent back"),
    ),
    responses(
        (status = 200, description = "The challenge", body = String, content_type = "text/plain"),
        (status = 403, description = "The token is not ours", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn handshake(State(state): State<AppState>, uri: Uri) -> Result<Response, Problem> {
    let unreadable =
        || Problem::new(ProblemKind::BadRequest).detail("this is no request to verify a webhook");
    let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| unreadable())?;
    let find = |name: &str| {
        pairs
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let asked = Handshake {
        mode: find("hub.mode"),
        verify_token: find("hub.verify_token"),
        challenge: find("hub.challenge"),
    };
    match state.reception.whatsapp.intake().handshake(&asked) {
        Ok(challenge) => {
            let plain = [(CONTENT_TYPE, "text/plain; charset=utf-8")];
            Ok((plain, challenge.to_owned()).into_response())
        }
        Err(HandshakeRefused::WrongToken) => {
            Err(Problem::new(ProblemKind::Forbidden).detail("the verify token is not known"))
        }
        Err(_) => Err(unreadable()),
    }
}

/// Takes what Meta posts: its signature is checked over the bytes that came, each thing is kept once, and 200 answered. What it
/// means is understood afterwards.
#[utoipa::path(post, path = "/", tag = "whatsapp", operation_id = "whatsapp_webhook",
    request_body(content = String, description = "As Meta writes it", content_type = "application/json"),
    params(("X-Hub-Signature-256" = String, Header, description = "`sha256=` and the HMAC-SHA-256 of the body with the app's secret")),
    responses(
        (status = 200, description = "All of it is kept, or is nobody's"),
        (status = 401, description = "It is not Meta's", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn receive(
    State(state): State<AppState>,
    headers: HeaderMap,
    Raw(body): Raw,
) -> Result<StatusCode, Problem> {
    let mut signatures = headers.get_all(SIGNATURE_HEADER).iter();
    // Of two signatures one could be right by chance of who put it there: Meta sends one.
    let signature = match (signatures.next(), signatures.next()) {
        (Some(one), None) => one.to_str().ok(),
        _ => None,
    };
    let received = state.reception.whatsapp.intake().receive(&body, signature).await;
    let received = received.map_err(refused)?;
    tracing::debug!(
        stored = received.stored,
        duplicates = received.duplicates,
        unknown = received.unknown,
        foreign = received.foreign,
        malformed = received.malformed,
        "WhatsApp told something"
    );
    Ok(StatusCode::OK)
}

fn refused(error: ReceiveError) -> Problem {
    match error {
        ReceiveError::Signature(refused) => {
            Problem::new(ProblemKind::Unauthenticated).detail(refused.to_string())
        }
        ReceiveError::Unreadable(Unreadable::TooLarge) => Problem::new(ProblemKind::BodyTooLarge),
        ReceiveError::Unreadable(unreadable) => {
            Problem::new(ProblemKind::BadRequest).detail(unreadable.to_string())
        }
        // Whatever the reason: Meta sends it again.
        error => Problem::new(ProblemKind::Unavailable).caused_by(error),
    }
}
