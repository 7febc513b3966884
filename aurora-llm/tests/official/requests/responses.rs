//! OpenAI's Responses.

use aurora_llm::wire::openai_responses::OpenAiResponses;

use super::*;

fn sent(case: &str) -> Option<WireRequest> {
    let codec = OpenAiResponses::new("openai".into());
    let (model, request) = match case {
        "plain" => {
            let mut request = question()
                .system("Be brief.")
                .max_tokens(100)
                .temperature(0.25)
                .top_p(0.5);
            request.metadata.insert("team".to_owned(), "search".to_owned());
            ("gpt-4.1", request)
        }
        "stream" => return Some(encoded(&codec, "gpt-4.1", question(), Streaming::Yes)),
        "tools" => {
            let choice = ToolChoice::Tool("weather".to_owned());
            let mut request = question()
                .message(Message::new(Role::Assistant, vec![call_of("call_1", "Recife")]))
                .message(Message::tool_result(ToolResult::new("call_1", "sunny")))
                .tool(weather())
                .tool_choice(choice);
            request.parallel_tool_calls = Some(true);
            ("gpt-4.1", request)
        }
        "schema" => {
            let mut request = question().format(place()).reasoning(ReasoningEffort::Low);
            request.show_reasoning = true;
            ("gpt-5-mini", request)
        }
        "media" => ("gpt-4.1", asked([png(), pdf()])),
        _ => return None,
    };
    Some(encoded(&codec, model, request, Streaming::No))
}

#[test]
fn responses_are_asked_for_as_the_official_sdk_asks() {
    compare("openai_responses", sent);
}

#[test]
fn responses_are_asked_for_as_the_official_types_take() {
    let cases = ["plain", "tools", "schema", "media"];
    accepted("openai_responses", cases.into_iter().filter_map(sent).collect());
    accepted("openai_responses stream", vec![sent("stream").unwrap()]);
}
