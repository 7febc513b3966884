use super::super::text::cut;
use super::{Body, Fact, Item, Link, Message, Value};

/// How much a message tells. What is counted is counted in UTF-16 units.
#[derive(Debug, Clone, Copy)]
struct Detail {
    /// Of the headline.
    title: usize,
    /// Of the name of each of several alerts, after its mark.
    name: usize,
    /// Of each description; values are shorter.
    text: usize,
    /// How many facts of each alert.
    facts: usize,
    /// How many links of each alert.
    links: usize,
}

/// From everything down to little. Each channel takes the first that fits into its limits, or [`LEAST`], which always
/// does, for a channel names no more alerts than [`Limits::alerts`](crate::Limits::alerts).
const LADDER: [Detail; 7] = [
    detail(150, 150, 2_000, 20, 8),
    detail(150, 150, 1_000, 20, 8),
    detail(150, 120, 500, 16, 6),
    detail(150, 100, 250, 12, 4),
    detail(120, 80, 120, 8, 3),
    detail(100, 60, 60, 5, 2),
    detail(100, 50, 40, 2, 1),
];

/// The names alone.
const LEAST: Detail = detail(100, 40, 0, 0, 0);

const fn detail(title: usize, name: usize, text: usize, facts: usize, links: usize) -> Detail {
    Detail {
        title,
        name,
        text,
        facts,
        links,
    }
}

/// The message with as much detail as fits, and the form that the channel gave it. A text of the user's own is whole, in
/// the channel's markup, or cut and plain.
pub(in crate::channels) fn fitted<T>(
    message: &Message,
    form: impl Fn(&Message) -> T,
    fits: impl Fn(&T) -> bool,
) -> (Message, T) {
    let whole = message.body.as_ref().map(|body| message.with_body(body));
    for told in whole.into_iter().chain(LADDER.map(|detail| message.with(detail))) {
        let formed = form(&told);
        if fits(&formed) {
            return (told, formed);
        }
    }
    let told = message.with(LEAST);
    let formed = form(&told);
    (told, formed)
}

impl Message {
    fn with_body(&self, body: &Body) -> Self {
        let [most, ..] = LADDER;
        Self {
            body: Some(body.clone()),
            ..self.with(most)
        }
    }

    fn with(&self, detail: Detail) -> Self {
        Self {
            title: short(&self.title, detail.title),
            tone: self.tone,
            note: self.note,
            body: self.body.as_ref().map(|body| body.cut(detail.text)),
            items: self.items.iter().map(|item| item.with(detail)).collect(),
            others: self.others.clone(),
            acknowledge: self.acknowledge.clone(),
        }
    }
}

impl Item {
    fn with(&self, detail: Detail) -> Self {
        let mut item = Self {
            tone: self.tone,
            name: self.name_within(detail.name),
            summary: String::new(),
            description: String::new(),
            facts: first(&self.facts, detail.facts, |fact| fact.with(detail)),
            links: first(&self.links, detail.links, Link::clone),
            left_out: self.facts.len().saturating_sub(detail.facts)
                + self.links.len().saturating_sub(detail.links),
        };
        if detail.text > 0 {
            item.summary = short(&self.summary, detail.text.min(200));
            item.description = short(&self.description, detail.text);
        } else {
            item.left_out +=
                usize::from(!self.summary.is_empty()) + usize::from(!self.description.is_empty());
        }
        item
    }

    /// The mark in brackets is no part of what is cut.
    fn name_within(&self, limit: usize) -> String {
        match self.name.split_once("] ") {
            Some((mark, rule)) => format!("{mark}] {}", short(rule, limit)),
            None => short(&self.name, limit),
        }
    }
}

impl Fact {
    fn with(&self, detail: Detail) -> Self {
        Self {
            name: short(&self.name, detail.text.min(80)),
            value: match &self.value {
                Value::Text(text) => Value::Text(short(text, detail.text.min(500))),
                Value::Time(at) => Value::Time(*at),
            },
        }
    }
}

fn short(text: &str, limit: usize) -> String {
    cut(text, limit, char::len_utf16)
}

fn first<T>(all: &[T], count: usize, copy: impl Fn(&T) -> T) -> Vec<T> {
    all.iter().take(count).map(copy).collect()
}
