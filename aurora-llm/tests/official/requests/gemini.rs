//! Gemini.

use aurora_llm::embed::EmbedPurpose;
use aurora_llm::wire::gemini::GenerateContent;

use super::*;

const MODEL: &str = "gemini-2.5-flash";

fn sent(case: &str) -> Option<WireRequest> {
    let codec = GenerateContent::new("gemini".into());
    let request = match case {
        "plain" => {
            let request = question()
                .system("Be brief.")
                .max_tokens(100)
                .temperature(0.25)
                .top_p(0.5);
            let mut request = request.stop("END");
            request.top_k = Some(20);
            request.seed = Some(7);
            request.frequency_penalty = Some(0.5);
            request
        }
        "stream" => return Some(encoded(&codec, MODEL, question(), Streaming::Yes)),
        "tools" => question()
            .tool(weather())
            .tool_choice(ToolChoice::Tool("weather".to_owned())),
        "tool_results" => {
            let proof = Signature::new("gemini".into(), "cHJvb2Y=");
            let call = ToolCall::new("call_1", "weather", r#"{"city":"Recife"}"#).signed(proof);
            question()
                .message(Message::new(Role::Assistant, vec![Part::ToolCall(call)]))
                .message(Message::tool_result(ToolResult::new("call_1", "sunny")))
                .tool(weather())
        }
        "media" => asked([png(), pdf(), wav()]),
        "schema" => question().format(place()),
        "thinking" => {
            let mut request = question().reasoning(ReasoningEffort::Tokens(500));
            request.show_reasoning = true;
            request
        }
        "embeddings" => {
            let request = EmbedRequest::new(["rain", "snow"])
                .purpose(EmbedPurpose::Query)
                .dimensions(64);
            return codec
                .encode_embed(&Call::new(request, "gemini-embedding-001"))
                .ok()
                .map(with_roles);
        }
        "count" => {
            return codec
                .encode_count(&Call::new(question(), MODEL))
                .ok()
                .map(contents_alone);
        }
        "models" => return Some(codec.encode_models(None)),
        _ => return None,
    };
    Some(encoded(&codec, MODEL, request, Streaming::No))
}

/// With the role that the SDK gives to texts to be embedded, and that means nothing there.
fn with_roles(mut wire: WireRequest) -> WireRequest {
    let mut body: Value = serde_json::from_slice(&wire.body).unwrap();
    for request in body["requests"].as_array_mut().unwrap() {
        request["content"]["role"] = json!("user");
    }
    wire.body = body.to_string().into();
    wire
}

/// Counted is either `contents`, as the SDK has it, or a whole request, in which instructions and tools have a place too.
fn contents_alone(mut wire: WireRequest) -> WireRequest {
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    let whole = &body["generateContentRequest"];
    assert_eq!(whole["model"], format!("models/{MODEL}"));
    wire.body = json!({"contents": whole["contents"]}).to_string().into();
    wire
}

#[test]
fn what_gemini_is_asked_is_what_the_official_sdk_sends() {
    compare("gemini", sent);
}
