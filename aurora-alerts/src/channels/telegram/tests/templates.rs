//! Texts of the user's own.

use proptest::prelude::*;

use super::super::super::message::hostile::notifications;
use super::super::super::message::templates::{everything, failing, in_zone, texts};
use super::*;
use crate::channels::samples;

fn render(texts: Texts, notification: &Notification) -> String {
    let telegram = Telegram::builder("1:a").chat("42").texts(texts);
    let rendered = telegram.build().unwrap().render(notification);
    assert_eq!(FakeTelegram::refusal(&rendered.json.unwrap()), None);
    rendered.html.unwrap()
}

async fn send(fake: &FakeTelegram, texts: Texts) {
    let telegram = Telegram::builder(fake.token()).base_url(fake.base_url());
    let telegram = telegram.chat(CHAT).texts(texts).build().unwrap();
    telegram.send(&for_chat(firing())).await.unwrap();
}

#[tokio::test]
async fn title_and_text_arrive_and_the_link_to_acknowledge_stays() {
    let fake = FakeTelegram::start().await.unwrap();
    let texts = texts(
        "{{ mark }} in {{ common_labels.zone }}",
        "<i>{{ alerts[0].rule }}</i>\n\n{{ alerts[0].reading }}",
    );
    send(&fake, texts).await;
    assert_eq!(
        fake.accepted()[0]["text"],
        "🟠 <b>WARNING in sa-east-1</b>\n<i>Error rate high</i>\n\nerror_rate 31 &gt; 20\n\
         <a href=\"https://app.example.com/ack?token=abc\">Acknowledge</a>"
    );
}

#[test]
fn values_are_no_tags() {
    let texts = texts(
        "{{ common_labels.zone }}",
        "<a href=\"https://example.com/?{{ common_labels.zone }}\">{{ common_labels.zone }}</a>",
    );
    let mut notification = in_zone("</b>\"><a href='javascript:x'>&amp;");
    notification.acknowledge_url = None;
    let title = "&lt;/b&gt;&quot;&gt;&lt;a href='javascript:x'&gt;&amp;amp;";
    let escaped = title.replace('\'', "&#39;");
    assert_eq!(
        render(texts, &notification),
        format!("🟠 <b>{title}</b>\n<a href=\"https://example.com/?{escaped}\">{escaped}</a>")
    );
}

#[test]
fn what_is_too_long_is_cut_with_the_mark_and_has_no_markup() {
    let long = "{% for n in range(900) %}<b>{{ n }}</b>{% endfor %}";
    let mut notification = firing();
    notification.acknowledge_url = None;
    let html = render(texts(long, long), &notification);
    let (title, text) = html.split_once('\n').unwrap();
    assert!(title.ends_with("…</b>"), "{title}");
    assert!(
        text.starts_with("&lt;b&gt;0&lt;/b&gt;") && text.ends_with('…'),
        "{text}"
    );
    assert!(!text.contains('<'), "{text}");
}

#[tokio::test]
async fn tags_that_telegram_refuses_are_sent_as_text() {
    let fake = FakeTelegram::start().await.unwrap();
    let texts = texts("{{ title }}", "<table>{{ alerts[0].rule }}");
    send(&fake, texts).await;
    let accepted = fake.accepted();
    assert_eq!(accepted[0].get("parse_mode"), None);
    assert!(
        accepted[0]["text"]
            .as_str()
            .unwrap()
            .contains("\n<table>Error rate high\n")
    );
}

#[test]
fn where_a_template_fails_the_default_is_sent() {
    for (_, notification) in samples::all() {
        let expected = offline().render(&notification).html.unwrap();
        assert_eq!(render(failing(), &notification), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn no_value_breaks_out(mut notification in notifications(10)) {
        notification.acknowledge_url = None;
        let html = render(everything(), &notification);
        let tags = html.split('<').skip(1).map(|tag| tag.split('>').next().unwrap());
        prop_assert_eq!(tags.collect::<Vec<_>>(), ["b", "/b"]);
    }
}
