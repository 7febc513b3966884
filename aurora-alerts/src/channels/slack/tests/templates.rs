//! Texts of the user's own.

use super::super::super::message::templates::{everything, failing, in_zone, texts};
use super::*;

fn render(texts: Texts, notification: &Notification) -> Value {
    let slack = Slack::builder("https://hooks.example.com/x").texts(texts);
    let rendered = slack.build().unwrap().render(notification);
    let body = rendered.json.unwrap();
    assert_eq!(FakeSlack::refusal(&body), None, "{body}");
    body
}

fn text(body: &Value) -> &str {
    body["attachments"][0]["blocks"][0]["text"]["text"]
        .as_str()
        .unwrap()
}

#[tokio::test]
async fn title_and_text_arrive_and_the_link_to_acknowledge_stays() {
    let fake = FakeSlack::start().await.unwrap();
    let texts = texts(
        "{{ mark }} in {{ common_labels.zone }}",
        "*{{ alerts[0].rule }}*\n\n{{ alerts[0].reading }}",
    );
    let slack = Slack::builder(fake.url()).texts(texts).build().unwrap();
    slack.send(&firing()).await.unwrap();
    let body = &fake.accepted()[0];
    assert_eq!(body["blocks"][0]["text"]["text"], "WARNING in sa-east-1");
    assert_eq!(text(body), "*Error rate high*\n\nerror_rate 31 &gt; 20");
    assert_eq!(body["attachments"].as_array().unwrap().len(), 1);
    assert_eq!(fake.mentions("https://app.example.com/ack"), 1);
    assert_eq!(fake.mentions("runbook"), 0, "nothing of the default text");
}

#[test]
fn values_mention_nobody() {
    let texts = texts("{{ common_labels.zone }}", "<!here> {{ common_labels.zone }}");
    let body = render(texts, &in_zone("<!channel> & <@U1>\r\n*b*"));
    // plain_text is shown as it is; the fallback is mrkdwn.
    assert_eq!(body["blocks"][0]["text"]["text"], "<!channel> & <@U1> *b*");
    assert_eq!(body["text"], "&lt;!channel&gt; &amp; &lt;@U1&gt; *b*");
    assert_eq!(
        text(&body),
        "<!here> &lt;!channel&gt; &amp; &lt;@U1&gt;\n*b*",
        "what the template says itself is markup"
    );
}

#[test]
fn what_is_too_long_is_cut_with_the_mark_and_has_no_markup() {
    let long = "{% for n in range(900) %}<{{ n }}>{% endfor %}";
    let body = render(texts(long, long), &firing());
    assert!(body["text"].as_str().unwrap().ends_with('…'));
    assert!(text(&body).starts_with("&lt;0&gt;&lt;1&gt;") && text(&body).ends_with('…'));
    assert!(!text(&body).contains('<'));
}

#[test]
fn where_a_template_fails_the_default_is_sent() {
    let slack = slack("https://hooks.example.com/x");
    for (_, notification) in samples::all() {
        let expected = slack.render(&notification).json.unwrap();
        assert_eq!(render(failing(), &notification), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn no_value_breaks_out(notification in notifications(20)) {
        let body = render(everything(), &notification);
        let text = body["attachments"][0]["blocks"][0]["text"]["text"].as_str().unwrap_or_default();
        prop_assert!(!text.contains(['<', '>']), "{}", text);
    }
}
