//! Send, check the status, decode or stream: what all providers over HTTP have in common, ours and yours.

mod address;
mod auth;
mod connection;
mod stream;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{self, HttpClient, Request, Response, Stage, Url};
use aurora_core::time::Clock as _;
use bytes::Bytes;

use crate::chat::{ChatResponse, ChatStream};
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::provider::{Call, Capabilities, ProviderId};
use crate::wire::{Codec, Method, ResponseHead, Streaming, WireRequest, request_id};

pub use address::Prefix;
pub use auth::Auth;
pub use connection::Connection;

/// One address that speaks one dialect: a provider over HTTP is little more than this and its capabilities.
///
/// # Examples
/// ```
/// use aurora_llm::providers::endpoint::{Auth, Connection, Endpoint, Prefix};
/// use aurora_llm::wire::openai_chat::OpenAiChat;
///
/// let endpoint = Endpoint::new(
///     "mine".into(),
///     "https://llm.example.com/v1",
///     Prefix::Version,
///     Auth::bearer("sk-1").another("sk-2"),
///     OpenAiChat::compatible(),
///     Connection::default(),
/// )?;
/// assert_eq!(endpoint.keys(), 2);
/// # Ok::<(), aurora_llm::Error>(())
/// ```
pub struct Endpoint {
    id: ProviderId,
    url: Url,
    auth: Auth,
    codec: Arc<dyn Codec>,
    connection: Connection,
    http: HttpClient,
}

/// Who learns from the head of an answer.
type Heard<'a> = &'a (dyn Fn(&ResponseHead) + Send + Sync);

/// How long the parts of one exchange may take.
struct Limits {
    first: Duration,
    whole: Duration,
}

impl Endpoint {
    /// An endpoint of the provider instance `id`. Connects to nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the address or the connection's limits cannot be used.
    pub fn new(
        id: ProviderId,
        base_url: &str,
        prefix: Prefix,
        auth: Auth,
        codec: impl Codec,
        connection: Connection,
    ) -> Result<Self, Error> {
        let http = connection.client()?;
        Ok(Self {
            id,
            url: address::base(base_url, prefix)?,
            auth,
            codec: Arc::new(codec),
            connection,
            http,
        })
    }

    /// The provider instance.
    #[must_use]
    pub const fn id(&self) -> &ProviderId {
        &self.id
    }

    /// How many keys there are, at least 1.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.auth.keys()
    }

    /// Answers in one piece; what `able` lacks is refused before anything is sent.
    ///
    /// # Errors
    /// As [`LlmProvider::chat`](crate::provider::LlmProvider::chat), in the name of this instance.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    pub async fn chat(&self, call: &Call, able: &Capabilities) -> Result<ChatResponse, Error> {
        let answer = async {
            refuse_what_is_missing(call, able, Streaming::No)?;
            let wire = self.codec.encode(call, Streaming::No)?;
            let (head, body) = self
                .fetch(&wire, call.key, self.connection.whole(call), &|head| {
                    call.heard(head);
                })
                .await?;
            let answer = self.codec.decode(&head, &body);
            let mut answer = answer.map_err(|error| with_request_id(error, &head))?;
            if answer.model.is_empty() {
                // Not every dialect repeats it.
                answer.model = call.model.to_string();
            }
            Ok(answer)
        };
        answer.await.map_err(|error| self.blame(error, &call.model))
    }

    /// Answers while the model writes; what `able` lacks is refused before anything is sent.
    ///
    /// # Errors
    /// As [`LlmProvider::chat_stream`](crate::provider::LlmProvider::chat_stream), in the name of this instance.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream ends the call at the provider.
    pub async fn chat_stream(&self, call: &Call, able: &Capabilities) -> Result<ChatStream, Error> {
        let whole = self.connection.whole(call);
        let ends_at = self.connection.clock.elapsed() + whole;
        let first = self.connection.first_byte;
        let opened = async {
            refuse_what_is_missing(call, able, Streaming::Yes)?;
            let wire = self.codec.encode(call, Streaming::Yes)?;
            self.send(
                &wire,
                call.key,
                &Limits { first, whole },
                Streaming::Yes,
                &|head| call.heard(head),
            )
            .await
        };
        let (head, response) = opened.await.map_err(|error| self.blame(error, &call.model))?;
        let (id, model) = (self.id.clone(), Arc::clone(&call.model));
        let blame = move |error| with_request_id(error, &head).with_provider(id.clone(), &*model);
        let clock = Arc::clone(&self.connection.clock);
        Ok(stream::answer(
            response.stream(),
            self.codec.decoder(),
            Arc::clone(&call.model),
            clock,
            ends_at,
            blame,
        ))
    }

    /// Sends `wire` for `call` and hands out the whole answer, if its status is one of success: for everything that
    /// is not chat, such as embeddings.
    ///
    /// # Errors
    /// What the codec makes of a status of failure, or why there is no answer, in the name of this instance.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    pub async fn exchange<R: Send + Sync>(
        &self,
        call: &Call<R>,
        wire: &WireRequest,
    ) -> Result<(ResponseHead, Bytes), Error> {
        let fetched = self
            .fetch(wire, call.key, self.connection.whole(call), &|head| {
                call.heard(head);
            })
            .await;
        fetched.map_err(|error| self.blame(error, &call.model))
    }

    /// As [`exchange`](Self::exchange), for what belongs to no call of a model, such as the list of models.
    ///
    /// # Errors
    /// As [`exchange`](Self::exchange).
    ///
    /// # Cancel safety
    /// As [`exchange`](Self::exchange).
    pub async fn ask(&self, wire: &WireRequest, key: usize) -> Result<(ResponseHead, Bytes), Error> {
        let whole = self.connection.total;
        let fetched = self.fetch(wire, key, whole, &|_| {}).await;
        fetched.map_err(|error| self.blame(error, ""))
    }

    /// Names this instance and the model in an error of a codec.
    #[must_use]
    pub fn blame(&self, error: Error, model: &str) -> Error {
        error.with_provider(self.id.clone(), model)
    }

    /// The whole answer, if its status is one of success.
    async fn fetch(
        &self,
        wire: &WireRequest,
        key: usize,
        whole: Duration,
        heard: Heard<'_>,
    ) -> Result<(ResponseHead, Bytes), Error> {
        // The head comes when the model is done, so it may take as long as the answer.
        let limits = Limits { first: whole, whole };
        let (head, response) = self.send(wire, key, &limits, Streaming::No, heard).await?;
        match response.bytes().await {
            Ok(body) => Ok((head, body)),
            Err(error) => Err(with_request_id(Error::from_http(error, Streaming::No), &head)),
        }
    }

    /// The answer from its head on, if its status is one of success.
    async fn send(
        &self,
        wire: &WireRequest,
        key: usize,
        limits: &Limits,
        streaming: Streaming,
        heard: Heard<'_>,
    ) -> Result<(ResponseHead, Response), Error> {
        if limits.whole.is_zero() {
            return Err(Error::new(ErrorKind::Timeout(TimeoutStage::Total)));
        }
        let response = self
            .request(wire, key)
            .headers_timeout(limits.first)
            .timeout(limits.whole)
            .send()
            .await
            .map_err(|error| Error::from_http(error, streaming))?;
        let head = ResponseHead::new(response.status().as_u16(), response.headers().clone());
        heard(&head);
        if response.status().is_success() {
            return Ok((head, response));
        }
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

    fn request(&self, wire: &WireRequest, key: usize) -> Request {
        let url = address::join(&self.url, &wire.path, &wire.query);
        let mut request = match wire.method {
            Method::Post => self.http.post(&url).body(wire.body.clone()),
            Method::Get => self.http.get(&url),
        };
        request = self.auth.sign(request, key);
        for (name, value) in &wire.headers {
            request = request.header(*name, value);
        }
        // Last, so that they can stand in place of the dialect's own.
        for (name, value) in &self.connection.headers {
            request = request.secret_header(name.as_str(), value);
        }
        request
    }
}

fn refuse_what_is_missing(call: &Call, able: &Capabilities, streaming: Streaming) -> Result<(), Error> {
    let mut needs = call.request.needs();
    needs.streaming = streaming.is_on();
    match able.missing(&needs) {
        Some(missing) => Err(Error::new(ErrorKind::Unsupported).with_context(missing)),
        None => Ok(()),
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

fn with_request_id(error: Error, head: &ResponseHead) -> Error {
    match request_id(&head.headers) {
        Some(id) if error.request_id().is_none() => error.with_request_id(id),
        _ => error,
    }
}
