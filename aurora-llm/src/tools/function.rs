//! One function that a model may call.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::chat::Tool;

/// A function that a model may call. Most are made from a closure: see [`Tools::json`](super::Tools::json).
#[async_trait]
pub trait ToolFunction: fmt::Debug + Send + Sync + 'static {
    /// What the model is told of it.
    fn definition(&self) -> &Tool;

    /// Runs it with the arguments that the model wrote; they are JSON, and nothing else about them is certain.
    ///
    /// # Errors
    /// What the model is told, so that it can do better or say so.
    ///
    /// # Cancel safety
    /// The future is dropped when the call takes too long or nobody waits for the answer any more.
    async fn call(&self, arguments: Value) -> Result<String, ToolError>;
}

/// What the model is told of a call that failed. No secrets: the model may repeat it to anybody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ToolError(String);

impl ToolError {
    /// A failure in these words.
    #[must_use]
    pub fn new(words: impl fmt::Display) -> Self {
        Self(words.to_string())
    }
}

/// A closure as a function.
pub(super) struct Closure<A, F> {
    definition: Tool,
    run: F,
    arguments: PhantomData<fn(A)>,
}

impl<A, F> Closure<A, F> {
    pub(super) const fn new(definition: Tool, run: F) -> Self {
        Self {
            definition,
            run,
            arguments: PhantomData,
        }
    }
}

#[async_trait]
impl<A, F, O, R, E> ToolFunction for Closure<A, F>
where
    A: DeserializeOwned + Send + 'static,
    F: Fn(A) -> O + Send + Sync + 'static,
    O: Future<Output = Result<R, E>> + Send + 'static,
    R: Serialize + Send + 'static,
    E: fmt::Display + Send + 'static,
{
    fn definition(&self) -> &Tool {
        &self.definition
    }

    async fn call(&self, arguments: Value) -> Result<String, ToolError> {
        let arguments = serde_json::from_value(arguments)
            .map_err(|error| ToolError::new(format_args!("the arguments do not fit: {error}")))?;
        let returned = (self.run)(arguments).await.map_err(ToolError::new)?;
        let value = serde_json::to_value(returned)
            .map_err(|_| ToolError::new("the result cannot be written as JSON"))?;
        Ok(match value {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}

impl<A, F> fmt::Debug for Closure<A, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closure")
            .field("name", &self.definition.name)
            .finish_non_exhaustive()
    }
}
