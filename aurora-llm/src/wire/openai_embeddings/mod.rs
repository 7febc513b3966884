//! OpenAI's embeddings, and those of servers compatible with it.
//!
//! # What differs from the vocabulary
//! - The dialect has no word for what vectors are for; [`EmbedRequest::purpose`](crate::embed::EmbedRequest::purpose)
//!   is passed over.
//! - Vectors travel as numbers or as base64 of little-endian floats; both are read, whichever was asked for.
//!
//! Source of the form: OpenAI's API reference and the behaviour of its official Python SDK, which asks for base64
//! unless told otherwise.

mod client;
pub mod server;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use client::OpenAiEmbeddings;

/// The name of this dialect in [`EmbedRequest::options`](crate::embed::EmbedRequest::options).
pub const DIALECT: &str = "openai_embeddings";

/// Most texts of one request.
pub const MAX_INPUTS: usize = 2_048;

/// How vectors travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Encoding {
    /// As JSON numbers, which every server knows.
    #[default]
    Float,
    /// As base64 of little-endian 32-bit floats: a quarter of the bytes, and exact.
    Base64,
}

fn pack(vector: &[f32]) -> String {
    let bytes: Vec<u8> = vector.iter().flat_map(|number| number.to_le_bytes()).collect();
    STANDARD.encode(bytes)
}

fn unpack(text: &str) -> Option<Vec<f32>> {
    let bytes = STANDARD.decode(text.trim()).ok()?;
    let (numbers, rest) = bytes.as_chunks::<4>();
    rest.is_empty()
        .then(|| numbers.iter().map(|number| f32::from_le_bytes(*number)).collect())
}
