//! Words: links, ids, secrets, e-mail addresses, names of tools.

use std::net::Ipv4Addr;

use super::numbers::Known;
use super::{GAP, Policy, note};

/// After these a point ends no sentence, and the next word is none of an address.
const ABBREVIATIONS: &[&str] = &[
    "ap", "av", "cel", "cia", "dr", "dra", "etc", "ex", "exma", "exmo", "jr", "ltda", "mr", "mrs", "ms",
    "obs", "p", "prof", "profa", "sr", "sra", "srta", "tel",
];
/// Names of files end with these, and no address does.
const FILES: &[&str] = &[
    "csv", "doc", "docx", "jpeg", "jpg", "pdf", "png", "txt", "xls", "xlsx",
];
/// From here on a run of letters and digits is nothing that a person writes.
const OPAQUE: usize = 24;

/// The links of a text, as a word of a reply would be compared with them.
pub(in crate::assistant) fn links_in(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || "<>()[]\"'".contains(c);
    text.split(ends).map(bare).filter(|word| is_link(word))
}

fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| !c.is_alphanumeric() && c != '/')
}

pub(super) fn checked(word: &str, policy: &Policy<'_>, known: &Known, withheld: &mut Vec<String>) -> String {
    let bare = bare(word);
    if bare.is_empty() {
        return word.to_owned();
    }
    let lower = bare.to_lowercase();
    let what = if lower.contains('@') && lower.rsplit('@').next().is_some_and(|host| host.contains('.')) {
        if known.has_email(&lower) {
            return word.to_owned();
        }
        Some("email")
    } else if is_link(bare) {
        let is_allowed = |link: &String| bare == link.trim_end_matches('/') || bare == link;
        if policy.links.iter().any(is_allowed) {
            return word.to_owned();
        }
        Some("link")
    } else if is_opaque(bare) {
        Some("id")
    } else if policy.unspoken.iter().any(|name| lower.contains(name)) {
        Some("tool")
    } else {
        None
    };
    let Some(what) = what else {
        return spaced(word);
    };
    note(withheld, what);
    GAP.to_owned()
}

/// Whether a messenger would make a link of it: any name with an ending of two letters or more, of which there are too many to
/// list and new ones each month.
fn is_link(word: &str) -> bool {
    let lower = word.to_lowercase();
    if lower.contains("://") || lower.contains("www.") {
        return true;
    }
    let mut runs = word.split_inclusive(|c: char| !is_of_host(c));
    runs.any(|run| {
        let host = run.trim_end_matches(|c: char| !is_of_host(c));
        is_host(host, run.ends_with(['/', '?', '#', ':']))
    })
}

fn is_of_host(c: char) -> bool {
    c.is_alphanumeric() || "-._".contains(c)
}

/// Whether it names a host; whatever has a path behind it does.
fn is_host(run: &str, has_path: bool) -> bool {
    let run = run.trim_matches(|c: char| !c.is_alphanumeric());
    if run.parse::<Ipv4Addr>().is_ok() {
        return true;
    }
    let labels: Vec<&str> = run.split('.').collect();
    // What is written as two sentences is parted by `spaced`, and each of them is looked at.
    let mut sentences = labels.chunk_by(|before, label| has_path || !is_parted(before, label));
    sentences.any(|labels| match labels {
        [.., name, ending] => {
            let is_ending = ending.starts_with("xn--")
                || (ending.chars().nth(1).is_some() && ending.chars().all(char::is_alphabetic));
            let is_file = !has_path && FILES.contains(&ending.to_lowercase().as_str());
            !name.is_empty() && is_ending && !is_file
        }
        _ => false,
    })
}

/// Whether a point ends a sentence or an abbreviation, and only the space behind it was forgotten.
fn is_parted(before: &str, label: &str) -> bool {
    let before = before.trim_matches(|c: char| !c.is_alphanumeric());
    let mut letters = label.chars();
    let begins =
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase);
    let is_short = ABBREVIATIONS.contains(&before.to_lowercase().as_str());
    let is_word = label.chars().take_while(|c| c.is_alphabetic()).nth(1).is_some();
    !before.is_empty() && (begins || (is_short && is_word))
}

/// The word with the forgotten spaces, so that no messenger makes a link of `9h.Com`.
fn spaced(word: &str) -> String {
    let mut kept = String::with_capacity(word.len() + 2);
    for run in word.split_inclusive(|c: char| !is_of_host(c)) {
        let mut before = "";
        for (index, label) in run.split('.').enumerate() {
            if index > 0 {
                kept.push('.');
                if is_parted(before, label) {
                    kept.push(' ');
                }
            }
            kept.push_str(label);
            before = label;
        }
    }
    kept
}

/// Ids of this program (`cli_…`, UUIDs), keys and tokens.
fn is_opaque(word: &str) -> bool {
    let runs = word.split(|c: char| !(c.is_ascii_alphanumeric() || "_-+=".contains(c)));
    runs.into_iter().any(|run| {
        let has = |test: fn(&char) -> bool| run.chars().any(|c| test(&c));
        let long = run.len() >= OPAQUE && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
        long || is_reference(run)
    })
}

/// A ref of an appointment or an offer, which is for the tools alone.
fn is_reference(run: &str) -> bool {
    run.strip_prefix("apt-")
        .is_some_and(|rest| rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_hexdigit()))
}
