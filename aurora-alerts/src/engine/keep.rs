//! Texts that an application keeps with its engine, such as rules that its users wrote.

use std::collections::BTreeMap;

use super::AlertEngine;
use crate::core::{Before, Command};
use crate::error::Error;

/// The longest name of a text, in bytes.
const LONGEST_NAME: usize = 256;
/// The longest text, in bytes.
const LONGEST_TEXT: usize = 64 * 1024;

impl AlertEngine {
    /// Keeps a text in the engine's store, where all replicas see it; `None` takes it away. The last one wins.
    ///
    /// A replica that does not lead hands it to the one that does, and waits for its answer.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) when the name has not 1 to 256 bytes or the text has more than
    /// 64 KiB, [`ErrorKind::Full`](crate::ErrorKind::Full) when there are 2,000 already,
    /// [`ErrorKind::NotFound`](crate::ErrorKind::NotFound) when there is nothing to take away; otherwise as
    /// [`post`](Self::post).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aurora_alerts::Error> {
    /// let engine = aurora_alerts::AlertEngine::builder().build()?;
    /// engine.keep("notes/ops", Some("call Ana first".to_owned())).await?;
    /// assert_eq!(engine.kept()["notes/ops"], "call Ana first");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn keep(&self, name: &str, text: Option<String>) -> Result<(), Error> {
        self.keep_after(name, text, Before::Anything).await
    }

    /// As [`keep`](Self::keep), in the place of `before` alone: of the text that is kept now, or of none. So of several
    /// that read the same text and change it, also through several replicas, one succeeds.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) when something else is kept by now; otherwise as `keep`.
    pub async fn exchange(
        &self,
        name: &str,
        before: Option<String>,
        text: Option<String>,
    ) -> Result<(), Error> {
        self.keep_after(name, text, before.map_or(Before::Nothing, Before::Text))
            .await
    }

    async fn keep_after(&self, name: &str, text: Option<String>, after: Before) -> Result<(), Error> {
        let subject = || format!("text {name:?}");
        if name.is_empty() || name.len() > LONGEST_NAME {
            return Err(Error::invalid(subject(), "the name must have 1 to 256 bytes"));
        }
        if text.as_ref().is_some_and(|text| text.len() > LONGEST_TEXT) {
            return Err(Error::invalid(subject(), "a text can have at most 65536 bytes"));
        }
        let name = name.to_owned();
        self.order(Command::Keep { name, text, after }).await
    }

    /// Everything that is kept, by name.
    #[must_use]
    pub fn kept(&self) -> BTreeMap<String, String> {
        self.brain().core.kept().clone()
    }
}
