//! Texts of the user's own.

use super::super::super::message::templates::{everything, failing, in_zone, texts};
use super::*;

fn render(texts: Texts, notification: &Notification) -> Value {
    let teams = Teams::builder("https://example.com/x").texts(texts);
    let body = teams.build().unwrap().render(notification).json.unwrap();
    assert_eq!(FakeTeams::refusal(&body), None, "{body}");
    assert!(!has_markdown(&body), "{body}");
    body
}

fn parts(body: &Value) -> &Value {
    &body["attachments"][0]["content"]["body"]
}

/// The lines of the text.
fn lines(body: &Value) -> Vec<&str> {
    let blocks = parts(body)[1]["items"].as_array().unwrap();
    blocks
        .iter()
        .map(|block| block["inlines"][0]["text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn title_and_text_arrive_and_the_link_to_acknowledge_stays() {
    let fake = FakeTeams::start().await.unwrap();
    let texts = texts(
        "{{ mark }} in {{ common_labels.zone }}",
        "{{ alerts[0].rule }}\n\n{{ alerts[0].reading }}",
    );
    let teams = Teams::builder(fake.url()).texts(texts).build().unwrap();
    teams.send(&firing()).await.unwrap();
    let body = &fake.accepted()[0];
    assert_eq!(parts(body)[0]["inlines"][0]["text"], "WARNING in sa-east-1");
    assert_eq!(lines(body), ["Error rate high", "error_rate 31 > 20"]);
    assert_eq!(parts(body).as_array().unwrap().len(), 2);
    assert_eq!(fake.mentions("https://app.example.com/ack"), 1);
    assert_eq!(fake.mentions("runbook"), 0, "nothing of the default text");
}

#[test]
fn values_are_no_markup() {
    let body = render(
        texts("{{ common_labels.zone }}", "at {{ common_labels.zone }}"),
        &in_zone("**b** [x](https://y) <at>z</at>"),
    );
    // Blocks of rich text know no Markdown, and mentions need a list of entities.
    assert_eq!(lines(&body), ["at **b** [x](https://y) <at>z</at>"]);
    assert_eq!(
        body["attachments"][0]["content"]["msteams"]["entities"],
        Value::Null
    );
}

#[test]
fn what_is_too_long_is_cut_with_the_mark() {
    let long = "{% for n in range(9000) %}{{ n }} {% endfor %}";
    let body = render(texts(long, long), &firing());
    let title = parts(&body)[0]["inlines"][0]["text"].as_str().unwrap();
    assert!(title.ends_with('…'), "{title}");
    let lines = lines(&body);
    assert!(
        lines[0].starts_with("0 1 2 ") && lines[0].ends_with('…'),
        "{lines:?}"
    );
}

#[test]
fn where_a_template_fails_the_default_is_sent() {
    let teams = teams("https://example.com/x");
    for (_, notification) in samples::all() {
        let expected = teams.render(&notification).json.unwrap();
        assert_eq!(render(failing(), &notification), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn every_limit_holds(notification in notifications(20)) {
        render(everything(), &notification);
    }
}
