//! Templates that Meta approved.

use std::fmt;

use serde_json::{Map, Value, json};

use super::encode::{Writer, set};
use super::{Source, limits, media};
use crate::channels::whatsapp::webhook::MediaKind;

/// A template (`modelo de mensagem`) by its name and language, with what is put into it.
///
/// # Examples
/// ```
/// use aurora_crm::channels::whatsapp::outgoing::{Body, Outgoing, Parameter, Recipient, Template, TemplateButton};
///
/// let reminder = Template::new("lembrete_consulta", "pt_BR")
///     .body(Parameter::text("Ana"))
///     .body(Parameter::text("amanhã às 10h"))
///     .button(TemplateButton::QuickReply { index: 0, payload: "confirm:apt_1".to_owned() });
/// let message = Outgoing::new(Recipient::number("5511987654321"), Body::Template(reminder));
/// assert_eq!(message.to_json()?["template"]["components"][0]["parameters"][0]["text"], "Ana");
/// # Ok::<(), aurora_crm::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Template {
    name: String,
    language: String,
    header: Vec<Parameter>,
    body: Vec<Parameter>,
    buttons: Vec<TemplateButton>,
}

/// What is put in place of a variable of a template.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Parameter {
    /// Text: one line, without tabs, with at most four spaces in a row.
    Text {
        /// The name of the variable, of templates whose variables have names.
        name: Option<String>,
        /// The text.
        text: String,
    },
    /// A price. WhatsApp writes it in the way of the person's language.
    Currency {
        /// What is shown where it cannot.
        fallback: String,
        /// The currency (ISO 4217).
        code: String,
        /// The amount in thousandths of a unit.
        amount_1000: i64,
    },
    /// A time, as it is to be shown.
    DateTime {
        /// The text.
        fallback: String,
    },
    /// A picture, film or document; in the header alone.
    Media(MediaKind, Source),
    /// A place; in the header alone.
    Location {
        /// Degrees north.
        latitude: f64,
        /// Degrees east.
        longitude: f64,
        /// What it is called.
        name: String,
        /// Its postal address.
        address: String,
    },
}

/// What is put into a button of a template, by its place from 0.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TemplateButton {
    /// What comes back when it is tapped, up to 128 characters.
    QuickReply {
        /// Its place.
        index: u8,
        /// What comes back.
        payload: String,
    },
    /// The end of the button's address.
    Url {
        /// Its place.
        index: u8,
        /// The end.
        text: String,
    },
    /// A code to copy, up to 20 characters.
    CopyCode {
        /// Its place.
        index: u8,
        /// The code.
        code: String,
    },
}

impl Template {
    /// A template by its name (`lembrete_consulta`) and its language (`pt_BR`).
    #[must_use]
    pub fn new(name: impl Into<String>, language: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            language: language.into(),
            header: Vec::new(),
            body: Vec::new(),
            buttons: Vec::new(),
        }
    }

    /// What is put into the header.
    #[must_use]
    pub fn header(mut self, parameter: Parameter) -> Self {
        self.header.push(parameter);
        self
    }

    /// What is put into the next variable of the text.
    #[must_use]
    pub fn body(mut self, parameter: Parameter) -> Self {
        self.body.push(parameter);
        self
    }

    /// What is put into a button.
    #[must_use]
    pub fn button(mut self, button: TemplateButton) -> Self {
        self.buttons.push(button);
        self
    }
}

impl Parameter {
    /// Text in place of a variable with a number.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text {
            name: None,
            text: text.into(),
        }
    }
}

pub(super) fn write(template: &Template, writer: &mut Writer) -> Value {
    let is_name = template
        .name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_name {
        writer.refuse("template.name", "invalid", "must be small letters, digits and _");
    }
    let is_language = template
        .language
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if !is_language {
        writer.refuse(
            "template.language.code",
            "invalid",
            "must be a language, such as pt_BR",
        );
    }
    let mut object = Map::new();
    let name = writer.text("template.name", &template.name, limits::TEMPLATE_NAME);
    object.insert("name".to_owned(), name);
    let language = writer.text("template.language.code", &template.language, 15);
    object.insert("language".to_owned(), json!({ "code": language }));
    let mut components = Vec::new();
    for (kind, parameters, most) in [
        ("header", &template.header, 1),
        ("body", &template.body, limits::TEMPLATE_PARAMETERS),
    ] {
        if parameters.is_empty() {
            continue;
        }
        let path = format!("template.{kind}");
        writer.count(&path, parameters.len(), most);
        let written: Vec<Value> = parameters
            .iter()
            .take(most)
            .enumerate()
            .map(|(index, parameter)| write_parameter(parameter, kind, &format!("{path}[{index}]"), writer))
            .collect();
        components.push(json!({ "type": kind, "parameters": written }));
    }
    if !template.buttons.is_empty() {
        writer.count(
            "template.buttons",
            template.buttons.len(),
            limits::TEMPLATE_BUTTONS,
        );
    }
    for (place, button) in template.buttons.iter().take(limits::TEMPLATE_BUTTONS).enumerate() {
        components.push(write_button(
            button,
            &format!("template.buttons[{place}]"),
            writer,
        ));
    }
    let components = Some(components).filter(|components| !components.is_empty());
    set(&mut object, "components", components.map(Value::Array));
    Value::Object(object)
}

fn write_parameter(parameter: &Parameter, component: &str, path: &str, writer: &mut Writer) -> Value {
    match parameter {
        Parameter::Text { name, text } => {
            // What Meta answers with error 132018.
            if text.contains("     ") {
                writer.refuse(path, "invalid", "must not have more than four spaces in a row");
            }
            let longest = if component == "header" {
                limits::HEADER
            } else {
                limits::TEMPLATE_TEXT
            };
            let mut object = Map::new();
            object.insert("type".to_owned(), "text".into());
            let name = name
                .as_ref()
                .map(|name| writer.line(&format!("{path}.parameter_name"), name, 60));
            set(&mut object, "parameter_name", name);
            object.insert("text".to_owned(), writer.line(path, text, longest));
            Value::Object(object)
        }
        Parameter::Currency {
            fallback,
            code,
            amount_1000,
        } => {
            if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
                writer.refuse(
                    format!("{path}.currency.code"),
                    "invalid",
                    "must be three capital letters",
                );
            }
            let fallback = writer.line(&format!("{path}.currency.fallback_value"), fallback, limits::LINE);
            let currency = json!({ "fallback_value": fallback, "code": code, "amount_1000": amount_1000 });
            json!({ "type": "currency", "currency": currency })
        }
        Parameter::DateTime { fallback } => {
            let fallback = writer.line(
                &format!("{path}.date_time.fallback_value"),
                fallback,
                limits::LINE,
            );
            json!({ "type": "date_time", "date_time": { "fallback_value": fallback } })
        }
        Parameter::Media(kind, source) => {
            if component != "header" || matches!(kind, MediaKind::Audio | MediaKind::Sticker) {
                writer.refuse(
                    path,
                    "not_allowed",
                    "a header alone has a file: a picture, film or document",
                );
            }
            let kind = kind.as_str();
            json!({ "type": kind, kind: media::source(source, &format!("{path}.{kind}"), writer) })
        }
        Parameter::Location {
            latitude,
            longitude,
            name,
            address,
        } => {
            if component != "header" {
                writer.refuse(path, "not_allowed", "a header alone has a place");
            }
            if !(-90.0..=90.0).contains(latitude) || !(-180.0..=180.0).contains(longitude) {
                writer.refuse(format!("{path}.location"), "invalid", "must be degrees on earth");
            }
            let name = writer.line(&format!("{path}.location.name"), name, limits::LINE);
            let address = writer.line(&format!("{path}.location.address"), address, limits::LINE);
            // Texts, as Meta's examples have them here.
            let place = json!({
                "latitude": latitude.to_string(), "longitude": longitude.to_string(), "name": name, "address": address,
            });
            json!({ "type": "location", "location": place })
        }
    }
}

fn write_button(button: &TemplateButton, path: &str, writer: &mut Writer) -> Value {
    let (sub_type, index, parameter) = match button {
        TemplateButton::QuickReply { index, payload } => {
            let payload = writer.line(&format!("{path}.payload"), payload, limits::TEMPLATE_PAYLOAD);
            (
                "quick_reply",
                index,
                json!({ "type": "payload", "payload": payload }),
            )
        }
        TemplateButton::Url { index, text } => {
            let text = writer.line(&format!("{path}.text"), text, limits::LINK);
            ("url", index, json!({ "type": "text", "text": text }))
        }
        TemplateButton::CopyCode { index, code } => {
            let code = writer.line(&format!("{path}.coupon_code"), code, limits::BUTTON_TITLE);
            (
                "copy_code",
                index,
                json!({ "type": "coupon_code", "coupon_code": code }),
            )
        }
    };
    if usize::from(*index) >= limits::TEMPLATE_BUTTONS {
        writer.refuse(format!("{path}.index"), "invalid", "must be within 0 to 9");
    }
    json!({ "type": "button", "sub_type": sub_type, "index": index.to_string(), "parameters": [parameter] })
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.name)
            .field("language", &self.language)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parameter(…)")
    }
}

impl fmt::Debug for TemplateButton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemplateButton(…)")
    }
}
