//! Ollama.

use aurora_llm::wire::ollama::{OllamaChat, encode_models};

use super::*;

fn sent(case: &str) -> Option<WireRequest> {
    let codec = OllamaChat::default();
    let (model, request) = match case {
        "plain" => {
            let request = question()
                .system("Be brief.")
                .max_tokens(100)
                .temperature(0.25)
                .top_p(0.5);
            let mut request = request.stop("END");
            request.top_k = Some(20);
            request.seed = Some(7);
            ("llama3.2", request)
        }
        "stream" => return Some(encoded(&codec, "llama3.2", question(), Streaming::Yes)),
        "tools" => {
            let request = question()
                .message(Message::new(Role::Assistant, vec![call_of("call_1", "Recife")]))
                .message(Message::tool_result(ToolResult::new("call_1", "sunny")))
                .tool(weather());
            ("llama3.2", request)
        }
        "schema" => ("llama3.2", question().format(place())),
        "media" => ("llava", asked([png()])),
        "thinking" => ("gpt-oss", question().reasoning(ReasoningEffort::High)),
        "embeddings" => {
            let request = EmbedRequest::new(["rain", "snow"]).dimensions(64);
            return codec
                .encode_embeddings(&Call::new(request, "nomic-embed-text"))
                .ok()
                .map(without_context);
        }
        "models" => return Some(encode_models()),
        _ => return None,
    };
    Some(encoded(&codec, model, request, Streaming::No))
}

/// Without the size of the context, which our codec sends always and the SDK where it is told to.
fn without_context(mut wire: WireRequest) -> WireRequest {
    let mut body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(
        body.as_object_mut().unwrap().remove("options"),
        Some(json!({"num_ctx": 8192}))
    );
    wire.body = body.to_string().into();
    wire
}

#[test]
fn what_ollama_is_asked_is_what_the_official_sdk_sends() {
    compare("ollama", sent);
}
