//! Messages as an Adaptive Card in the envelope that workflows expect.

use serde_json::{Value, json};

use super::super::message::{Item, Link, Message, Tone};

/// The most bytes of a request; learn.microsoft.com, "add-incoming-webhook" and "connectors/teams": 28 KB. Counted with
/// 1,000 bytes to a KB, which is never too many.
const BYTES: usize = 28_000;

/// The whole body.
pub(super) fn body(message: &Message) -> Value {
    let mut parts = vec![json!({
        "type": "RichTextBlock",
        "inlines": [run(&message.title, &[("weight", "Bolder"), ("size", "Large"), ("color", colour(message.tone))])],
    })];
    parts.extend(message.note.map(block));
    parts.extend(message.body.as_ref().map(|body| {
        let text = body.marked_up(str::to_owned);
        let blocks: Vec<Value> = lines(&text).map(block).collect();
        json!({"type": "Container", "separator": true, "style": style(message.tone), "items": blocks})
    }));
    parts.extend(
        message
            .items
            .iter()
            .map(|item| (item, blocks(item, message.is_several())))
            .filter(|(_, blocks)| !blocks.is_empty())
            .map(|(item, blocks)| {
                json!({"type": "Container", "separator": true, "style": style(item.tone), "items": blocks})
            }),
    );
    parts.extend(message.others.as_deref().map(block));
    let actions: Vec<Value> = message
        .acknowledge
        .iter()
        .map(|link| json!({"type": "Action.OpenUrl", "title": link.text, "url": link.url}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "fallbackText": message.title,
                "msteams": {"width": "Full"},
                "body": parts,
                "actions": actions,
            },
        }],
    })
}

/// Whether Teams takes it.
pub(super) fn fits(body: &Value) -> bool {
    body.to_string().len() <= BYTES
}

fn blocks(item: &Item, is_several: bool) -> Vec<Value> {
    let mut blocks = Vec::new();
    if is_several {
        let name = run(&item.name, &[("weight", "Bolder"), ("color", colour(item.tone))]);
        blocks.push(json!({"type": "RichTextBlock", "inlines": [name]}));
    }
    blocks.extend(lines(&item.summary).chain(lines(&item.description)).map(block));
    blocks.extend(item.facts.iter().map(|fact| {
        let name = run(&format!("{}: ", fact.name), &[("weight", "Bolder")]);
        let value = run(&fact.value.plain(), &[]);
        json!({"type": "RichTextBlock", "spacing": "None", "inlines": [name, value]})
    }));
    if !item.links.is_empty() {
        let links: Vec<Value> = item
            .links
            .iter()
            .flat_map(|to| [link(to), run("  ", &[])])
            .collect();
        blocks.push(json!({"type": "RichTextBlock", "spacing": "None", "inlines": links}));
    }
    blocks.extend(item.omission().map(block));
    blocks
}

/// The lines, for a line break within a run is shown as a space.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty())
}

/// A block whose text is shown as it is: rich text knows no Markdown, other than the plain text blocks.
fn block(text: &str) -> Value {
    json!({"type": "RichTextBlock", "inlines": [run(text, &[])]})
}

fn run(text: &str, style: &[(&str, &str)]) -> Value {
    let mut run = json!({"type": "TextRun", "text": text});
    if let Some(fields) = run.as_object_mut() {
        fields.extend(
            style
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value))),
        );
    }
    run
}

fn link(link: &Link) -> Value {
    json!({
        "type": "TextRun",
        "text": link.text,
        "underline": true,
        "color": "Accent",
        "selectAction": {"type": "Action.OpenUrl", "url": link.url},
    })
}

const fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "Accent",
        Tone::Warning => "Warning",
        Tone::Critical => "Attention",
        Tone::Resolved => "Good",
    }
}

const fn style(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "accent",
        Tone::Warning => "warning",
        Tone::Critical => "attention",
        Tone::Resolved => "good",
    }
}
