//! Buttons, lists and links.

use std::collections::HashSet;
use std::fmt;

use serde_json::{Map, Value, json};

use super::encode::{Writer, set};
use super::{Source, limits, media};
use crate::channels::whatsapp::webhook::MediaKind;

/// A message that people answer with a tap.
#[derive(Clone, PartialEq, Eq)]
pub struct Interactive {
    header: Option<Header>,
    body: String,
    footer: Option<String>,
    action: Action,
}

#[derive(Clone, PartialEq, Eq)]
enum Action {
    Buttons(Vec<Reply>),
    List { button: String, sections: Vec<Section> },
    Link { button: String, url: String },
    AskLocation,
}

/// What stands above the text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Header {
    /// A line of up to 60 characters.
    Text(String),
    /// A picture, film or document; not above a list.
    Media(MediaKind, Source),
}

/// A button: what comes back, up to 256 characters, and what is on it, up to 20.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    id: String,
    title: String,
}

/// A part of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Section {
    title: String,
    rows: Vec<Row>,
}

/// A choice of a list.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    id: String,
    title: String,
    description: Option<String>,
}

impl Interactive {
    /// Up to three buttons below a text of up to 1,024 characters.
    #[must_use]
    pub fn buttons(body: impl Into<String>) -> Self {
        Self::of(body, Action::Buttons(Vec::new()))
    }

    /// A list of up to ten choices behind a button with up to 20 characters, below a text of up to 4,096.
    #[must_use]
    pub fn list(body: impl Into<String>, button: impl Into<String>) -> Self {
        let (button, sections) = (button.into(), Vec::new());
        Self::of(body, Action::List { button, sections })
    }

    /// A link behind a button with up to 20 characters, below a text of up to 1,024 characters.
    #[must_use]
    pub fn link(body: impl Into<String>, button: impl Into<String>, url: impl Into<String>) -> Self {
        let (button, url) = (button.into(), url.into());
        Self::of(body, Action::Link { button, url })
    }

    /// Asks for the place where the person is, with a text of up to 1,024 characters.
    #[must_use]
    pub fn ask_location(body: impl Into<String>) -> Self {
        Self::of(body, Action::AskLocation)
    }

    fn of(body: impl Into<String>, action: Action) -> Self {
        Self {
            header: None,
            body: body.into(),
            footer: None,
            action,
        }
    }

    /// What stands above the text.
    #[must_use]
    pub fn header(mut self, header: Header) -> Self {
        self.header = Some(header);
        self
    }

    /// A line of up to 60 characters below the text.
    #[must_use]
    pub fn footer(mut self, text: impl Into<String>) -> Self {
        self.footer = Some(text.into());
        self
    }

    /// One more button; of a message that has none, nothing changes.
    #[must_use]
    pub fn button(mut self, reply: Reply) -> Self {
        if let Action::Buttons(buttons) = &mut self.action {
            buttons.push(reply);
        }
        self
    }

    /// One more part of the list; of a message that is none, nothing changes.
    #[must_use]
    pub fn section(mut self, section: Section) -> Self {
        if let Action::List { sections, .. } = &mut self.action {
            sections.push(section);
        }
        self
    }
}

impl Reply {
    /// A button.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
        }
    }
}

impl Section {
    /// A part of a list with a title of up to 24 characters, which may be empty where it is the only one.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            rows: Vec::new(),
        }
    }

    /// One more choice.
    #[must_use]
    pub fn row(mut self, row: Row) -> Self {
        self.rows.push(row);
        self
    }
}

impl Row {
    /// A choice: what comes back, up to 200 characters, and what stands there, up to 24.
    #[must_use]
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            title: title.into(),
            description: None,
        }
    }

    /// What stands below, up to 72 characters.
    #[must_use]
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }
}

pub(super) fn write(message: &Interactive, writer: &mut Writer) -> Value {
    let (kind, action, longest) = match &message.action {
        Action::Buttons(replies) => ("button", buttons(replies, writer), limits::BUTTONS_BODY),
        Action::List { button, sections } => ("list", list(button, sections, writer), limits::LIST_BODY),
        Action::Link { button, url } => ("cta_url", link(button, url, writer), limits::BUTTONS_BODY),
        Action::AskLocation => (
            "location_request_message",
            json!({ "name": "send_location" }),
            limits::BUTTONS_BODY,
        ),
    };
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.into());
    if let Some(above) = &message.header {
        let takes_media = matches!(message.action, Action::Buttons(_) | Action::Link { .. });
        if matches!(message.action, Action::AskLocation)
            || (!takes_media && matches!(above, Header::Media(..)))
        {
            writer.refuse(
                "interactive.header",
                "not_allowed",
                "this kind of message has no such header",
            );
        }
        object.insert("header".to_owned(), header(above, writer));
    }
    let text = writer.text("interactive.body.text", &message.body, longest);
    object.insert("body".to_owned(), json!({ "text": text }));
    if matches!(message.action, Action::AskLocation) && message.footer.is_some() {
        writer.refuse(
            "interactive.footer",
            "not_allowed",
            "this kind of message has no footer",
        );
    }
    let footer = message.footer.as_ref();
    let footer = footer.map(|text| writer.text("interactive.footer.text", text, limits::FOOTER));
    set(&mut object, "footer", footer.map(|text| json!({ "text": text })));
    object.insert("action".to_owned(), action);
    Value::Object(object)
}

fn header(header: &Header, writer: &mut Writer) -> Value {
    match header {
        Header::Text(text) => {
            let text = writer.line("interactive.header.text", text, limits::HEADER);
            json!({ "type": "text", "text": text })
        }
        Header::Media(kind, source) => {
            if !matches!(kind, MediaKind::Image | MediaKind::Video | MediaKind::Document) {
                writer.refuse(
                    "interactive.header.type",
                    "not_allowed",
                    "must be a picture, film or document",
                );
            }
            let kind = kind.as_str();
            let source = media::source(source, &format!("interactive.header.{kind}"), writer);
            json!({ "type": kind, kind: source })
        }
    }
}

fn buttons(replies: &[Reply], writer: &mut Writer) -> Value {
    let path = "interactive.action.buttons";
    writer.count(path, replies.len(), limits::BUTTONS);
    let (mut ids, mut titles) = (HashSet::new(), HashSet::new());
    let mut written = Vec::new();
    for (index, reply) in replies.iter().take(limits::BUTTONS).enumerate() {
        let field = |key: &str| format!("{path}[{index}].reply.{key}");
        if reply.id.trim() != reply.id {
            writer.refuse(field("id"), "invalid", "must not begin or end with a space");
        }
        if !ids.insert(&reply.id) {
            writer.refuse(
                field("id"),
                "invalid",
                "must be another than of the buttons before",
            );
        }
        if !titles.insert(&reply.title) {
            writer.refuse(
                field("title"),
                "invalid",
                "must be another than of the buttons before",
            );
        }
        let id = writer.line(&field("id"), &reply.id, limits::BUTTON_ID);
        let title = writer.line(&field("title"), &reply.title, limits::BUTTON_TITLE);
        written.push(json!({ "type": "reply", "reply": { "id": id, "title": title } }));
    }
    json!({ "buttons": written })
}

fn list(button: &str, sections: &[Section], writer: &mut Writer) -> Value {
    let path = "interactive.action.sections";
    writer.count(path, sections.len(), limits::SECTIONS);
    let rows: usize = sections.iter().map(|section| section.rows.len()).sum();
    writer.count(&format!("{path}[].rows"), rows, limits::ROWS);
    let mut ids = HashSet::new();
    let mut written = Vec::new();
    for (index, section) in sections.iter().take(limits::SECTIONS).enumerate() {
        let mut object = Map::new();
        if sections.len() > 1 || !section.title.is_empty() {
            let title = writer.line(
                &format!("{path}[{index}].title"),
                &section.title,
                limits::SECTION_TITLE,
            );
            object.insert("title".to_owned(), title);
        }
        if section.rows.is_empty() {
            writer.refuse(
                format!("{path}[{index}].rows"),
                "required",
                "must have at least one entry",
            );
        }
        let rows = section.rows.iter().take(limits::ROWS).enumerate();
        let rows = rows.map(|(row_index, row)| {
            let path = format!("{path}[{index}].rows[{row_index}]");
            if !ids.insert(&row.id) {
                writer.refuse(
                    format!("{path}.id"),
                    "invalid",
                    "must be another than of the rows before",
                );
            }
            write_row(row, &path, writer)
        });
        let rows: Vec<Value> = rows.collect();
        object.insert("rows".to_owned(), rows.into());
        written.push(Value::Object(object));
    }
    let button = writer.line("interactive.action.button", button, limits::BUTTON_TITLE);
    json!({ "button": button, "sections": written })
}

fn write_row(row: &Row, path: &str, writer: &mut Writer) -> Value {
    let mut object = Map::new();
    let id = writer.line(&format!("{path}.id"), &row.id, limits::ROW_ID);
    object.insert("id".to_owned(), id);
    let title = writer.line(&format!("{path}.title"), &row.title, limits::ROW_TITLE);
    object.insert("title".to_owned(), title);
    let text = row.description.as_ref();
    let text = text.map(|text| writer.line(&format!("{path}.description"), text, limits::ROW_DESCRIPTION));
    set(&mut object, "description", text);
    Value::Object(object)
}

fn link(button: &str, url: &str, writer: &mut Writer) -> Value {
    let path = "interactive.action.parameters";
    json!({
        "name": "cta_url",
        "parameters": {
            "display_text": writer.line(&format!("{path}.display_text"), button, limits::BUTTON_TITLE),
            "url": writer.link(&format!("{path}.url"), url),
        },
    })
}

macro_rules! hidden {
    ($($name:ident)+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        })+
    };
}
hidden!(Interactive Header Reply Section Row);
