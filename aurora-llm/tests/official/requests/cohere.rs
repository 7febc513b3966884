//! Cohere.

use aurora_llm::embed::EmbedPurpose;
use aurora_llm::rerank::RerankRequest;
use aurora_llm::wire::cohere::{CohereChat, encode_embeddings, encode_models, encode_rerank};

use super::*;

fn sent(case: &str) -> Option<WireRequest> {
    let codec = CohereChat;
    let (model, request) = match case {
        "plain" => {
            let mut request = question()
                .system("Be brief.")
                .max_tokens(100)
                .temperature(0.25)
                .top_p(0.5)
                .stop("END");
            request.top_k = Some(20);
            request.seed = Some(7);
            request.frequency_penalty = Some(0.5);
            ("command-a-03-2025", request)
        }
        "stream" => return Some(encoded(&codec, "command-a-03-2025", question(), Streaming::Yes)),
        "tools" => {
            let request = question()
                .message(Message::new(Role::Assistant, vec![call_of("call_1", "Recife")]))
                .message(Message::tool_result(ToolResult::new("call_1", "sunny")))
                .tool(weather())
                .tool_choice(ToolChoice::Required);
            ("command-a-03-2025", request)
        }
        "schema" => ("command-a-03-2025", question().format(place())),
        "media" => ("command-a-vision-07-2025", asked([png()])),
        "thinking" => (
            "command-a-reasoning-08-2025",
            question().reasoning(ReasoningEffort::Tokens(500)),
        ),
        "embeddings" => {
            let request = EmbedRequest::new(["rain", "snow"])
                .purpose(EmbedPurpose::Query)
                .dimensions(256);
            return encode_embeddings(&Call::new(request, "embed-v4.0")).ok();
        }
        "rerank" => {
            let request = RerankRequest::new("rain", ["sun", "rain"]).top_n(1);
            return encode_rerank(&Call::new(request, "rerank-v3.5")).ok();
        }
        "models" => return Some(encode_models(None)),
        _ => return None,
    };
    Some(encoded(&codec, model, request, Streaming::No))
}

#[test]
fn what_cohere_is_asked_is_what_the_official_sdk_sends() {
    compare("cohere", sent);
}
