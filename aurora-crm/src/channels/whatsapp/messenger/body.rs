//! From the words of conversations into Meta's.

use serde_json::Value;

use super::rejected;
use crate::channels::SendError;
use crate::channels::whatsapp::outgoing::{
    Body, ContactCard, Interactive, Labelled, OutgoingMedia, Parameter, Reply, Row, Section, Source,
    Template, TemplateButton,
};
use crate::channels::whatsapp::webhook::MediaKind as Kind;
use crate::conversations::{Choice, Content, ListSection, MediaKind, MediaRef};

pub(super) fn of(content: &Content) -> Result<Body, SendError> {
    Ok(match content {
        Content::Text { body } => Body::Text {
            text: body.clone(),
            preview_url: false,
        },
        Content::Media {
            kind,
            media,
            caption,
            file_name,
        } => Body::Media(file(*kind, media, caption.as_deref(), file_name.as_deref())?),
        Content::Location {
            latitude,
            longitude,
            name,
            address,
        } => Body::Location {
            latitude: *latitude,
            longitude: *longitude,
            name: name.clone(),
            address: address.clone(),
        },
        Content::Contacts { cards } => {
            Body::Contacts(cards.as_array().into_iter().flatten().map(card).collect())
        }
        Content::Buttons { body, choices } => {
            let reply = |choice: &Choice| Reply::new(&choice.id, &choice.title);
            let question = Interactive::buttons(body);
            Body::Interactive(choices.iter().map(reply).fold(question, Interactive::button))
        }
        Content::List {
            body,
            button,
            sections,
        } => {
            let question = Interactive::list(body, button);
            Body::Interactive(sections.iter().map(section).fold(question, Interactive::section))
        }
        Content::Reaction { to, emoji } => Body::Reaction {
            message_id: to.clone(),
            emoji: emoji.clone().unwrap_or_default(),
        },
        Content::Template {
            name,
            language,
            body,
            payloads,
            ..
        } => {
            let template = Template::new(name, language);
            let template = body.iter().map(Parameter::text).fold(template, Template::body);
            let buttons = (0_u8..)
                .zip(payloads)
                .map(|(index, payload)| TemplateButton::QuickReply {
                    index,
                    payload: payload.clone(),
                });
            Body::Template(buttons.fold(template, Template::button))
        }
        Content::Chosen { .. } | Content::Notice { .. } | Content::Unsupported { .. } => {
            return Err(rejected(
                "not_sendable",
                "this kind of message comes in and never goes out",
            ));
        }
    })
}

fn file(
    kind: MediaKind,
    media: &MediaRef,
    caption: Option<&str>,
    name: Option<&str>,
) -> Result<OutgoingMedia, SendError> {
    let source = match (&media.provider_id, &media.link) {
        (Some(id), _) => Source::Id(id.clone()),
        (None, Some(link)) => Source::Link(link.clone()),
        (None, None) => {
            return Err(rejected(
                "not_uploaded",
                "the file is neither at WhatsApp nor behind a link, and there are no files here to upload it from",
            ));
        }
    };
    let (kind, is_voice) = match kind {
        MediaKind::Image => (Kind::Image, false),
        MediaKind::Video => (Kind::Video, false),
        MediaKind::Audio => (Kind::Audio, false),
        MediaKind::Voice => (Kind::Audio, true),
        MediaKind::Document => (Kind::Document, false),
        MediaKind::Sticker => (Kind::Sticker, false),
    };
    let mut file = OutgoingMedia::new(kind, source);
    if is_voice {
        file = file.voice();
    }
    if let Some(text) = caption.filter(|text| !text.is_empty()) {
        file = file.caption(text);
    }
    // Only documents have one; of others it serves the history here.
    if let Some(name) = name.filter(|_| kind == Kind::Document) {
        file = file.filename(name);
    }
    Ok(file)
}

fn section(section: &ListSection) -> Section {
    let rows = section.rows.iter().map(|choice| {
        let row = Row::new(&choice.id, &choice.title);
        match &choice.description {
            Some(text) => row.description(text),
            None => row,
        }
    });
    rows.fold(
        Section::new(section.title.clone().unwrap_or_default()),
        Section::row,
    )
}

/// A card as WhatsApp writes it; what it lacks is told when it is checked.
fn card(value: &Value) -> ContactCard {
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = value.get("name").unwrap_or(&Value::Null);
    let list = |key: &str, part: &str| -> Vec<Labelled> {
        let entries = value.get(key).and_then(Value::as_array).into_iter().flatten();
        entries
            .filter_map(|entry| {
                Some(Labelled {
                    value: text(entry, part)?,
                    label: text(entry, "type"),
                })
            })
            .collect()
    };
    let org = value.get("org").unwrap_or(&Value::Null);
    ContactCard {
        formatted_name: text(name, "formatted_name").unwrap_or_default(),
        first_name: text(name, "first_name"),
        last_name: text(name, "last_name"),
        phones: list("phones", "phone"),
        emails: list("emails", "email"),
        urls: list("urls", "url"),
        company: text(org, "company"),
        title: text(org, "title"),
        birthday: text(value, "birthday"),
    }
}
