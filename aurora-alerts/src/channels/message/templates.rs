//! Texts of users' own by which the chat channels are tried.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "what is made up for tests is there"
)]

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

/// A text that prints every value there is, of every alert.
pub(in crate::channels) fn everything() -> Texts {
    let body = "{{ title }}\n{% for alert in alerts %}{{ alert.line }}\n\n{{ alert.description }}\n\
        {% for name, value in alert.labels|items %}{{ name }}: {{ value }}\n{% endfor %}\
        {% for name, value in alert.annotations|items %}{{ name }}: {{ value }}\n{% endfor %}{% endfor %}";
    texts("{{ title }} {{ alerts[0].description }}", body)
}

/// One alert, with a label `zone` that says this.
pub(in crate::channels) fn in_zone(zone: &str) -> Notification {
    let mut notification = samples::firing();
    notification.alerts[0].labels.insert("zone", zone);
    notification
}
