//! Which of OpenAI's interfaces a server is spoken to by, and at which paths.

use aurora_core::time::Timestamp;

use crate::chat::ChatResponse;
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, Capabilities};
use crate::wire::openai_chat::OpenAiChat;
use crate::wire::openai_responses::OpenAiResponses;
use crate::wire::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest};

/// Which of OpenAI's interfaces is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Api {
    /// Chat Completions, which every compatible server has.
    #[default]
    ChatCompletions,
    /// Responses: reasoning is kept from turn to turn, encrypted; no sound, no stop texts, no seed.
    Responses,
}

impl Api {
    /// What is left of `able` in this interface.
    pub(super) const fn limit(self, able: Capabilities) -> Capabilities {
        match self {
            Self::ChatCompletions => able,
            Self::Responses => Capabilities {
                audio: false,
                speech: false,
                seed: false,
                max_stop: Some(0),
                ..able
            },
        }
    }
}

/// Where the paths of the dialects stand.
#[derive(Debug, Clone, Default)]
pub(in crate::providers) enum Paths {
    /// Under the base address.
    #[default]
    Plain,
    /// Under this, and perhaps with a version in the query.
    #[cfg_attr(not(feature = "azure"), expect(dead_code, reason = "only Azure has it"))]
    Under(&'static str),
    /// Under a deployment with the name of the model, with this `api-version`.
    #[cfg_attr(not(feature = "azure"), expect(dead_code, reason = "only Azure has it"))]
    Deployments(String),
}

impl Paths {
    /// Puts a request where it belongs.
    pub(super) fn place(&self, mut wire: WireRequest, model: &str) -> Result<WireRequest, Error> {
        match self {
            Self::Plain => {}
            Self::Under(prefix) => wire.path = format!("{prefix}{}", wire.path).into(),
            Self::Deployments(version) => {
                let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                if model.is_empty() || !model.chars().all(named) || model.starts_with('.') {
                    let context = "a deployment is named by letters, digits, '-', '_' and '.'";
                    return Err(Error::new(ErrorKind::InvalidRequest).with_context(context));
                }
                wire.path = format!("/openai/deployments/{model}{}", wire.path).into();
                wire = wire.query("api-version", version);
            }
        }
        Ok(wire)
    }
}

/// A dialect at its paths.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    pub(super) api: Api,
    pub(super) chat: OpenAiChat,
    pub(super) responses: OpenAiResponses,
    pub(super) paths: Paths,
}

impl Spoken {
    const fn codec(&self) -> &dyn Codec {
        match self.api {
            Api::ChatCompletions => &self.chat,
            Api::Responses => &self.responses,
        }
    }
}

impl Codec for Spoken {
    fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
        let wire = self.codec().encode(call, streaming)?;
        self.paths.place(wire, &call.model)
    }

    fn decode(&self, head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
        self.codec().decode(head, body)
    }

    fn decoder(&self) -> Box<dyn StreamDecoder> {
        self.codec().decoder()
    }

    fn classify(&self, head: &ResponseHead, body: &[u8], now: Timestamp) -> Error {
        self.codec().classify(head, body, now)
    }
}
