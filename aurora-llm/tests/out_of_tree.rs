//! A provider as somebody else would write it, outside of this repository: with the public interface alone.
//! The endpoint brings connection, time limits, keys and errors; how a request is written and an answer read is left.
#![cfg(all(feature = "http", feature = "testing"))]

#[cfg(test)]
mod haiku {
    use async_trait::async_trait;
    use aurora_core::time::Timestamp;
    use aurora_llm::chat::{ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
    use aurora_llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
    use aurora_llm::providers::endpoint::{Auth, Connection, Endpoint, Prefix};
    use aurora_llm::usage::Usage;
    use aurora_llm::wire::{Codec, ResponseHead, StreamDecoder, Streaming, WireRequest};
    use aurora_llm::{Error, ErrorKind, LlmClient};
    use serde_json::{Value, json};
    use wiremock::matchers::{header, path};
    use wiremock::{Mock, MockServer, Request, ResponseTemplate};

    /// Asks with `{"ask": …}`; an answer is a line of words, a stream is a word a line, and `.` ends it.
    #[derive(Debug)]
    struct Haiku;

    impl Codec for Haiku {
        fn encode(&self, call: &Call, streaming: Streaming) -> Result<WireRequest, Error> {
            let asked = call.request.messages.last().map(Message::text);
            let body = json!({"ask": asked, "model": &*call.model, "stream": streaming.is_on()});
            Ok(WireRequest::post("/poems", body.to_string()))
        }

        fn decode(&self, _head: &ResponseHead, body: &[u8]) -> Result<ChatResponse, Error> {
            let said = std::str::from_utf8(body);
            let said = said.map_err(|error| Error::new(ErrorKind::Malformed).with_source(error))?;
            let usage = Usage::new(1, said.split_whitespace().count() as u64);
            let said = Message::assistant(said);
            Ok(ChatResponse::new("", "", said, FinishReason::Stop, Some(usage)))
        }

        fn decoder(&self) -> Box<dyn StreamDecoder> {
            Box::new(Lines::default())
        }

        fn classify(&self, head: &ResponseHead, _body: &[u8], _now: Timestamp) -> Error {
            let kind = if head.status >= 500 {
                ErrorKind::ServerError
            } else {
                ErrorKind::InvalidRequest
            };
            Error::new(kind).with_status(head.status)
        }
    }

    /// What has come of a line so far, and whether the end has.
    #[derive(Debug, Default)]
    struct Lines {
        rest: Vec<u8>,
        ended: bool,
    }

    impl StreamDecoder for Lines {
        fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error> {
            for byte in bytes {
                match (byte, self.rest.as_slice()) {
                    _ if self.ended => {}
                    (b'\n', b".") => {
                        self.ended = true;
                        let (reason, usage) = (FinishReason::Stop, Some(Usage::new(1, 3)));
                        out.push(StreamEvent::Finish { reason, usage });
                    }
                    (b'\n', line) => {
                        out.push(StreamEvent::Text(String::from_utf8_lossy(line).into_owned()));
                        self.rest.clear();
                    }
                    (byte, _) => self.rest.push(*byte),
                }
            }
            Ok(())
        }

        fn finish(&mut self, _out: &mut Vec<StreamEvent>) -> Result<(), Error> {
            let truncated = || Error::new(ErrorKind::StreamTruncated);
            self.ended.then_some(()).ok_or_else(truncated)
        }
    }

    #[derive(Debug)]
    struct Poet(Endpoint);

    #[async_trait]
    impl LlmProvider for Poet {
        fn id(&self) -> &ProviderId {
            self.0.id()
        }

        fn kind(&self) -> &'static str {
            "poet"
        }

        fn capabilities(&self, _model: &str) -> Capabilities {
            let mut able = Capabilities::NONE;
            able.streaming = true;
            able
        }

        async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
            self.0.chat(call, &self.capabilities(&call.model)).await
        }

        async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
            self.0.chat_stream(call, &self.capabilities(&call.model)).await
        }
    }

    fn poet(url: &str) -> Poet {
        let key = Auth::bearer("key-1");
        Poet(
            Endpoint::new(
                "poet".into(),
                url,
                Prefix::Version,
                key,
                Haiku,
                Connection::default(),
            )
            .unwrap(),
        )
    }

    fn answer(request: &Request) -> ResponseTemplate {
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let streamed = asked["stream"] == true;
        ResponseTemplate::new(200).set_body_string(if streamed { "old\n pond\n.\n" } else { "old pond" })
    }

    #[tokio::test]
    async fn a_provider_from_outside_keeps_the_contract_and_is_asked_like_any_other() {
        let server = MockServer::start().await;
        let says = Mock::given(path("/v1/poems")).and(header("authorization", "Bearer key-1"));
        says.respond_with(answer).mount(&server).await;
        let url = format!("{}/v1", server.uri());
        aurora_llm::testing::conformance(&poet(&url), "basho").await;

        let client = LlmClient::builder().provider(poet(&url), "basho");
        let answer = client.build().unwrap().ask("A poem").await.unwrap();
        assert_eq!(
            (answer.text().as_str(), answer.target()),
            ("old pond", "poet/basho")
        );
    }
}
