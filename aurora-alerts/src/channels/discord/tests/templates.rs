//! Texts of the user's own.

use super::super::super::message::templates::{everything, failing, in_zone, texts};
use super::*;

fn render(texts: Texts, notification: &Notification) -> Value {
    let discord = Discord::builder("https://example.com/x").texts(texts);
    let body = discord.build().unwrap().render(notification).json.unwrap();
    assert_eq!(FakeDiscord::refusal(&body), None, "{body}");
    body
}

fn text(body: &Value) -> &str {
    body["embeds"][0]["description"].as_str().unwrap()
}

#[tokio::test]
async fn title_and_text_arrive_and_the_link_to_acknowledge_stays() {
    let fake = FakeDiscord::start().await.unwrap();
    let texts = texts(
        "{{ mark }} in {{ common_labels.zone }}",
        "**{{ alerts[0].rule }}**\n\n{{ alerts[0].reading }}",
    );
    let discord = Discord::builder(fake.url()).texts(texts).build().unwrap();
    discord.send(&firing()).await.unwrap();
    let body = &fake.accepted()[0];
    assert_eq!(
        body["content"],
        "**WARNING in sa-east-1**\n[Acknowledge](<https://app.example.com/ack?token=abc>)"
    );
    assert_eq!(
        text(body),
        r"**Error rate high**

error\_rate 31 \> 20"
    );
    assert_eq!(body["embeds"].as_array().unwrap().len(), 1);
    assert_eq!(fake.mentions("runbook"), 0, "nothing of the default text");
}

#[test]
fn values_are_no_markup() {
    let texts = texts("{{ common_labels.zone }}", "_in_ {{ common_labels.zone }}");
    let body = render(texts, &in_zone(r"[x](javascript:y)*\"));
    let content = body["content"].as_str().unwrap();
    assert!(content.starts_with(r"**\[x\]\(javascript:y\)\*\\**"), "{content}");
    assert_eq!(text(&body), r"_in_ \[x\]\(javascript:y\)\*\\");
}

#[test]
fn what_is_too_long_is_cut_with_the_mark_and_has_no_markup() {
    let long = "{% for n in range(2000) %}*{{ n }}*{% endfor %}";
    let body = render(texts(long, long), &firing());
    assert!(body["content"].as_str().unwrap().contains("…**\n"));
    assert!(text(&body).starts_with(r"\*0\*\*1\*") && text(&body).ends_with('…'));
}

#[test]
fn where_a_template_fails_the_default_is_sent() {
    let discord = discord("https://example.com/x");
    for (_, notification) in samples::all() {
        let expected = discord.render(&notification).json.unwrap();
        assert_eq!(render(failing(), &notification), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn no_value_breaks_out(notification in notifications(10)) {
        let body = render(everything(), &notification);
        let text = body["embeds"][0]["description"].as_str().unwrap_or_default();
        // Without what a backslash protects, no character of markup is left.
        let (mut bare, mut characters) = (String::new(), text.chars());
        while let Some(character) = characters.next() {
            if character == '\\' {
                characters.next();
            } else {
                bare.push(character);
            }
        }
        prop_assert!(!bare.contains(['*', '_', '~', '`', '|', '<', '>', '[', ']', '(', ')', '#']), "{}", text);
    }
}
