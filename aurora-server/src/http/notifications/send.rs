//! Messages and tests by hand. Each channel has a time limit of its own, so that one that hangs does not take the answer
//! of the others along.

use aurora_alerts::Notification;
use axum::extract::{Path, State};
use futures::future::join_all;
use utoipa_axum::routes;

use super::views::{ChannelResult, MessageInput, SentAnswer};
use super::{checked, find};
use crate::http::Routes;
use crate::http::access::{Access, Right};
use crate::http::extract::Json;
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

const SEND: Access = Access::Installation(Right::NotificationSend);

pub(super) fn routes() -> Routes {
    Routes::new().route(SEND, routes!(send))
}

pub(super) fn test_routes() -> Routes {
    Routes::new().route(SEND, routes!(test))
}

/// Sends a message, at once, to the channels that are named or to all, and tells what became of it at each.
///
/// It goes past routes and silences and is not tried again. It is part of the delivery log and of the statistics. A channel
/// that asked to be left alone is left alone.
#[utoipa::path(post, path = "/send", tag = "notifications", operation_id = "send_notification", request_body = MessageInput,
    responses(
        (status = 200, description = "What became of it, by channel, also where no channel took it", body = SentAnswer),
        (status = 409, description = "No channel is configured", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn send(
    State(state): State<AppState>,
    Json(input): Json<MessageInput>,
) -> Result<axum::Json<SentAnswer>, Problem> {
    let (message, channels) = checked(&state, input)?;
    let sent = join_all(
        channels
            .into_iter()
            .map(|channel| told(&state, channel, &message)),
    )
    .await;
    let results: Vec<ChannelResult> = sent.into_iter().collect::<Result<_, Problem>>()?;
    let delivered = results.iter().filter(|result| result.delivered).count();
    Ok(axum::Json(SentAnswer {
        delivered,
        failed: results.len() - delivered,
        results,
    }))
}

/// Sends a message that is clearly marked as a test to every target of a channel.
#[utoipa::path(post, path = "/channels/{name}/test", tag = "notifications", operation_id = "test_channel",
    params(("name" = String, Path, description = "Such as `slack`")),
    responses(
        (status = 200, description = "What became of it, also where the channel did not take it", body = ChannelResult),
    ))]
async fn test(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<axum::Json<ChannelResult>, Problem> {
    find(&state, &name)?;
    let message = Notification::test("", state.clock.now());
    told(&state, name, &message).await.map(axum::Json)
}

async fn told(state: &AppState, channel: String, message: &Notification) -> Result<ChannelResult, Problem> {
    let mut channels = state.alerts.channels().into_iter();
    let status = channels.find(|status| status.channel == channel);
    let rests = status
        .and_then(|status| status.throttled_until)
        .filter(|until| state.clock.now() < *until);
    if let Some(until) = rests {
        return Ok(ChannelResult {
            channel,
            delivered: false,
            throttled_until: Some(until.to_string()),
            targets: Vec::new(),
        });
    }
    let told = state.alerts.tell(&channel, message).await?;
    Ok(ChannelResult {
        channel,
        delivered: told.iter().all(|told| told.result.is_ok()),
        throttled_until: None,
        targets: told.into_iter().map(Into::into).collect(),
    })
}
