//! Cards of people.

use std::fmt;

use serde_json::{Map, Value, json};

use super::encode::{Writer, set};
use super::limits;

/// The card of a person: the name as a whole and at least one of its parts.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ContactCard {
    /// The name as a whole.
    pub formatted_name: String,
    /// The first name, which may be all there is.
    pub first_name: Option<String>,
    /// The last name.
    pub last_name: Option<String>,
    /// Phone numbers.
    pub phones: Vec<Labelled>,
    /// E-mail addresses.
    pub emails: Vec<Labelled>,
    /// Web pages.
    pub urls: Vec<Labelled>,
    /// Where the person works.
    pub company: Option<String>,
    /// What as.
    pub title: Option<String>,
    /// The day of birth, `YYYY-MM-DD`.
    pub birthday: Option<String>,
}

/// A number, address or page and what it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Labelled {
    /// The number, address or page.
    pub value: String,
    /// `HOME`, `WORK`, `CELL`, …
    pub label: Option<String>,
}

impl Labelled {
    /// With a label.
    #[must_use]
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            value: value.into(),
            label: Some(label.into()),
        }
    }
}

impl ContactCard {
    /// A card with a name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            first_name: Some(name.clone()),
            formatted_name: name,
            ..Self::default()
        }
    }
}

pub(super) fn write(card: &ContactCard, index: usize, writer: &mut Writer) -> Value {
    let path = format!("contacts[{index}]");
    let mut line = |key: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        Some(writer.line(&format!("{path}.{key}"), text, limits::LINE))
    };
    let (first, last) = (
        line("name.first_name", &card.first_name),
        line("name.last_name", &card.last_name),
    );
    let (company, title) = (line("org.company", &card.company), line("org.title", &card.title));
    let birthday = line("birthday", &card.birthday);
    if first.is_none() && last.is_none() {
        writer.refuse(
            format!("{path}.name"),
            "required",
            "must have a part besides the whole",
        );
    }
    if card.birthday.as_ref().is_some_and(|day| !is_day(day)) {
        writer.refuse(
            format!("{path}.birthday"),
            "invalid",
            "must be a day, such as 2012-08-18",
        );
    }
    let mut name = Map::new();
    let whole = writer.line(
        &format!("{path}.name.formatted_name"),
        &card.formatted_name,
        limits::LINE,
    );
    name.insert("formatted_name".to_owned(), whole);
    set(&mut name, "first_name", first);
    set(&mut name, "last_name", last);
    let mut object = Map::new();
    object.insert("name".to_owned(), Value::Object(name));
    for (key, part, entries) in [
        ("phones", "phone", &card.phones),
        ("emails", "email", &card.emails),
        ("urls", "url", &card.urls),
    ] {
        let entries: Vec<Value> = entries
            .iter()
            .enumerate()
            .map(|(at, entry)| labelled(entry, part, &format!("{path}.{key}[{at}]"), writer))
            .collect();
        set(&mut object, key, (!entries.is_empty()).then(|| entries.into()));
    }
    if company.is_some() || title.is_some() {
        let mut org = Map::new();
        set(&mut org, "company", company);
        set(&mut org, "title", title);
        object.insert("org".to_owned(), Value::Object(org));
    }
    set(&mut object, "birthday", birthday);
    Value::Object(object)
}

fn labelled(entry: &Labelled, key: &str, path: &str, writer: &mut Writer) -> Value {
    let mut object = json!({ key: writer.line(&format!("{path}.{key}"), &entry.value, limits::LINE) });
    if let (Some(object), Some(label)) = (object.as_object_mut(), &entry.label) {
        object.insert("type".to_owned(), writer.line(&format!("{path}.type"), label, 60));
    }
    object
}

fn is_day(text: &str) -> bool {
    text.len() == 10 && chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok()
}

impl fmt::Debug for ContactCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContactCard(…)")
    }
}

impl fmt::Debug for Labelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Labelled(…)")
    }
}
