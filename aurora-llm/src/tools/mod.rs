//! Tools that run here: functions that a model may call, and the loop that calls them.
//!
//! # Examples
#![cfg_attr(all(feature = "simulated", feature = "schema"), doc = "```")]
#![cfg_attr(not(all(feature = "simulated", feature = "schema")), doc = "```ignore")]
//! use aurora_llm::{LlmClient, chat::ChatRequest, providers::simulated::Simulated, tools::{ToolError, Tools}};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Place {
//!     /// Name of the city.
//!     city: String,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
//! let tools = Tools::new().typed("weather", "The weather in a city", |place: Place| async move {
//!     Ok::<_, ToolError>(format!("sunny in {}", place.city))
//! });
//! let model = Simulated::new("sim").calls_tool("weather", serde_json::json!({"city": "Recife"}));
//! let client = LlmClient::builder().provider(model, "m").build()?;
//!
//! let run = tools.run(&client, ChatRequest::user("Is it sunny in Recife?")).await?;
//! assert_eq!(run.calls()[0].result.content, "sunny in Recife");
//! # Ok(())
//! # }
//! ```

mod execute;
mod function;
mod limits;
mod run;
mod stream;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use crate::LlmClient;
use crate::chat::{ChatRequest, Tool};
use crate::client::CallOptions;
use crate::error::Error;

pub use function::{ToolError, ToolFunction};
pub use limits::ToolLimits;
pub use run::{CallRecord, ToolRun};
pub use stream::{ToolEvent, ToolStream};

/// The functions that a model may call, by name; clones share them.
#[derive(Clone, Default)]
#[must_use]
pub struct Tools {
    functions: BTreeMap<String, Arc<dyn ToolFunction>>,
    limits: ToolLimits,
}

impl Tools {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, in place of one of the same name.
    pub fn function(mut self, function: impl ToolFunction) -> Self {
        let name = function.definition().name.clone();
        self.functions.insert(name, Arc::new(function));
        self
    }

    /// Adds a function whose arguments follow `parameters`, a JSON Schema of type `object`, and arrive as JSON.
    ///
    /// What it returns the model reads as JSON, a text as it is; an error, in its words.
    pub fn json<F, O, R, E>(
        self,
        name: impl Into<String>,
        description: impl Into<String>,
        parameters: Value,
        run: F,
    ) -> Self
    where
        F: Fn(Value) -> O + Send + Sync + 'static,
        O: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        self.function(function::Closure::new(
            Tool::new(name, description, parameters),
            run,
        ))
    }

    /// Adds a function whose arguments are a Rust type; its JSON Schema is made from the type, doc comments included.
    ///
    /// Arguments that are not of the type are told to the model, which usually mends them.
    #[cfg(feature = "schema")]
    pub fn typed<A, F, O, R, E>(self, name: impl Into<String>, description: impl Into<String>, run: F) -> Self
    where
        A: serde::de::DeserializeOwned + schemars::JsonSchema + Send + 'static,
        F: Fn(A) -> O + Send + Sync + 'static,
        O: Future<Output = Result<R, E>> + Send + 'static,
        R: Serialize + Send + 'static,
        E: fmt::Display + Send + 'static,
    {
        let parameters = crate::schema::of::<A>();
        self.function(function::Closure::new(
            Tool::new(name, description, parameters),
            run,
        ))
    }

    /// How far the loop may go.
    pub const fn limits(mut self, limits: ToolLimits) -> Self {
        self.limits = limits;
        self
    }

    /// What the model is told of the functions, by name.
    pub fn definitions(&self) -> impl Iterator<Item = &Tool> {
        self.functions.values().map(|function| function.definition())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// Asks, runs what the model calls, and asks again with the results, until it answers without a call.
    ///
    /// A call of a tool that the request offers and that is not registered here ends the loop: it is the caller's
    /// ([`ToolRun::pending`]). A call of a tool that nobody offered the model is told about.
    ///
    /// # Errors
    /// As [`LlmClient::chat`], with the attempts and the usage of all rounds, and [`ErrorKind::ToolLimit`](crate::ErrorKind::ToolLimit) when the model goes on calling beyond the
    /// [limits](Self::limits).
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider and drops the functions that are running.
    pub async fn run(&self, client: &LlmClient, request: ChatRequest) -> Result<ToolRun, Error> {
        self.run_with(client, request, &CallOptions::default()).await
    }

    /// As [`run`](Self::run), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Cancel safety
    /// As [`run`](Self::run).
    pub async fn run_with(
        &self,
        client: &LlmClient,
        request: ChatRequest,
        options: &CallOptions,
    ) -> Result<ToolRun, Error> {
        run::run(self, client, request, options).await
    }

    /// As [`run`](Self::run), told while it happens: what the model says and what the functions return.
    pub fn stream(&self, client: &LlmClient, request: ChatRequest, options: CallOptions) -> ToolStream {
        stream::start(self.clone(), client.clone(), request, options)
    }

    /// The request with these functions offered beside those that it offers already.
    fn offered(&self, mut request: ChatRequest) -> ChatRequest {
        for tool in self.definitions() {
            if !request.tools.iter().any(|offered| offered.name == tool.name) {
                request.tools.push(tool.clone());
            }
        }
        request
    }
}

impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tools")
            .field("functions", &self.functions.keys().collect::<Vec<_>>())
            .field("limits", &self.limits)
            .finish()
    }
}
