use std::io;
use std::time::Duration;

use aurora_core::time::Clock;
use serde_json::{Value, json};

use super::accepted::{Accepted, fake_service, list, text};
use super::{FakeRequest, FakeResponse, FakeServer, RateWindow};

const PATH: &str = "/workflows/secretsecret/triggers/manual/paths/invoke";

/// A webhook of a Teams workflow: at most 28 KB, and Adaptive Cards whose parts are in order.
///
/// It takes with 202, and refuses with 400, 413 and the error body of
/// [Logic Apps](https://learn.microsoft.com/azure/logic-apps/logic-apps-limits-and-configuration); any other path is not
/// found.
pub struct FakeTeams {
    server: FakeServer,
    accepted: Accepted,
}

fake_service!(FakeTeams, answer);

impl FakeTeams {
    /// A workflow that takes four messages a second, and answers others with 429.
    ///
    /// # Errors
    /// When the local host has no free port.
    pub async fn limited(clock: impl Clock) -> io::Result<Self> {
        Self::with(Some(RateWindow::new(clock, 4, Duration::from_secs(1)))).await
    }

    /// The address of the workflow.
    #[must_use]
    pub fn url(&self) -> String {
        self.server
            .url(&format!("{PATH}?api-version=2016-06-01&sig=secretsecret"))
    }

    /// The code with which it would refuse the message; none where it would take it.
    #[must_use]
    pub fn refusal(message: &Value) -> Option<&'static str> {
        if message.to_string().len() > 28 * 1024 {
            Some("RequestEntityTooLarge")
        } else if is_message(message) {
            None
        } else {
            Some("InvalidRequestContent")
        }
    }
}

fn answer(request: &FakeRequest, rate: Option<&RateWindow>, accepted: &Accepted) -> FakeResponse {
    if request.path != PATH || !request.query.contains("sig=secretsecret") {
        return refused(404, "WorkflowNotFound");
    }
    if let Some(Err(wait)) = rate.map(|rate| rate.take(PATH)) {
        return refused(429, "TooManyRequests").header("retry-after", wait.as_secs_f64().ceil());
    }
    if request.body.len() > 28 * 1024 {
        return refused(413, "RequestEntityTooLarge");
    }
    match request.json().filter(is_message) {
        Some(message) => {
            accepted.push(message);
            FakeResponse::new(202)
        }
        None => refused(400, "InvalidRequestContent"),
    }
}

fn refused(status: u16, code: &str) -> FakeResponse {
    FakeResponse::new(status).json(&json!({"error": {"code": code, "message": "The request was refused."}}))
}

fn is_message(message: &Value) -> bool {
    let attachments = list(message.get("attachments"));
    text(message, "type") == "message" && !attachments.is_empty() && attachments.iter().all(is_attachment)
}

/// learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using
fn is_attachment(attachment: &Value) -> bool {
    let Some(card) = attachment.get("content") else {
        return false;
    };
    let actions = list(card.get("actions"));
    text(attachment, "contentType") == "application/vnd.microsoft.card.adaptive"
        && text(card, "type") == "AdaptiveCard"
        && ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"].contains(&text(card, "version"))
        && !list(card.get("body")).is_empty()
        && list(card.get("body")).iter().all(is_element)
        && actions.len() <= 6
        && actions.iter().all(is_action)
}

/// adaptivecards.io/explorer, as far as the cards of alerts go.
fn is_element(element: &Value) -> bool {
    let colours = ["", "Default", "Accent", "Good", "Warning", "Attention"];
    match text(element, "type") {
        "TextBlock" => !text(element, "text").is_empty(),
        "Container" => {
            !list(element.get("items")).is_empty() && list(element.get("items")).iter().all(is_element)
        }
        "RichTextBlock" => {
            let runs = list(element.get("inlines"));
            !runs.is_empty()
                && runs.iter().all(|run| {
                    text(run, "type") == "TextRun"
                        && !text(run, "text").is_empty()
                        && colours.contains(&text(run, "color"))
                        && run.get("selectAction").is_none_or(is_action)
                })
        }
        _ => false,
    }
}

fn is_action(action: &Value) -> bool {
    let url = text(action, "url");
    text(action, "type") == "Action.OpenUrl" && (url.starts_with("https://") || url.starts_with("http://"))
}
