use super::*;

/// Texts as people and programs write them.
#[cfg(feature = "tokenizer")]
const SAMPLES: [(&str, &str); 11] = [
    (
        "english",
        "The committee will meet on Thursday to discuss the proposal, which has been revised twice since it was first \
         submitted. Several members have asked for more time to read the supporting documents before they vote.",
    ),
    (
        "portuguese",
        "A comissão reúne-se na quinta-feira para discutir a proposta, que já foi revista duas vezes desde que foi \
         apresentada. Vários membros pediram mais tempo para ler os documentos de apoio antes da votação.",
    ),
    (
        "german",
        "Der Ausschuss trifft sich am Donnerstag, um über den Vorschlag zu beraten, der seit seiner Einreichung zweimal \
         überarbeitet wurde. Mehrere Mitglieder haben um mehr Zeit für die Unterlagen gebeten.",
    ),
    (
        "russian",
        "Комитет соберётся в четверг, чтобы обсудить предложение, которое с момента подачи дважды пересматривалось. \
         Несколько членов попросили больше времени на изучение документов.",
    ),
    (
        "chinese",
        "委员会将于星期四开会讨论该提案。自首次提交以来，该提案已修改过两次。几位成员要求有更多时间阅读相关文件。",
    ),
    (
        "japanese",
        "委員会は木曜日に会合を開き、提出後に二度修正された提案について話し合います。資料を読む時間を求める声もあります。",
    ),
    (
        "arabic",
        "تجتمع اللجنة يوم الخميس لمناقشة الاقتراح الذي تمت مراجعته مرتين منذ تقديمه لأول مرة، وقد طلب عدة أعضاء مزيدا من الوقت.",
    ),
    (
        "code",
        "fn total(items: &[Item]) -> u64 {\n    items\n        .iter()\n        .filter(|item| item.is_open())\n        .map(|item| item.price * item.count)\n        .sum()\n}\n",
    ),
    (
        "json",
        r#"{"id":"ord_1932","customer":{"name":"Ana Souza","city":"Recife"},"items":[{"sku":"A-17","qty":3,"price":19.9}]}"#,
    ),
    (
        "base64",
        "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg",
    ),
    (
        "emoji",
        "Great job! 🎉🚀 See you tomorrow 👋😊 Don't forget the cake 🍰 and the balloons 🎈",
    ),
];

#[cfg(feature = "tokenizer")]
mod with_vocabulary {
    use proptest::prelude::*;

    use super::*;
    use crate::chat::{Message, Role, Tool};

    fn exactly(text: &str) -> u64 {
        let counted = count_text(text, "openai", "gpt-4o");
        assert_eq!(counted.source, CountSource::Vocabulary);
        counted.tokens
    }

    #[test]
    fn an_estimate_is_within_a_quarter_of_the_vocabulary() {
        let mut off = Vec::new();
        for (name, text) in SAMPLES {
            let (exact, about) = (exactly(text), estimate_text(text, "openai", "gpt-4o"));
            if about * 4 < exact * 3 || about * 4 > exact * 5 {
                off.push((name, exact, about));
            }
        }
        assert!(off.is_empty(), "{off:?}");
    }

    #[test]
    fn messages_are_counted_by_the_rule_that_openai_documents() {
        let request = ChatRequest::user("Hello!").system("You are a helpful assistant.");
        // 3 + 1 + 6 for the instructions, 3 + 1 + 2 for the question, 3 for the answer.
        assert_eq!(count(&request, "openai", "gpt-4o").tokens, 19);
        assert_eq!(count(&request, "openai", "gpt-4").tokens, 19);
        assert_eq!(
            count(&request, "openai", "gpt-4o").source,
            CountSource::Vocabulary
        );
    }

    #[test]
    fn what_cannot_be_counted_exactly_says_that_it_is_an_estimate() {
        let plain = ChatRequest::user("x");
        let tool = Tool::new("t", "d", serde_json::json!({"type": "object"}));
        let picture = crate::chat::Media::new("image/png", crate::chat::MediaSource::Url("https://x".into()));
        for (name, request, kind, model) in [
            ("tool", plain.clone().tool(tool), "openai", "gpt-4o"),
            (
                "picture",
                ChatRequest::new(vec![Message::new(Role::User, vec![picture.into_part()])]),
                "openai",
                "gpt-4o",
            ),
            (
                "too long",
                ChatRequest::user("x ".repeat(MAX_TEXT)),
                "openai",
                "gpt-4o",
            ),
            (
                "hostile",
                ChatRequest::user(" ".repeat(100_000)),
                "openai",
                "gpt-4o",
            ),
            ("unknown vocabulary", plain.clone(), "openai", "gpt-6-sol"),
            ("another kind", plain, "openai_compatible", "gpt-4o"),
        ] {
            assert_eq!(
                count(&request, kind, model).source,
                CountSource::Estimate,
                "{name}"
            );
        }
        assert!(prepare("openai", "gpt-5") && !prepare("anthropic", "claude-opus-5"));
    }

    #[test]
    fn no_text_hangs_or_panics() {
        for text in [
            "<|endoftext|><|im_start|>".to_owned(),
            "\u{0}\u{feff}\u{202e}".to_owned(),
            " \n".repeat(2_000),
            "a".repeat(100_000),
            "'s't're".repeat(10_000),
            "1".repeat(100_000),
            "\u{301}".repeat(50_000),
            "!?".repeat(50_000),
            "\r\n\t ".repeat(1_000),
        ] {
            let bound = upper_bound(&ChatRequest::user(text.clone()));
            assert!(count_text(&text, "openai", "gpt-4o").tokens <= bound);
            assert!(count_text(&text, "openai", "gpt-4").tokens <= bound);
        }
    }

    fn text() -> impl Strategy<Value = String> {
        let ascii = "[ -~\n]{0,300}";
        let words = "([a-zãçéõú]{1,12}[ ,.]){0,40}";
        let chinese = "[\u{4e00}-\u{9fff}\u{3040}-\u{30ff}\u{ac00}-\u{d7a3}]{0,120}";
        let emoji = "[\u{1f300}-\u{1faff}\u{200d}\u{fe0f}]{0,80}";
        let base64 = "[A-Za-z0-9+/]{0,300}={0,2}";
        let any = "\\PC{0,120}";
        prop_oneof![ascii, words, chinese, emoji, base64, any]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn the_upper_bound_is_never_below_the_count(said in prop::collection::vec(text(), 1..4)) {
            for model in ["gpt-4o", "gpt-4", "gpt-3.5-turbo"] {
                let messages = said.iter().map(Message::user).collect();
                let request = ChatRequest::new(messages);
                let counted = count(&request, "openai", model);
                prop_assert_eq!(counted.source, CountSource::Vocabulary);
                prop_assert!(counted.tokens <= upper_bound(&request), "{} of {:?}", counted.tokens, said);
            }
        }
    }
}

#[test]
fn an_estimate_is_never_above_the_upper_bound() {
    for text in ["", "a", "Olá, mundo!", "你好", "🎉🎉🎉", "{\"a\":[1,2,3]}"] {
        for kind in ["openai", "anthropic", "other"] {
            let request = ChatRequest::user(text);
            assert!(
                estimate(&request, kind, "m") <= upper_bound(&request),
                "{text} {kind}"
            );
        }
    }
}

#[test]
fn another_vocabulary_makes_more_of_the_same_text() {
    let text = "word ".repeat(1_000);
    let (one, two) = (
        estimate_text(&text, "openai", "m"),
        estimate_text(&text, "anthropic", "m"),
    );
    assert_eq!(two, (one * 13).div_ceil(10));
}
