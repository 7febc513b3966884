//! Which alerts the messages of a chat name, read from what the service was sent.

use std::collections::BTreeMap;

use serde_json::Value;

/// How the alerts of the storm are called, before their number of five digits.
pub(crate) const NAME: &str = "storm-";

/// When an alert was named, by the number of the message.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Named {
    pub(crate) first: Option<usize>,
    pub(crate) firing: Option<usize>,
    pub(crate) resolved: Option<usize>,
    pub(crate) times: usize,
}

/// What became of each alert in these messages, by its number.
pub(crate) fn read(messages: &[Value]) -> BTreeMap<usize, Named> {
    let mut all: BTreeMap<usize, Named> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        for part in parts(message) {
            let Some((_, rest)) = part.split_once(NAME) else {
                continue;
            };
            let number: usize = rest.chars().take(5).collect::<String>().parse().unwrap();
            let named = all.entry(number).or_default();
            named.times += 1;
            named.first = named.first.or(Some(index));
            let is_over = part.contains("[RESOLVED]");
            if !is_over || part.contains("fired and resolved before") {
                named.firing = named.firing.or(Some(index));
            }
            if is_over {
                named.resolved = named.resolved.or(Some(index));
            }
        }
    }
    all
}

/// The texts that belong together: those of one attachment or embed; of a message about one alert, all.
fn parts(message: &Value) -> Vec<String> {
    let items: Vec<&Value> = ["attachments", "embeds"]
        .iter()
        .filter_map(|name| message.get(name)?.as_array())
        .flatten()
        .collect();
    let text = |value: &Value| {
        let mut texts = String::new();
        collect(value, &mut texts);
        texts.replace('\\', "") // Discord is told so what is no Markdown
    };
    if items.len() > 1 {
        items.into_iter().map(text).collect()
    } else {
        vec![text(message)]
    }
}

fn collect(value: &Value, texts: &mut String) {
    match value {
        Value::String(text) => {
            texts.push_str(text);
            texts.push('\n');
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, texts)),
        Value::Object(fields) => fields.values().for_each(|value| collect(value, texts)),
        _ => {}
    }
}
