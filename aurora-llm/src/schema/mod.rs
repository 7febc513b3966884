//! Rust types as JSON Schemas, and answers as Rust types.
//!
//! # Examples
#![cfg_attr(feature = "simulated", doc = "```")]
#![cfg_attr(not(feature = "simulated"), doc = "```ignore")]
//! use aurora_llm::{LlmClient, chat::ChatRequest, providers::simulated::Simulated};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct River {
//!     /// Its name.
//!     name: String,
//!     kilometres: u32,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
//! let model = Simulated::new("sim").says(r#"{"name": "São Francisco", "kilometres": 2914}"#);
//! let client = LlmClient::builder().provider(model, "m").build()?;
//! let river = client.extract::<River>(ChatRequest::user("A river of Brazil")).await?.into_value();
//! assert_eq!((river.name.as_str(), river.kilometres), ("São Francisco", 2914));
//! # Ok(())
//! # }
//! ```

mod extract;
mod strict;
#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

pub use extract::Extracted;

/// The JSON Schema (draft 2020-12) of a type, without references where it does not contain itself, since not every
/// provider reads them.
#[must_use]
pub fn of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.meta_schema = None;
        settings.inline_subschemas = true;
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
