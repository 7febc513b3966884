//! The chats of one socket.

use std::collections::HashMap;

use aurora_core::access::policy::Kind;
use aurora_llm::chat::ChatRequest;
use serde_json::{Map, Value, json};
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use super::{Gone, Out};
use crate::http::access::Caller;
use crate::http::extract::object_of;
use crate::http::llm::gateway::Asker;
use crate::http::llm::stream::Events;
use crate::http::llm::{body, problem_of};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::state::AppState;

/// How many chats of one socket may be under way.
const MOST: usize = 8;
const MAX_ID: usize = 64;

/// The chats under way; dropped, they end.
pub(super) struct Chats<'a> {
    state: &'a AppState,
    asker: Asker,
    /// Whose pace chats count for; nobody's while the doors are open, as with requests.
    counted: Option<String>,
    out: Out,
    tasks: JoinSet<()>,
    /// What ends each, by the client's id of it.
    running: HashMap<String, (Id, CancellationToken)>,
}

impl<'a> Chats<'a> {
    pub(super) fn new(state: &'a AppState, caller: &Caller, out: Out) -> Self {
        Self {
            state,
            asker: Asker::of(caller),
            counted: (caller.principal().kind() != Kind::Service).then(|| caller.principal().id().to_owned()),
            out,
            tasks: JoinSet::new(),
            running: HashMap::new(),
        }
    }

    /// Waits until one has ended; for ever while none is under way.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(super) async fn ended(&mut self) {
        let ended = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => {
                if error.is_panic() {
                    tracing::error!("the task of a chat panicked");
                }
                error.id()
            }
            None => std::future::pending().await,
        };
        self.running.retain(|_, (id, _)| *id != ended);
    }

    /// Does what a message says.
    ///
    /// # Errors
    /// When the client is gone.
    pub(super) async fn take(&mut self, text: &[u8]) -> Result<(), Gone> {
        let mut message = match object_of(text) {
            Ok(message) => message,
            Err(problem) => return self.refuse(None, &problem).await,
        };
        let id = match message.remove("id") {
            Some(Value::String(id)) if (1..=MAX_ID).contains(&id.len()) => id,
            _ => {
                let field = FieldError::new("id", "required", "must be a text of 1 to 64 bytes");
                return self
                    .refuse(None, &Problem::new(ProblemKind::Invalid).errors([field]))
                    .await;
            }
        };
        let kind = message.remove("type");
        match kind.as_ref().and_then(Value::as_str) {
            Some("chat") => match self.paced(&id, message).await {
                Ok(()) => Ok(()),
                Err(problem) => self.refuse(Some(&id), &problem).await,
            },
            Some("cancel") => {
                match self.running.get(&id) {
                    Some((_, cancel)) => cancel.cancel(),
                    // It has ended in the meantime: its last event is on its way.
                    None => tracing::debug!("a chat that is not under way was to be cancelled"),
                }
                Ok(())
            }
            _ => {
                let field = FieldError::new("type", "invalid", "must be chat or cancel");
                let problem = Problem::new(ProblemKind::Invalid).errors([field]);
                self.refuse(Some(&id), &problem).await
            }
        }
    }

    /// A chat counts as a request: a socket is no way around the limits.
    async fn paced(&mut self, id: &str, body: Map<String, Value>) -> Result<(), Problem> {
        if let Some(caller) = &self.counted {
            self.state.pace.of_caller(caller).await?;
        }
        self.begin(id, body)
    }

    fn begin(&mut self, id: &str, body: Map<String, Value>) -> Result<(), Problem> {
        if self.running.contains_key(id) {
            let field = FieldError::new("id", "duplicate", "a chat of this id is under way");
            return Err(Problem::new(ProblemKind::Invalid).errors([field]));
        }
        if self.running.len() >= MOST {
            return Err(Problem::new(ProblemKind::TooManyRequests)
                .detail(format!("{MOST} chats of one socket may be under way")));
        }
        if self.state.gateway.client().is_none() {
            return Err(Problem::new(ProblemKind::NoProvider));
        }
        let asked = body::read(body, &self.state.gateway)?;
        let cancel = CancellationToken::new();
        let chat = Chat {
            id: id.to_owned(),
            asker: self.asker.part(id),
            out: self.out.clone(),
            state: self.state.clone(),
        };
        let ending = cancel.clone();
        let task = self.tasks.spawn(async move {
            let cancelled = tokio::select! {
                biased;
                () = ending.cancelled() => true,
                _ = chat.run(asked.request) => false,
            };
            if cancelled {
                drop(chat.out.send("cancelled", Some(&chat.id), &json!({})).await);
            }
        });
        self.running.insert(id.to_owned(), (task.id(), cancel));
        Ok(())
    }

    async fn refuse(&self, id: Option<&str>, problem: &Problem) -> Result<(), Gone> {
        let request_id = id.map_or_else(
            || self.asker.request_id().to_owned(),
            |id| self.asker.part(id).request_id().to_owned(),
        );
        let data = serde_json::to_value(problem.body(&request_id)).unwrap_or_default();
        self.out.send("error", id, &data).await
    }
}

/// One chat.
struct Chat {
    id: String,
    asker: Asker,
    out: Out,
    state: AppState,
}

impl Chat {
    /// Hands out event by event: the next one is read when the last one has its place in the queue.
    async fn run(&self, request: ChatRequest) -> Result<(), Gone> {
        let id = Some(self.id.as_str());
        let stream = match self.state.gateway.stream(request, &self.asker).await {
            Ok(stream) => stream,
            Err(error) => {
                let problem = problem_of(error).body(self.asker.request_id());
                let data = serde_json::to_value(problem).unwrap_or_default();
                return self.out.send("error", id, &data).await;
            }
        };
        let mut events = Events::new(stream, self.asker.request_id());
        while let Some((name, data)) = events.next().await {
            self.out.send(name, id, &data).await?;
        }
        Ok(())
    }
}
