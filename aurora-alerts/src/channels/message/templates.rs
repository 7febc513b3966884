//! Texts of users' own by which the chat channels are tried.

use crate::channels::samples;
use crate::notification::Notification;
use crate::template::{Template, Texts};

pub(in crate::channels) fn texts(title: &str, body: &str) -> Texts {
    Texts::new()
        .with_title(Template::title(title).unwrap())
        .with_body(Template::text(body).unwrap())
}

/// A title and a text that fail.
pub(in crate::channels) fn failing() -> Texts {
    texts("{{ 1 / 0 }}", "{{ 1 / 0 }}")
}

/// A text that prints every value of the first alert, each only so far that all together are within what a template may
/// print: else the default text would be tried.
pub(in crate::channels) fn everything() -> Texts {
    let body = "{% set alert = alerts[0] %}{{ alert.line[:500] }}\n\n{{ alert.description[:500] }}\n\
        {% for name, value in alert.labels|items %}{{ name[:200] }}: {{ value[:200] }}\n{% endfor %}\
        {% for name, value in alert.annotations|items %}{{ name[:200] }}: {{ value[:200] }}\n{% endfor %}";
    texts("{{ title }} {{ alerts[0].description }}", body)
}

/// One alert, with a label `zone` that says this.
pub(in crate::channels) fn in_zone(zone: &str) -> Notification {
    let mut notification = samples::firing();
    notification.alerts[0].labels.insert("zone", zone);
    notification
}
