//! Anthropic.

use aurora_llm::wire::anthropic::AnthropicMessages;

use super::*;

const MODEL: &str = "claude-haiku-4-5";

fn messages(case: &str) -> Option<WireRequest> {
    let codec = AnthropicMessages::new("anthropic".into());
    let limited = || question().max_tokens(100);
    let request = match case {
        "plain" => {
            let mut request = limited().system("Be brief.").stop("END");
            request.user = Some("u-1".to_owned());
            request
        }
        "stream" => return Some(encoded(&codec, MODEL, limited(), Streaming::Yes)),
        "tools" => {
            let mut request = limited()
                .tool(weather())
                .tool_choice(ToolChoice::Tool("weather".to_owned()));
            request.parallel_tool_calls = Some(false);
            request
        }
        "tool_results" => {
            let calls = vec![call_of("call_1", "Recife"), call_of("call_2", "Olinda")];
            let results = [
                ToolResult::new("call_1", "sunny"),
                ToolResult::new("call_2", "no such city").failed(),
            ];
            limited()
                .message(Message::new(Role::Assistant, calls))
                .message(Message::new(Role::Tool, results.map(Part::ToolResult).to_vec()))
                .tool(weather())
        }
        "media" => asked([png(), png_at_url(), pdf()]).max_tokens(100),
        "cache" => {
            let mut tool = weather();
            tool.cache_point = Some(CacheTtl::FiveMinutes);
            let marked = |text: &str, ttl| vec![Part::text(text), Part::CachePoint(ttl)];
            ChatRequest::new(vec![
                Message::new(Role::System, marked("Be brief.", CacheTtl::OneHour)),
                Message::new(Role::User, marked(QUESTION, CacheTtl::FiveMinutes)),
            ])
            .max_tokens(100)
            .tool(tool)
        }
        "thinking" => {
            let proof = Signature::new("anthropic".into(), "proof");
            let thought = Part::Reasoning(Reasoning::new("Let me see.", Some(proof)));
            let request = question()
                .message(Message::new(Role::Assistant, vec![thought, Part::text("Sunny.")]))
                .message(Message::user("And tomorrow?"))
                .max_tokens(4_000)
                .reasoning(ReasoningEffort::Tokens(2_000));
            return Some(encoded(&codec, "claude-sonnet-4-5", request, Streaming::No));
        }
        "count" => {
            return codec
                .encode_count(&Call::new(question().system("Be brief."), MODEL))
                .ok();
        }
        "models" => return Some(codec.encode_models(None)),
        _ => return None,
    };
    Some(encoded(&codec, MODEL, request, Streaming::No))
}

#[test]
fn messages_are_what_the_official_sdk_sends() {
    compare("anthropic", messages);
}

#[test]
fn messages_are_what_the_official_types_take() {
    let cases = ["plain", "tools", "tool_results", "media", "cache", "thinking"];
    accepted("anthropic", cases.into_iter().filter_map(messages).collect());
    accepted("anthropic stream", vec![messages("stream").unwrap()]);
}
