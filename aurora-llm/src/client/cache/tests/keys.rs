use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::chat::{
    CacheTtl, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role, Signature,
    Speech, Tool, ToolCall, ToolChoice, ToolResult,
};

fn key(request: &ChatRequest) -> Digest {
    let mut canon = canonical::Canon::new("test");
    canon.request(request, None);
    canon.finish()
}

/// A request in which nothing is left at its default.
fn full() -> ChatRequest {
    let media = || Media::new("image/png", MediaSource::Bytes(vec![1, 2, 3].into())).name("a.png");
    let signature = || Signature::new("p".into(), "s");
    let tool = Tool {
        strict: Some(true),
        cache_point: Some(CacheTtl::OneHour),
        ..Tool::new(
            "sum",
            "Adds.",
            json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
        )
    };
    let mut request = ChatRequest::new(vec![
        Message::system("Be brief."),
        Message::new(
            Role::User,
            vec![
                Part::text("What is this?"),
                Part::Image(media()),
                Part::Document(Media::new(
                    "application/pdf",
                    MediaSource::Url("https://a.example/b".into()),
                )),
                Part::Audio(media()),
                Part::CachePoint(CacheTtl::FiveMinutes),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                Part::Reasoning(Reasoning::new("Hm.", Some(signature()))),
                Part::Refusal("No.".into()),
                Part::ToolCall(ToolCall::new("c1", "sum", "{}").signed(signature())),
            ],
        ),
        Message::tool_result(ToolResult::new("c1", "3")),
    ]);
    request.model = Some("m".into());
    request.provider = Some("p".into());
    request.tools = vec![tool];
    request.tool_choice = ToolChoice::Tool("sum".into());
    request.parallel_tool_calls = Some(true);
    request.format = ResponseFormat::JsonSchema {
        name: "n".into(),
        schema: json!({"type": "object"}),
        strict: true,
    };
    request.max_tokens = Some(10);
    request.temperature = Some(0.5);
    request.top_p = Some(0.5);
    request.top_k = Some(5);
    request.frequency_penalty = Some(0.5);
    request.presence_penalty = Some(0.5);
    request.stop = vec!["a".into(), "b".into()];
    request.seed = Some(1);
    request.reasoning = Some(ReasoningEffort::Tokens(5));
    request.show_reasoning = true;
    request.speech = Some(Speech::new("v", "wav"));
    let options = json!({"a": 1, "b": {"c": [1, 2, null]}});
    request.options = [("openai_chat".to_owned(), options.as_object().unwrap().clone())].into();
    request
}

type Change = (&'static str, fn(&mut ChatRequest));

/// One change of every field, and of what a careless form would not tell apart.
fn changes() -> Vec<Change> {
    fn part(request: &mut ChatRequest, message: usize, part: usize) -> &mut Part {
        &mut request.messages[message].parts[part]
    }
    vec![
        ("model", |r| r.model = Some("m2".into())),
        ("no model", |r| r.model = None),
        ("empty model", |r| r.model = Some(String::new())),
        ("model and provider run together", |r| {
            r.model = Some("mp".into());
            r.provider = Some(String::new());
        }),
        ("provider", |r| r.provider = Some("p2".into())),
        ("no provider", |r| r.provider = None),
        ("a message more", |r| r.messages.push(Message::user("?"))),
        ("a message less", |r| drop(r.messages.pop())),
        ("order of messages", |r| r.messages.swap(0, 1)),
        ("role", |r| r.messages[0].role = Role::User),
        ("text", |r| *part(r, 0, 0) = Part::text("Be brief!")),
        ("text in two parts", |r| {
            r.messages[0].parts = vec![Part::text("Be "), Part::text("brief.")];
        }),
        ("text as a refusal", |r| {
            *part(r, 0, 0) = Part::Refusal("Be brief.".into());
        }),
        ("bytes of an image", |r| {
            *part(r, 1, 1) =
                Part::Image(Media::new("image/png", MediaSource::Bytes(vec![1, 2, 4].into())).name("a.png"));
        }),
        ("type of an image", |r| {
            *part(r, 1, 1) =
                Part::Image(Media::new("image/gif", MediaSource::Bytes(vec![1, 2, 3].into())).name("a.png"));
        }),
        ("name of an image", |r| {
            *part(r, 1, 1) = Part::Image(Media::new("image/png", MediaSource::Bytes(vec![1, 2, 3].into())));
        }),
        ("an image as a document", |r| {
            *part(r, 1, 1) = Part::Document(
                Media::new("image/png", MediaSource::Bytes(vec![1, 2, 3].into())).name("a.png"),
            );
        }),
        ("an address", |r| {
            *part(r, 1, 2) = Part::Document(Media::new(
                "application/pdf",
                MediaSource::Url("https://a.example/c".into()),
            ));
        }),
        ("bytes as an address", |r| {
            *part(r, 1, 2) = Part::Document(Media::new(
                "application/pdf",
                MediaSource::Bytes("https://a.example/b".into()),
            ));
        }),
        ("cache point", |r| {
            *part(r, 1, 4) = Part::CachePoint(CacheTtl::OneHour);
        }),
        ("reasoning", |r| {
            *part(r, 2, 0) = Part::Reasoning(Reasoning::new("Hm.", None));
        }),
        ("signature", |r| {
            *part(r, 2, 0) = Part::Reasoning(Reasoning::new("Hm.", Some(Signature::new("q".into(), "s"))));
        }),
        ("refusal", |r| *part(r, 2, 1) = Part::Refusal("No!".into())),
        ("arguments", |r| {
            *part(r, 2, 2) = Part::ToolCall(ToolCall::new("c1", "sum", "[]"));
        }),
        ("call id", |r| {
            *part(r, 2, 2) = Part::ToolCall(ToolCall::new("c2", "sum", "{}"));
        }),
        ("result", |r| {
            *part(r, 3, 0) = Part::ToolResult(ToolResult::new("c1", "4"));
        }),
        ("failed result", |r| {
            *part(r, 3, 0) = Part::ToolResult(ToolResult::new("c1", "3").failed());
        }),
        ("no tool", |r| r.tools.clear()),
        ("tool name", |r| r.tools[0].name = "add".into()),
        ("tool description", |r| r.tools[0].description = None),
        (
            "tool schema",
            |r| r.tools[0].parameters = json!({"type": "object", "properties": {"a": {"type": "number"}}}),
        ),
        ("tool strict", |r| r.tools[0].strict = Some(false)),
        ("tool cache point", |r| r.tools[0].cache_point = None),
        ("tool choice", |r| r.tool_choice = ToolChoice::Auto),
        ("tool choice none", |r| r.tool_choice = ToolChoice::None),
        ("tool choice required", |r| r.tool_choice = ToolChoice::Required),
        ("parallel", |r| r.parallel_tool_calls = Some(false)),
        ("parallel unset", |r| r.parallel_tool_calls = None),
        ("format", |r| r.format = ResponseFormat::Text),
        ("format object", |r| r.format = ResponseFormat::JsonObject),
        ("format lax", |r| {
            r.format = ResponseFormat::JsonSchema {
                name: "n".into(),
                schema: json!({"type": "object"}),
                strict: false,
            };
        }),
        ("max tokens", |r| r.max_tokens = Some(11)),
        ("no max tokens", |r| r.max_tokens = None),
        ("temperature", |r| r.temperature = Some(0.6)),
        ("temperature zero", |r| r.temperature = Some(0.0)),
        ("top p", |r| r.top_p = Some(0.6)),
        ("top k", |r| r.top_k = Some(6)),
        ("frequency", |r| r.frequency_penalty = Some(0.6)),
        ("presence", |r| r.presence_penalty = Some(0.6)),
        ("stop", |r| r.stop = vec!["a".into()]),
        ("stop in one", |r| r.stop = vec!["ab".into()]),
        ("order of stops", |r| r.stop.reverse()),
        ("seed", |r| r.seed = Some(-1)),
        ("no seed", |r| r.seed = None),
        ("effort", |r| r.reasoning = Some(ReasoningEffort::Tokens(6))),
        ("effort word", |r| {
            r.reasoning = Some(ReasoningEffort::Other("high".into()));
        }),
        ("effort high", |r| r.reasoning = Some(ReasoningEffort::High)),
        ("show reasoning", |r| r.show_reasoning = false),
        ("voice", |r| r.speech = Some(Speech::new("w", "wav"))),
        ("no speech", |r| r.speech = None),
        ("dialect", |r| {
            let options = r.options.remove("openai_chat").unwrap();
            r.options.insert("anthropic".into(), options);
        }),
        ("option", |r| {
            drop(
                r.options
                    .get_mut("openai_chat")
                    .unwrap()
                    .insert("a".into(), json!(1.0)),
            );
        }),
        ("option as text", |r| {
            drop(
                r.options
                    .get_mut("openai_chat")
                    .unwrap()
                    .insert("a".into(), json!("1")),
            );
        }),
        ("option null", |r| {
            drop(
                r.options
                    .get_mut("openai_chat")
                    .unwrap()
                    .insert("a".into(), Value::Null),
            );
        }),
        ("no option", |r| r.options.clear()),
    ]
}

#[test]
fn any_change_of_any_field_changes_the_key() {
    let mut seen = BTreeMap::from([(key(&full()).to_string(), "unchanged")]);
    for (name, change) in changes() {
        let mut request = full();
        change(&mut request);
        assert_ne!(request, full(), "{name} changes nothing");
        if let Some(other) = seen.insert(key(&request).to_string(), name) {
            panic!("{name} and {other} have the same key");
        }
    }
}

#[test]
fn what_has_no_say_in_the_answer_is_not_part_of_the_key() {
    let mut request = full();
    request.user = Some("usr_4".into());
    request.metadata.insert("trace".into(), "1".into());
    request.cache_key = Some("conversation".into());
    assert_eq!(key(&request), key(&full()));
}

#[test]
fn the_order_in_a_map_is_not_part_of_the_key() {
    let object = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let with = |value: Value| {
        let mut request = full();
        request.tools[0].parameters = value.clone();
        request
            .options
            .insert("gemini".into(), value.as_object().unwrap().clone());
        key(&request)
    };
    assert_eq!(
        with(object(r#"{"a": {"x": 1, "y": [1, 2]}, "b": -0.0}"#)),
        with(object(r#"{"b": 0.0, "a": {"y": [1, 2], "x": 1}}"#))
    );
    assert_ne!(with(object(r#"{"a": [1, 2]}"#)), with(object(r#"{"a": [2, 1]}"#)));
}

/// Everything that changes a key is in it: the same request asked by two forms of the client has the same one.
#[tokio::test]
async fn equal_requests_have_equal_keys() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    let options = of("t").sticky("conversation-5");
    setting
        .client
        .chat_with(full().model("m").provider("faucet"), &options)
        .await
        .unwrap();
    let again = Arc::new(full().model("m").provider("faucet"));
    assert!(
        setting
            .client
            .chat_with(again, &of("t"))
            .await
            .unwrap()
            .cache()
            .is_free()
    );
}

/// A form that another version reads differently would make old answers pass for new ones.
#[test]
fn the_form_of_a_version_stays_what_it_is() {
    let digest = key(&full()).to_string();
    assert_eq!(digest, PINNED, "raise `owner::VERSION` and pin the new form");
}

const PINNED: &str = "cd5479cab878a4ed959523c88b2181baa53f98e0a3eaa05865458a42002ef379";

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..3).prop_map(Value::from),
        Just(json!(0.5)),
        "[a-b]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-b]{0,2}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_part() -> impl Strategy<Value = Part> {
    prop_oneof![
        "[a-b]{0,2}".prop_map(Part::Text),
        "[a-b]{0,2}".prop_map(Part::Refusal),
        ("[a-b]{0,2}", "[a-b]{0,2}").prop_map(|(id, text)| Part::ToolResult(ToolResult::new(id, text))),
        ("[a-b]{0,2}", "[a-b]{0,2}", "[a-b]{0,2}")
            .prop_map(|(a, b, c)| Part::ToolCall(ToolCall::new(a, b, c))),
        ("[a-b]{0,1}", "[a-b]{0,1}").prop_map(|(a, b)| Part::Image(Media::new(a, MediaSource::Url(b)))),
        ("[a-b]{0,1}", "[a-b]{0,1}")
            .prop_map(|(a, b)| Part::Image(Media::new(a, MediaSource::Bytes(b.into())))),
    ]
}

prop_compose! {
    fn any_request()(
        model in prop::option::of("[a-b]{0,2}"),
        provider in prop::option::of("[a-b]{0,2}"),
        messages in prop::collection::vec(prop::collection::vec(any_part(), 0..3), 0..3),
        stop in prop::collection::vec("[a-b]{0,2}", 0..3),
        top in prop::option::of(0_u32..3),
        seed in prop::option::of(-1_i64..2),
        tools in prop::collection::vec(("[a-b]{0,2}", json_value()), 0..2),
        options in prop::collection::btree_map("[a-b]{0,2}", prop::collection::btree_map("[a-b]{0,2}", json_value(), 0..3), 0..2),
    ) -> ChatRequest {
        let mut request = ChatRequest::new(messages.into_iter().map(|parts| Message::new(Role::User, parts)).collect());
        request.model = model;
        request.provider = provider;
        request.stop = stop;
        request.top_k = top;
        request.seed = seed;
        request.tools = tools.into_iter().map(|(name, schema)| Tool::new(name, "", schema)).collect();
        request.options = options.into_iter().map(|(name, map)| (name, map.into_iter().collect())).collect();
        request
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn keys_are_equal_when_requests_are(one in any_request(), two in any_request()) {
        prop_assert_eq!(key(&one) == key(&two), one == two);
        prop_assert_eq!(key(&one), key(&one.clone()));
    }
}
