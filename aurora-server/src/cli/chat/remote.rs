//! A server that runs elsewhere, asked at `POST /llm/chat`.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use aurora_core::http::{HttpClient, Response};
use aurora_core::secret::Secret;
use aurora_llm::wire::sse::{SseDecoder, SseFrame};
use futures::StreamExt as _;
use serde_json::{Value, json};
use url::Url;

use super::{Question, Said, Who};
use crate::cli::output::refused;
use crate::error::{Error, ErrorKind};

const KEY: &str = "AURORA_API_KEY";
/// Of a file with a key.
const LONGEST: u64 = 4 * 1024;
/// For a whole answer.
const LIMIT: Duration = Duration::from_secs(15 * 60);

pub(super) struct Remote {
    client: HttpClient,
    url: Url,
    key: Option<Secret>,
}

impl Remote {
    pub(super) fn new(url: &str, key_file: Option<&Path>) -> Result<Self, Error> {
        let wrong = || refused("--url: expected an address such as http://127.0.0.1:8080");
        let mut url = Url::parse(url).map_err(|_| wrong())?;
        if !["http", "https"].contains(&url.scheme())
            || !url.username().is_empty()
            || url.password().is_some()
        {
            return Err(wrong());
        }
        url.path_segments_mut()
            .map_err(|()| wrong())?
            .pop_if_empty()
            .extend(["llm", "chat"]);
        let client = HttpClient::builder()
            .headers_timeout(LIMIT)
            .timeout(LIMIT)
            .build();
        let client = client.map_err(|error| {
            Error::new(ErrorKind::Internal, "no HTTP client can be set up").caused_by(error)
        })?;
        Ok(Self {
            client,
            url,
            key: key(key_file)?,
        })
    }

    async fn ask(&self, question: Question<'_>, is_stream: bool) -> Result<Response, Error> {
        let messages: Vec<Value> = question
            .turns
            .iter()
            .map(|turn| {
                let role = match turn.who {
                    Who::User => "user",
                    Who::Assistant => "assistant",
                };
                json!({"role": role, "content": turn.text})
            })
            .collect();
        let mut body = json!({"messages": messages, "stream": is_stream});
        if let Value::Object(fields) = &mut body {
            let further = [("system", question.system), ("model", question.model)];
            for (name, value) in further {
                if let Some(value) = value {
                    fields.insert(name.to_owned(), json!(value));
                }
            }
        }
        let mut request = self.client.post(&self.url).json(&body);
        if let Some(key) = &self.key {
            request = request.bearer(key);
        }
        let response = request.send().await.map_err(unreachable)?;
        if response.status().is_success() {
            return Ok(response);
        }
        let status = response.status();
        let problem: Value = response
            .bytes()
            .await
            .ok()
            .and_then(|body| serde_json::from_slice(&body).ok())
            .unwrap_or_default();
        let hint = match status.as_u16() {
            401 | 403 => format!(
                ": set {KEY} to a key with llm:use, such as `aurora key create --scope llm:use` makes"
            ),
            _ => String::new(),
        };
        Err(refused(format!(
            "the server answered {status}: {}{hint}",
            words(&problem)
        )))
    }

    pub(super) async fn streamed(
        &self,
        question: Question<'_>,
        hear: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Said, Error> {
        let mut body = self.ask(question, true).await?.stream();
        let mut decoder = SseDecoder::default();
        let (mut text, mut end, mut failure) = (String::new(), None, None);
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(unreachable)?;
            let read = decoder.push(&piece, |frame| {
                let SseFrame::Event { event, data } = frame else {
                    return Ok(());
                };
                let data: Value = serde_json::from_str(data).unwrap_or_default();
                match event {
                    "text" | "refusal" => {
                        let piece = data.get("text").and_then(Value::as_str).unwrap_or_default();
                        hear(piece);
                        text.push_str(piece);
                    }
                    "finish" => end = Some(data),
                    "error" => failure = Some(words(&data)),
                    _ => {}
                }
                Ok(())
            });
            read.map_err(|error| refused("the answer of the server makes no sense").caused_by(error))?;
        }
        if let Some(failure) = failure {
            return Err(refused(format!("the answer broke off: {failure}")));
        }
        let end = end.ok_or_else(|| refused("the answer broke off without an end"))?;
        Ok(Said {
            text,
            summary: summary(&end),
        })
    }

    pub(super) async fn whole(&self, question: Question<'_>) -> Result<Value, Error> {
        let response = self.ask(question, false).await?;
        response.json().await.map_err(unreachable)
    }
}

/// The key of a file, or of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the key of another server is no setting of this one"
)]
fn key(file: Option<&Path>) -> Result<Option<Secret>, Error> {
    let Some(path) = file else {
        let key = std::env::var(KEY).ok().filter(|key| !key.is_empty());
        return Ok(key.map(Secret::new));
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|error| refused(format!("{} cannot be read", path.display())).caused_by(error))?;
    Ok(Some(Secret::new(text.trim())))
}

fn unreachable(error: aurora_core::http::Error) -> Error {
    refused("the server did not answer").caused_by(error)
}

/// What a problem (RFC 9457) says.
fn words(problem: &Value) -> String {
    let texts = ["title", "detail"]
        .into_iter()
        .filter_map(|name| problem.get(name));
    let texts: Vec<&str> = texts.filter_map(Value::as_str).collect();
    if texts.is_empty() {
        return "without a reason".to_owned();
    }
    texts.join(": ")
}

fn summary(end: &Value) -> String {
    let mut parts: Vec<String> = ["provider", "model"]
        .into_iter()
        .filter_map(|name| end.get(name).and_then(Value::as_str))
        .map(str::to_owned)
        .collect();
    if let Some(tokens) = end.pointer("/usage/total_tokens").and_then(Value::as_u64) {
        parts.push(format!("{tokens} tokens"));
    }
    if let Some(cost) = end.pointer("/cost/usd").and_then(Value::as_str) {
        parts.push(format!("US$ {cost}"));
    }
    parts.join(" · ")
}
