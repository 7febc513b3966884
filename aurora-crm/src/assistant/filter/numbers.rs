//! Numbers of people: telephones, CPF, accounts. Those that the contact or the house has written may be repeated.

use super::{GAP, note};

/// So many digits in a row name somebody; dates and prices have fewer, or are written otherwise.
const LONG: usize = 8;

/// What may be repeated.
#[derive(Debug, Default)]
pub(super) struct Known {
    text: String,
    /// The digits of each text, with a letter between texts.
    digits: String,
}

impl Known {
    pub(super) fn of(texts: &[String]) -> Self {
        let mut known = Self::default();
        for text in texts {
            known.text.push_str(&text.to_lowercase());
            known.text.push('\n');
            for run in runs(text) {
                known.digits.push_str(&run.digits);
                known.digits.push('x');
            }
        }
        known
    }

    pub(super) fn has_email(&self, email: &str) -> bool {
        let parts = self
            .text
            .split(|c: char| c.is_whitespace() || "<>\"',;()[]".contains(c));
        parts.into_iter().any(|part| part.trim_end_matches('.') == email)
    }

    fn has_number(&self, digits: &str) -> bool {
        self.digits.contains(digits)
    }
}

/// Digits in a row, with what is written between them.
#[derive(Debug)]
struct Run {
    start: usize,
    end: usize,
    digits: String,
}

/// The line without numbers that are not known.
pub(super) fn checked(line: &str, known: &Known, withheld: &mut Vec<String>) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut from = 0;
    for run in runs(line) {
        if run.digits.len() < LONG || known.has_number(&run.digits) || is_day(line.get(run.start..run.end)) {
            continue;
        }
        note(withheld, "number");
        kept.push_str(line.get(from..run.start).unwrap_or_default());
        kept.push_str(GAP);
        from = run.end;
    }
    kept.push_str(line.get(from..).unwrap_or_default());
    kept
}

/// `2026-12-02`.
fn is_day(text: Option<&str>) -> bool {
    text.is_some_and(|text| text.parse::<chrono::NaiveDate>().is_ok())
}

/// Groups of digits belong together over `.`, `-` and brackets, and over a space when four digits or more follow.
fn runs(line: &str) -> Vec<Run> {
    let mut found: Vec<Run> = Vec::new();
    let mut chars = line.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if !c.is_ascii_digit() {
            continue;
        }
        let (mut digits, mut end) = (c.to_string(), start + 1);
        while let Some((at, next)) = chars.next_if(|(_, next)| next.is_ascii_digit()) {
            digits.push(next);
            end = at + 1;
        }
        let joins = found.last().is_some_and(|last| {
            let between = line.get(last.end..start).unwrap_or(" / ");
            let tight =
                !between.is_empty() && between.len() <= 3 && between.chars().all(|c| ".-() ".contains(c));
            tight && (!between.contains(' ') || digits.len() >= 4)
        });
        match found.last_mut().filter(|_| joins) {
            Some(last) => {
                last.digits.push_str(&digits);
                last.end = end;
            }
            None => found.push(Run { start, end, digits }),
        }
    }
    found
}
