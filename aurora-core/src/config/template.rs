//! Templates of the files that hold settings, with every setting in them.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::setting::{Section, Setting, sections};
use super::value::Raw;

/// Name that stands in templates for one that the configuration chooses.
const EXAMPLE_NAME: &str = "example";
/// Ends a line whose value is no default.
const EXAMPLE: &str = "# example";
const WIDTH: usize = 100;

/// An `aurora.toml` with every setting, each commented out under what it does and allows.
///
/// A line `#key = value` shows a default. Where there is none it shows what a value may look like and ends in
/// `# example`. The first line tells editors where the [schema](super::schema) is.
///
/// # Examples
/// ```
/// let template = aurora_core::config::template();
/// assert!(template.contains("\n[server]\n"));
/// assert!(template.contains("\n#port = 8080\n"));
/// ```
#[must_use]
pub fn template() -> String {
    let mut text = String::from("#:schema ./aurora.schema.json\n\n");
    comment(
        &mut text,
        "Settings of Aurora. Take the # away from the lines that shall count. A line with a key shows its default; \
         where it ends in \"# example\" there is none. Stronger than this file are, in this order: \
         aurora.<environment>.toml, .env, environment variables, the command line.",
    );
    for section in sections() {
        text.push('\n');
        header(&mut text, &section);
        for row in section.rows {
            text.push('\n');
            explain(&mut text, row);
            let key = row.key.rsplit('.').next().unwrap_or(row.key);
            let default = row.default.and_then(|text| row.value_of(&Raw::text(text)));
            // Writing to a text cannot fail.
            let _written = match default.filter(|_| !row.key.contains('*')) {
                Some(value) => writeln!(text, "#{key} = {}", literal(&value)),
                None => writeln!(text, "#{key} = {} {EXAMPLE}", literal(&example(row))),
            };
        }
    }
    text
}

/// A `.env` file with a variable for every setting, each commented out under what it does and allows, as
/// [`template`] has them.
///
/// # Examples
/// ```
/// let template = aurora_core::config::dotenv_template();
/// assert!(template.contains("\n#DASHBOARD_PORT=8080\n"));
/// ```
#[must_use]
pub fn dotenv_template() -> String {
    let mut text = String::new();
    comment(
        &mut text,
        "Settings of Aurora as variables, for a file .env or for the environment, which is stronger. Take the # away \
         from the lines that shall count. A line with a name shows its default; where \"example\" stands before it \
         there is none.",
    );
    for section in sections() {
        for row in section.rows {
            text.push('\n');
            explain(&mut text, row);
            let name = variable(row);
            let _written = match row.default.filter(|_| !row.key.contains('*')) {
                Some(value) => writeln!(text, "#{name}={}", quoted(value)),
                None => writeln!(text, "{EXAMPLE}\n#{name}={}", quoted(row.example)),
            };
        }
    }
    text
}

fn header(text: &mut String, section: &Section) {
    let key = section.prefix.trim_end_matches('.');
    if key.is_empty() {
        return;
    }
    comment(text, section.about);
    let _written = if key.contains('*') {
        writeln!(text, "#[{}] {EXAMPLE}", key.replace('*', EXAMPLE_NAME))
    } else {
        writeln!(text, "[{key}]")
    };
}

fn explain(text: &mut String, row: &Setting) {
    comment(text, row.about);
    comment(text, &format!("Allowed: {}.", row.allowed));
    let mut variables: Vec<String> = row.variables.iter().map(|name| (*name).to_owned()).collect();
    variables.push(Setting::variable_of(&row.key.replace('*', EXAMPLE_NAME)));
    let mut line = format!("Variables: {}.", variables.join(", "));
    if row.is_secret {
        line.push_str(&format!(" In a file: {}_FILE.", variable(row)));
    }
    comment(text, &line);
}

/// The variable that is shown for a setting: the plain one that is strongest, if it has one.
fn variable(row: &Setting) -> String {
    let own = || Setting::variable_of(&row.key.replace('*', EXAMPLE_NAME));
    row.variables.first().map_or_else(own, |name| (*name).to_owned())
}

fn example(row: &Setting) -> Json {
    let raw = Raw::text(row.example);
    match row.is_secret {
        // An example is no secret, and the value of a secret setting is never asked for.
        true => Json::from(row.example),
        false => row.value_of(&raw).unwrap_or_else(|| Json::from(row.example)),
    }
}

/// A value as TOML has it.
fn literal(value: &Json) -> String {
    match value {
        Json::String(text) => toml_edit::Value::from(text.as_str()).to_string(),
        Json::Array(items) => {
            let items: Vec<String> = items.iter().map(literal).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A value as a `.env` file has it.
fn quoted(value: &str) -> String {
    if value.contains([' ', '#', '"', '\'', '\\', '$', '<']) {
        let escaped = value
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('$', "\\$");
        format!("\"{escaped}\"")
    } else {
        value.to_owned()
    }
}

/// A comment in lines of a readable length.
fn comment(text: &mut String, words: &str) {
    let mut width = WIDTH;
    for word in words.split_whitespace() {
        if width + word.len() >= WIDTH {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push('#');
            width = 1;
        }
        text.push(' ');
        text.push_str(word);
        width += 1 + word.len();
    }
    text.push('\n');
}
