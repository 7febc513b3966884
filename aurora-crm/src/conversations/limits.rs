//! What may be sent: the limits of the WhatsApp Business Platform (developers.facebook.com/docs/whatsapp/cloud-api), which hold on
//! every channel, so that an answer does not depend on where it goes.

use crate::fields::Fields;

use super::{Choice, Content, ListSection, MediaRef};

pub(super) const MAX_TEXT: usize = 4096;
const MAX_BODY: usize = 1024;
const MAX_LINE: usize = 1000;
const MAX_BUTTONS: usize = 3;
const MAX_BUTTON: usize = 20;
const MAX_ROWS: usize = 10;
const MAX_ROW: usize = 24;
const MAX_DESCRIPTION: usize = 72;
const MAX_ID: usize = 200;
const MAX_NAME: usize = 512;
const MAX_LANGUAGE: usize = 15;
const MAX_PLACES: usize = 50;
const MAX_URL: usize = 2048;
const MAX_CARDS: usize = 64 * 1024;

/// Tells everything that keeps a content from being sent.
pub(super) fn check(fields: &mut Fields, content: &Content) {
    match content {
        Content::Text { body } => text(fields, "content.body", body, MAX_TEXT),
        Content::Media {
            media,
            caption,
            file_name,
            ..
        } => {
            place_of(fields, media);
            optional(fields, "content.caption", caption.as_deref(), MAX_BODY);
            optional(fields, "content.file_name", file_name.as_deref(), 240);
        }
        Content::Location {
            latitude,
            longitude,
            name,
            address,
        } => {
            degrees(fields, "content.latitude", *latitude, 90.0);
            degrees(fields, "content.longitude", *longitude, 180.0);
            optional(fields, "content.name", name.as_deref(), MAX_LINE);
            optional(fields, "content.address", address.as_deref(), MAX_LINE);
        }
        Content::Contacts { cards } => {
            let fits = cards.as_array().is_some_and(|cards| !cards.is_empty());
            if !fits || cards.to_string().len() > MAX_CARDS {
                let message = "must be a list of cards of at most 64 KiB";
                fields.refuse("content.cards", "invalid", message);
            }
        }
        Content::Buttons { body, choices } => {
            text(fields, "content.body", body, MAX_BODY);
            count(fields, "content.choices", choices.len(), MAX_BUTTONS);
            for (index, one) in choices.iter().take(MAX_BUTTONS).enumerate() {
                choice(fields, &format!("content.choices[{index}]"), one, MAX_BUTTON);
            }
            distinct(fields, "content.choices", choices.iter());
        }
        Content::List {
            body,
            button,
            sections,
        } => {
            text(fields, "content.body", body, MAX_BODY);
            text(fields, "content.button", button, MAX_BUTTON);
            list(fields, sections);
        }
        Content::Reaction { to, emoji } => {
            text(fields, "content.to", to, MAX_ID);
            optional(fields, "content.emoji", emoji.as_deref(), 32);
        }
        Content::Template {
            name,
            language,
            body,
            payloads,
            text: shown,
        } => {
            text(fields, "content.name", name, MAX_NAME);
            text(fields, "content.language", language, MAX_LANGUAGE);
            places(fields, "content.body", body, MAX_BODY);
            places(fields, "content.payloads", payloads, MAX_ID);
            optional(fields, "content.text", Some(shown), MAX_TEXT);
        }
        Content::Chosen { .. } | Content::Notice { .. } | Content::Unsupported { .. } => {
            fields.refuse(
                "content",
                "not_allowed",
                "only a contact or a channel tells such a thing",
            );
        }
    }
}

/// Words that there must be.
pub(super) fn text(fields: &mut Fields, field: &str, words: &str, max: usize) {
    if words.trim().is_empty() {
        fields.refuse(field, "required", "must not be empty");
    }
    optional(fields, field, Some(words), max);
}

fn optional(fields: &mut Fields, field: &str, words: Option<&str>, max: usize) {
    let Some(words) = words else { return };
    if words.chars().nth(max).is_some() {
        fields.refuse(
            field,
            "too_long",
            format_args!("must have at most {max} characters"),
        );
    }
    if words.contains('\0') {
        fields.refuse(field, "invalid", "must not hold the character U+0000");
    }
}

fn degrees(fields: &mut Fields, field: &str, degrees: f64, most: f64) {
    if !(-most..=most).contains(&degrees) {
        fields.refuse(
            field,
            "invalid",
            format_args!("must be within -{most} to {most} degrees"),
        );
    }
}

fn count(fields: &mut Fields, field: &str, count: usize, max: usize) {
    if count == 0 {
        fields.refuse(field, "required", "must not be empty");
    } else if count > max {
        fields.refuse(field, "too_many", format_args!("must have at most {max} entries"));
    }
}

fn places(fields: &mut Fields, field: &str, places: &[String], max: usize) {
    if places.len() > MAX_PLACES {
        fields.refuse(
            field,
            "too_many",
            format_args!("must have at most {MAX_PLACES} entries"),
        );
        return;
    }
    for (index, place) in places.iter().enumerate() {
        text(fields, &format!("{field}[{index}]"), place, max);
    }
}

fn choice(fields: &mut Fields, field: &str, choice: &Choice, max: usize) {
    text(fields, &format!("{field}.id"), &choice.id, MAX_ID);
    text(fields, &format!("{field}.title"), &choice.title, max);
    let description = choice.description.as_deref();
    optional(
        fields,
        &format!("{field}.description"),
        description,
        MAX_DESCRIPTION,
    );
}

/// Of two with one id nobody could tell which was chosen.
fn distinct<'a>(fields: &mut Fields, field: &str, choices: impl Iterator<Item = &'a Choice>) {
    let mut seen = std::collections::BTreeSet::new();
    for choice in choices {
        if !seen.insert(choice.id.as_str()) {
            fields.refuse(field, "invalid", "each id must be there once");
            return;
        }
    }
}

fn list(fields: &mut Fields, sections: &[ListSection]) {
    let rows = || sections.iter().flat_map(|section| &section.rows);
    count(fields, "content.sections", rows().count(), MAX_ROWS);
    for (index, section) in sections.iter().enumerate() {
        let field = format!("content.sections[{index}]");
        match &section.title {
            None if sections.len() > 1 => {
                let message = "is needed when there is more than one section";
                fields.refuse(format!("{field}.title"), "required", message);
            }
            title => optional(fields, &format!("{field}.title"), title.as_deref(), MAX_ROW),
        }
        for (place, row) in section.rows.iter().take(MAX_ROWS).enumerate() {
            choice(fields, &format!("{field}.rows[{place}]"), row, MAX_ROW);
        }
    }
    distinct(fields, "content.sections", rows());
}

fn place_of(fields: &mut Fields, media: &MediaRef) {
    let is_link = |link: &String| link.starts_with("https://") && link.len() <= MAX_URL;
    if let Some(link) = &media.link
        && !is_link(link)
    {
        fields.refuse(
            "content.media.link",
            "invalid",
            "must be an https address of at most 2048 bytes",
        );
    }
    if media.provider_id.is_none() && media.link.is_none() && media.file_id.is_none() {
        fields.refuse("content.media", "required", "must say where the bytes are");
    }
    for (field, value) in [
        ("content.media.provider_id", &media.provider_id),
        ("content.media.file_id", &media.file_id),
        ("content.media.mime_type", &media.mime_type),
        ("content.media.sha256", &media.sha256),
    ] {
        optional(fields, field, value.as_deref(), MAX_ID);
    }
}
