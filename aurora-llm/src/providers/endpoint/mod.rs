//! Post, check the status, decode or stream: what all providers over HTTP have in common.

mod address;
mod connection;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{self, HttpClient, Response, Stage, Url};
use aurora_core::secret::Secret;
use aurora_core::time::Clock as _;

use crate::chat::{ChatResponse, ChatStream};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::provider::{Call, Capabilities, ProviderId};
use crate::wire::{Codec, ResponseHead, Streaming, request_id};

pub(super) use address::Prefix;
pub use connection::Connection;

/// How a provider knows who calls.
#[derive(Debug, Clone)]
pub(super) enum Auth {
    #[cfg(feature = "openai-compatible")]
    None,
    #[cfg(feature = "openai-compatible")]
    Bearer(Secret),
    #[cfg(feature = "anthropic")]
    Header(&'static str, Secret),
}

/// One address that speaks one dialect.
pub(super) struct Endpoint {
    id: ProviderId,
    url: Url,
    auth: Auth,
    codec: Arc<dyn Codec>,
    connection: Connection,
    http: HttpClient,
}

impl Endpoint {
    /// # Errors
    /// [`ErrorKind::Config`] when the address or the connection's limits cannot be used.
    pub(super) fn new(
        id: ProviderId,
        base_url: &str,
        prefix: Prefix,
        auth: Auth,
        codec: Arc<dyn Codec>,
        connection: Connection,
    ) -> Result<Self, Error> {
        let http = connection.client()?;
        Ok(Self {
            id,
            url: address::base(base_url, prefix)?,
            auth,
            codec,
            connection,
            http,
        })
    }

    pub(super) const fn id(&self) -> &ProviderId {
        &self.id
    }

    pub(super) async fn chat(&self, call: &Call, able: Capabilities) -> Result<ChatResponse, Error> {
        self.chat_at_all(call, able)
            .await
            .map_err(|error| self.blame(error, call))
    }

    async fn chat_at_all(&self, call: &Call, able: Capabilities) -> Result<ChatResponse, Error> {
        let limit = self.connection.whole(call);
        // The head comes when the model is done, so it may take as long as the answer.
        let response = self.send(call, able, Streaming::No, limit, limit).await?;
        let head = head(&response);
        let failed = |error| Error::from_http(error, Streaming::No);
        let body = response.bytes().await.map_err(failed);
        let read = body.and_then(|body| self.codec.decode(&head, &body));
        read.map_err(|error| with_request_id(error, &head))
    }

    pub(super) async fn chat_stream(&self, call: &Call, able: Capabilities) -> Result<ChatStream, Error> {
        let limit = self.connection.whole(call);
        let ends_at = self.connection.clock.elapsed() + limit;
        let first = self.connection.first_byte;
        let response = self
            .send(call, able, Streaming::Yes, first, limit)
            .await
            .map_err(|error| self.blame(error, call))?;
        let head = head(&response);
        let (id, model) = (self.id.clone(), Arc::clone(&call.model));
        let blame = move |error| with_request_id(error, &head).with_provider(id.clone(), &*model);
        let clock = Arc::clone(&self.connection.clock);
        Ok(stream::answer(
            response.stream(),
            self.codec.decoder(),
            clock,
            ends_at,
            blame,
        ))
    }

    /// The answer's head, if its status is one of success.
    async fn send(
        &self,
        call: &Call,
        able: Capabilities,
        streaming: Streaming,
        first: Duration,
        whole: Duration,
    ) -> Result<Response, Error> {
        let mut needs = call.request.needs();
        needs.streaming = streaming.is_on();
        if let Some(missing) = able.missing(&needs) {
            return Err(Error::new(ErrorKind::Unsupported).with_context(missing));
        }
        if whole.is_zero() {
            return Err(Error::new(ErrorKind::Timeout(TimeoutStage::Total)));
        }
        let wire = self.codec.encode(call, streaming)?;
        let mut request = self.http.post(&address::join(&self.url, wire.path));
        request = match &self.auth {
            #[cfg(feature = "openai-compatible")]
            Auth::None => request,
            #[cfg(feature = "openai-compatible")]
            Auth::Bearer(key) => request.bearer(key),
            #[cfg(feature = "anthropic")]
            Auth::Header(name, key) => request.secret_header(*name, key),
        };
        for (name, value) in &wire.headers {
            request = request.header(*name, value);
        }
        // Last, so that they can stand in place of the dialect's own.
        for (name, value) in &self.connection.headers {
            request = request.secret_header(name.as_str(), value);
        }
        let response = request
            .body(wire.body)
            .headers_timeout(first)
            .timeout(whole)
            .send()
            .await
            .map_err(|error| Error::from_http(error, streaming))?;
        if response.status().is_success() {
            return Ok(response);
        }
        let head = head(&response);
        if response.status().is_redirection() {
            let context = "the address answers with a redirect";
            return Err(Error::new(ErrorKind::Config)
                .with_context(context)
                .with_status(head.status));
        }
        // A body that cannot be read leaves the status, which says enough.
        let body = response.bytes().await.unwrap_or_default();
        Err(self.codec.classify(&head, &body, self.connection.clock.now()))
    }

    fn blame(&self, error: Error, call: &Call) -> Error {
        error.with_provider(self.id.clone(), &*call.model)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("host", &self.url.host_str())
            .field("codec", &self.codec)
            .field("connection", &self.connection)
            .finish_non_exhaustive()
    }
}

impl Error {
    /// What a call without a whole HTTP answer means.
    fn from_http(error: http::Error, streaming: Streaming) -> Self {
        let kind = match error.kind() {
            http::ErrorKind::Connect => ErrorKind::Connect,
            http::ErrorKind::Timeout(stage) => ErrorKind::Timeout(match stage {
                Stage::Connect => TimeoutStage::Connect,
                Stage::Headers if streaming.is_on() => TimeoutStage::FirstToken,
                Stage::Idle => TimeoutStage::Idle,
                _ => TimeoutStage::Total,
            }),
            http::ErrorKind::Interrupted => ErrorKind::ServerError,
            http::ErrorKind::Protocol | http::ErrorKind::TooLarge => ErrorKind::Malformed,
            _ => ErrorKind::Config,
        };
        Self::new(kind).with_source(error)
    }
}

fn head(response: &Response) -> ResponseHead {
    ResponseHead::new(response.status().as_u16(), response.headers().clone())
}

fn with_request_id(error: Error, head: &ResponseHead) -> Error {
    match request_id(&head.headers) {
        Some(id) if error.request_id().is_none() => error.with_request_id(id),
        _ => error,
    }
}
