use super::*;
use crate::labels::Labels;
use crate::notification::Status;
use crate::testing::{sample_alert, sample_notification};

fn several() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Firing);
    let mut other = sample_alert("Disk <full>", Status::Resolved);
    other.labels = Labels::from([("zone", "a&b"), ("host", "x")]);
    notification.alerts[0].labels = Labels::from([("zone", "a&b")]);
    notification.alerts.push(other);
    notification
}

fn text(source: &str, escape: Escape) -> Option<String> {
    let texts = Texts::new().with_body(Template::text(source).unwrap());
    texts.body(&several(), escape)
}

#[test]
fn templates_see_the_notification_and_what_helps_to_tell_it() {
    let source = "{{ title }}|{{ mark }}|{{ severity }}|{{ common_labels.zone }}\n\
        {% for alert in firing %}+ {{ alert.rule }}: {{ alert.reading }}{% endfor %}\n\
        {% for alert in resolved %}- {{ alert.line }} {{ alert.labels.host }}{% endfor %}\n\
        {{ alerts|length }} {{ others_firing }} {{ acknowledge_url }}{{ nothing.at.all }}.";
    assert_eq!(
        text(source, Escape::NONE).unwrap(),
        "[WARNING] 2 alerts: Error rate high, Disk <full>|WARNING|warning|a&b\n\
         + Error rate high: error_rate 31 > 20\n\
         - Disk <full> {host=\"x\", zone=\"a&b\"} x\n2 0 ."
    );
}

#[test]
fn what_is_printed_is_escaped_and_what_is_written_is_not() {
    let source = "<b>{{ resolved[0].rule }}</b> {{ common_labels.zone|e }} {{ common_labels.zone|upper }} \
        {{ alerts|map(attribute='rule')|join(' & ') }} {{ '<i>'|safe }}";
    assert_eq!(
        text(source, Escape::HTML).unwrap(),
        "<b>Disk &lt;full&gt;</b> a&amp;b A&amp;B Error rate high &amp; Disk &lt;full&gt; <i>"
    );
    let stars = Escape::new(|text| Cow::Owned(text.replace('<', "\\<")));
    assert_eq!(
        text("*{{ resolved[0].rule }}*", stars).unwrap(),
        "*Disk \\<full>*"
    );
}

#[test]
fn a_title_is_one_line() {
    let texts = Texts::new().with_title(Template::title("{{ mark }}\r\n Bcc: {{ firing|length }}").unwrap());
    assert_eq!(texts.title(&several(), Escape::NONE), "WARNING Bcc: 1");
}

#[test]
fn a_template_that_fails_or_never_ends_leaves_the_default() {
    let endless = "{% for a in range(10000) %}{% for b in range(10000) %}x{% endfor %}{% endfor %}";
    let long = "{% for a in range(9000) %}{{ title }}{% endfor %}";
    for source in [
        endless,
        long,
        "{{ 1 / 0 }}",
        "{{ severity.x() }}",
        "{% include 'other' %}",
        "{{ 'x' * 1000000000 }}",
    ] {
        assert_eq!(text(source, Escape::HTML), None, "{source}");
        let texts = Texts::new().with_title(Template::title(source).unwrap());
        assert_eq!(
            texts.title(&several(), Escape::HTML),
            "[WARNING] 2 alerts: Error rate high, Disk &lt;full&gt;"
        );
    }
    assert_eq!(Texts::default().body(&several(), Escape::NONE), None);
}

#[test]
fn what_is_no_template_is_refused_with_its_line() {
    for (source, line) in [
        ("{{ a", "line 1"),
        ("a\nb\n{% for %}", "line 3"),
        ("{% if a %}\n", "line"),
    ] {
        let error = Template::text(source).unwrap_err().to_string();
        assert!(
            error.contains(line) && error.contains("template of a text"),
            "{error}"
        );
    }
}
