//! What a model has written, before it is sent: nothing leaves that the contact could not know from elsewhere.
//!
//! It is the last of several walls, and looks at the form of things alone. That a model cannot reach others' data is the work of
//! the tools.

mod numbers;
mod tokens;

#[cfg(test)]
mod tests;

use super::language::plain;

pub(super) use self::tokens::links_in;

/// So many words of the instructions in a row are no accident.
const LEAK: usize = 8;
/// What stands where something was taken out.
const GAP: &str = "[…]";

/// What may be said.
#[derive(Debug, Default)]
pub(super) struct Policy<'a> {
    /// Instructions that are not to be repeated.
    pub(super) secret: &'a str,
    /// Words that are not to be said, such as names of tools.
    pub(super) unspoken: &'a [&'a str],
    /// Links that may be written, exactly.
    pub(super) links: Vec<String>,
    /// Texts whose e-mail addresses and numbers may be repeated.
    pub(super) known: Vec<String>,
    /// The most characters.
    pub(super) most: usize,
}

/// What is left of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cleaned {
    /// `None` when nothing of it is to be sent.
    pub(super) text: Option<String>,
    /// What was taken out, as words: `instructions`, `link`, `id`, `email`, `number`, `tool`, `length`.
    pub(super) withheld: Vec<String>,
}

pub(super) fn clean(text: &str, policy: &Policy<'_>) -> Cleaned {
    let mut withheld = Vec::new();
    let text = spoken(text);
    if leaks(&text, policy.secret) {
        note(&mut withheld, "instructions");
        return Cleaned { text: None, withheld };
    }
    let known = numbers::Known::of(&policy.known);
    let mut lines = Vec::new();
    for line in text.lines() {
        let words = line
            .split(' ')
            .map(|word| tokens::checked(word, policy, &known, &mut withheld));
        let line = words.collect::<Vec<_>>().join(" ");
        lines.push(numbers::checked(&line, &known, &mut withheld));
    }
    let mut text = lines.join("\n");
    if text.chars().nth(policy.most).is_some() {
        text = cut(&text, policy.most);
        note(&mut withheld, "length");
    }
    // A sign such as ✅ is an answer, unless it is all that is left of one.
    let says_something = if withheld.is_empty() {
        !text.trim().is_empty()
    } else {
        text.replace(GAP, "").chars().any(char::is_alphanumeric)
    };
    Cleaned {
        text: says_something.then_some(text),
        withheld,
    }
}

fn note(withheld: &mut Vec<String>, what: &str) {
    if withheld.iter().all(|known| known != what) {
        withheld.push(what.to_owned());
    }
}

/// As chat is written: no control characters, nothing invisible, one kind of emphasis, no empty lines in a row.
fn spoken(text: &str) -> String {
    let text: String = text
        .chars()
        .filter(|c| *c == '\n' || !c.is_control())
        .filter(|c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
            | '\u{e0000}'..='\u{e007f}'))
        // Other dots are as good in an address.
        .map(|c| if matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}') { '.' } else { c })
        .collect();
    let mut text = text.replace("**", "*");
    while text.contains("\n\n\n") {
        text = text.replace("\n\n\n", "\n\n");
    }
    text.trim().to_owned()
}

/// Whether a run of words of the instructions is in the text, whatever stands between them.
fn leaks(text: &str, secret: &str) -> bool {
    let (text, secret) = (plain(text), plain(secret));
    let words: Vec<&str> = secret.split(' ').filter(|word| !word.is_empty()).collect();
    let padded = format!(" {text} ");
    words
        .windows(LEAK)
        .any(|run| padded.contains(&format!(" {} ", run.join(" "))))
}

/// At most so many characters, ended at a word where there is one.
fn cut(text: &str, most: usize) -> String {
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = kept
        .rfind(char::is_whitespace)
        .filter(|end| *end > kept.len() / 2);
    let kept = end.and_then(|end| kept.get(..end)).unwrap_or(&kept);
    format!("{}…", kept.trim_end())
}
