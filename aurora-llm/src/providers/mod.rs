//! Who answers: one folder for each provider, each behind the feature of its name.
//!
//! | provider | what it is | feature |
//! | --- | --- | --- |
//! | `openai` | OpenAI | `openai` |
//! | `azure` | OpenAI's models by Microsoft Azure | `azure` |
//! | `huggingface` | Hugging Face's router, and servers of Text Generation Inference | `huggingface` |
//! | `anthropic` | Anthropic | `anthropic` |
//! | `cohere` | Cohere, with embeddings and rerank | `cohere` |
//! | `ollama` | Ollama, on a machine of one's own or at ollama.com, with embeddings | `ollama` |
//! | `gemini` | Gemini, by Google's own API | `gemini` |
//! | `openai_compatible` | any server that speaks OpenAI's Chat Completions or Responses | `openai-compatible` |
//! | `simulated` | invented answers, without network or key | `simulated` |
//!
//! A provider is an address, a key and a [codec](crate::wire::Codec). It makes one attempt and reports what came of
//! it; to retry and to fall back is the [client](crate::client)'s work.

#[cfg(feature = "anthropic")]
pub mod anthropic;
#[cfg(feature = "azure")]
pub mod azure;
#[cfg(feature = "cohere")]
pub mod cohere;
#[cfg(feature = "http")]
pub mod endpoint;
#[cfg(feature = "gemini")]
pub mod gemini;
#[cfg(feature = "huggingface")]
pub mod huggingface;
#[cfg(feature = "ollama")]
pub mod ollama;
#[cfg(feature = "openai")]
pub mod openai;
#[cfg(feature = "openai-compatible")]
pub mod openai_compatible;
#[cfg(feature = "simulated")]
pub mod simulated;
