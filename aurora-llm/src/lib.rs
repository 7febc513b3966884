//! One fault-tolerant client for every LLM provider, to embed in an application.
//!
//! When one provider fails, another answers, and the answer says so. A stream may change its provider until its first
//! word is handed out; one that breaks after that is an error with what was said, never a short answer.
//!
//! # Quick start
#![cfg_attr(feature = "simulated", doc = "```")]
#![cfg_attr(not(feature = "simulated"), doc = "```ignore")]
//! use aurora_llm::{LlmClient, providers::simulated::{Simulated, Step}};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), aurora_llm::Error> {
//! let down = Simulated::new("primary").script([Step::status(401)]);
//! let up = Simulated::new("backup").says("Because of Rayleigh scattering.");
//! let client = LlmClient::builder().provider(down, "large").provider(up, "small").build()?;
//!
//! let answer = client.ask("Why is the sky blue?").await?;
//! assert_eq!(answer.provider().as_str(), "backup");
//! for attempt in answer.attempts() {
//!     println!("{}: {:?}", attempt.target, attempt.outcome);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Map
//! | module | what it gives |
//! | --- | --- |
//! | [`client`] | [`LlmClient`]: ordered fallback, retry within a budget, circuit breakers, time limits, the trail of attempts |
//! | [`client::plan`] | the table that says what each error leads to |
//! | [`chat`] | the vocabulary: requests, messages and their parts, tools, answers, stream events |
//! | [`embed`], [`rerank`], [`tokens`] | what else is asked of models: vectors, an order of documents, counts of tokens |
//! | [`tools`], `schema` | functions that a model calls, and typed answers |
//! | [`conversation`] | a history that is kept within the model's limit |
//! | [`provider`] | the traits of a provider, and what one can do |
//! | [`providers`] | the providers, each behind a feature |
//! | [`wire`] | codecs without I/O, for both sides of a dialect |
//! | [`usage`], [`pricing`] | tokens, and what they cost in nano-dollars |
//! | [`catalog`] | what models can do, as data |
//! | [`ledger`] | what calls used, and budgets that hold |
//! | [`error`](mod@error) | what went wrong, and whether it helps to try again |
//! | `setup` | from settings to targets |
//! | [`telemetry`] | the names of spans and metrics, and their buckets |
//! | `testing` | the contract that every provider keeps |
//!
//! # Features
//! | feature | what it adds | default |
//! | --- | --- | --- |
//! | `openai`, `anthropic`, `openai-compatible` | providers, and with them the HTTP client | yes |
//! | `cohere`, `gemini`, `ollama`, `huggingface`, `azure` | further providers | no |
//! | `simulated` | invented answers, without network or key | yes |
//! | `http` | endpoints over HTTP, for providers of your own | with the providers |
//! | `schema` | JSON Schemas from Rust types: typed answers and typed tools | no |
//! | `tokenizer` | exact counts of OpenAI's tokens | no |
//! | `memory`, `redis` | where answers are kept and limits are counted | no |
//! | `semantic-cache` | `SemanticCache`: answers to questions that mean the same | no |
//! | `config` | targets from settings: files, environment | no |
//! | `sqlite`, `postgres` | ledgers and budgets in a database | no |
//! | `testing` | module `testing` | no |
//!
//! Prompts, answers and keys never appear in errors, logs or metrics.

pub mod catalog;
pub mod chat;
pub mod client;
pub mod conversation;
pub mod embed;
pub mod error;
#[cfg(doctest)]
mod guides;
pub mod ledger;
pub mod pricing;
pub mod provider;
pub mod providers;
pub mod rerank;
#[cfg(feature = "schema")]
pub mod schema;
#[cfg(feature = "config")]
pub mod setup;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod tokens;
pub mod tools;
pub mod usage;
pub mod wire;

pub use client::LlmClient;
pub use error::{Error, ErrorKind};
