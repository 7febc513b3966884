//! Passages for a prompt, and from an answer back to them.

use std::fmt;

use super::query::{Citation, Hit};

/// The longest text for a prompt unless told, in characters.
const LENGTH: usize = 12_000;

/// Passages numbered from 1, to be answered from.
///
/// # Examples
/// ```
/// use aurora_crm::knowledge::AnswerContext;
///
/// let nothing = AnswerContext::new(&[]);
/// let answer = nothing.read("Abrimos às 8h [1].");
/// assert_eq!(answer.unknown, [1], "there was no such passage");
/// ```
#[derive(Clone, PartialEq)]
pub struct AnswerContext {
    citations: Vec<Citation>,
    prompt: String,
}

impl AnswerContext {
    /// The passages of a search, in its order, as far as 12,000 characters reach.
    #[must_use]
    pub fn new(hits: &[Hit]) -> Self {
        Self::within(hits, LENGTH)
    }

    /// The same, as far as so many characters reach; a passage is in it as a whole or not at all.
    #[must_use]
    pub fn within(hits: &[Hit], characters: usize) -> Self {
        let mut context = Self {
            citations: Vec::new(),
            prompt: String::new(),
        };
        let mut left = characters;
        for hit in hits {
            let passage = passage(context.citations.len() + 1, &hit.citation);
            let length = passage.chars().count();
            if length > left {
                break;
            }
            left -= length;
            context.prompt.push_str(&passage);
            context.citations.push(hit.citation.clone());
        }
        context
    }

    /// The passages as text for a prompt: `[1]`, title and headings, then what it says. Numbers in brackets that a passage
    /// has of its own are in parentheses, so that it cannot pass for another one.
    #[must_use]
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The citations, the first of which is `[1]`.
    #[must_use]
    pub fn citations(&self) -> &[Citation] {
        &self.citations
    }

    /// What an answer cites: `[1]`, `[1][2]`, `[1, 2]`, `[1; 2]`.
    #[must_use]
    pub fn read(&self, answer: &str) -> CitedAnswer {
        let mut cited = Vec::new();
        let mut unknown = Vec::new();
        for number in numbers(answer) {
            let citation = usize::try_from(number)
                .ok()
                .and_then(|number| self.citations.get(number.checked_sub(1)?));
            match citation {
                Some(citation) if !cited.iter().any(|(known, _)| *known == number) => {
                    cited.push((number, citation.clone()));
                }
                Some(_) => {}
                None if !unknown.contains(&number) => unknown.push(number),
                None => {}
            }
        }
        CitedAnswer { cited, unknown }
    }
}

impl fmt::Debug for AnswerContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerContext")
            .field("citations", &self.citations)
            .finish_non_exhaustive()
    }
}

/// What an answer cites.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CitedAnswer {
    /// The citations by their numbers, in the order in which they occur first, each once.
    pub cited: Vec<(u32, Citation)>,
    /// Numbers that were never given out: the answer made them up.
    pub unknown: Vec<u32>,
}

impl CitedAnswer {
    /// Whether it cites something, and nothing that there is not.
    #[must_use]
    pub fn is_grounded(&self) -> bool {
        !self.cited.is_empty() && self.unknown.is_empty()
    }
}

fn passage(number: usize, citation: &Citation) -> String {
    let mut text = format!("[{number}] {}", defused(&citation.title));
    for heading in &citation.headings {
        text.push_str(" › ");
        text.push_str(&defused(heading));
    }
    text.push('\n');
    text.push_str(&defused(&citation.quote));
    text.push_str("\n\n");
    text
}

/// `[2]` in a passage becomes `(2)`.
fn defused(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('[') {
        safe.push_str(before);
        match after.split_once(']') {
            Some((inside, behind)) if list(inside).is_some() => {
                safe.push_str(&format!("({inside})"));
                rest = behind;
            }
            _ => {
                safe.push('[');
                rest = after;
            }
        }
    }
    safe.push_str(rest);
    safe
}

/// All numbers in brackets, in order.
fn numbers(answer: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut rest = answer;
    while let Some((_, after)) = rest.split_once('[') {
        rest = after;
        if let Some((inside, behind)) = after.split_once(']')
            && let Some(list) = list(inside)
        {
            found.extend(list);
            rest = behind;
        }
    }
    found
}

/// `1`, `1, 2`, `1; 2`
fn list(inside: &str) -> Option<Vec<u32>> {
    if inside.len() > 60 {
        return None;
    }
    inside
        .split([',', ';'])
        .map(|number| number.trim().parse().ok())
        .collect()
}
