//! OpenAI.

use aurora_llm::wire::openai_chat::OpenAiChat;
use aurora_llm::wire::openai_embeddings::{Encoding, OpenAiEmbeddings};
use aurora_llm::wire::openai_models;

use super::*;

fn chat(case: &str) -> Option<WireRequest> {
    let codec = OpenAiChat::openai();
    let (model, request) = match case {
        "plain" => {
            let mut request = question()
                .system("Be brief.")
                .max_tokens(100)
                .temperature(0.25)
                .top_p(0.5)
                .stop("END");
            request.seed = Some(7);
            request.frequency_penalty = Some(0.5);
            request.presence_penalty = Some(-0.5);
            request.metadata.insert("team".to_owned(), "search".to_owned());
            request.user = Some("u-1".to_owned());
            ("gpt-4.1", request)
        }
        "stream" => return Some(encoded(&codec, "gpt-4.1", question(), Streaming::Yes)),
        "tools" => {
            let mut forecast = Tool::new("forecast", "The weather in a city", schema());
            forecast.strict = Some(true);
            let choice = ToolChoice::Tool("weather".to_owned());
            let mut request = question().tool(weather()).tool(forecast).tool_choice(choice);
            request.parallel_tool_calls = Some(false);
            ("gpt-4.1", request)
        }
        "tool_results" => {
            let calls = vec![call_of("call_1", "Recife"), call_of("call_2", "Olinda")];
            let request = question()
                .message(Message::new(Role::Assistant, calls))
                .message(Message::tool_result(ToolResult::new("call_1", "sunny")))
                .message(Message::tool_result(ToolResult::new("call_2", "rain")))
                .tool(weather())
                .tool_choice(ToolChoice::Required);
            ("gpt-4.1", request)
        }
        "media" => ("gpt-4o-audio-preview", asked([png(), png_at_url(), wav(), pdf()])),
        "schema" => ("gpt-4.1", question().format(place())),
        "reasoning" => {
            let mut request = question().reasoning(ReasoningEffort::High);
            request.cache_key = Some("k-1".to_owned());
            ("gpt-5-mini", request)
        }
        "embeddings" => {
            let request = EmbedRequest::new(["rain", "snow"]).dimensions(64);
            return OpenAiEmbeddings::new(Encoding::Base64)
                .encode(&Call::new(request, "text-embedding-3-small"))
                .ok();
        }
        "models" => return Some(openai_models::encode_request()),
        _ => return None,
    };
    Some(encoded(&codec, model, request, Streaming::No))
}

#[test]
fn chat_completions_are_what_the_official_sdk_sends() {
    compare("openai_chat", chat);
}

#[test]
fn chat_completions_are_what_the_official_types_take() {
    let cases = ["plain", "tools", "tool_results", "media", "schema", "reasoning"];
    accepted("openai_chat", cases.into_iter().filter_map(chat).collect());
    accepted("openai_chat stream", vec![chat("stream").unwrap()]);
    accepted("openai_embeddings", vec![chat("embeddings").unwrap()]);
}
