//! What holds data of a subject, and what is done with it: the one list that copies and anonymity go by.
//!
//! A table with a text, JSON or bytes is either here or in `exempt.rs` with the reason; a test reads the schema of
//! both databases and finds the one that was forgotten.

mod business;
mod clients;
mod conversations;
mod knowledge;
mod rights;

use super::RecordClass;

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An id, shown with this prefix.
    Id(&'static str),
    /// An id of something else, as a UUID.
    Uuid,
    Text,
    Json,
    Time,
    Integer,
    /// As hexadecimal digits.
    Bytes,
}

/// When a step of an erasure is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Always,
    /// Unless tags stay.
    WithoutTags,
    /// Unless city and state stay.
    WithoutPlace,
}

/// A document of a copy.
#[derive(Debug)]
pub(crate) struct Document {
    /// The name of its entries.
    pub(crate) name: &'static str,
    pub(crate) statement: &'static str,
    /// In the order of the statement.
    pub(crate) columns: &'static [(&'static str, Kind)],
}

/// What holds data of a subject.
#[derive(Debug)]
pub(crate) struct Holding {
    pub(crate) table: &'static str,
    /// What a legal hold on it is called; `None` for what is kept always, or only serves to find the rest.
    pub(crate) class: Option<RecordClass>,
    /// `None` for what only serves to find the rest.
    pub(crate) document: Option<Document>,
    /// The call that puts it right.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for people, and for the test that it is told")
    )]
    pub(crate) rectified_by: &'static str,
    pub(crate) erasure: &'static [(When, &'static str)],
    /// What stays of it, and on which legal basis.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for people, and for the test that it is told")
    )]
    pub(crate) kept: &'static str,
}

const STATISTICS: &str = "ids, times, stages, values: no longer personal data (art. 12)";
const NOTHING: &str = "nothing";
const ACCOUNT: &str = "all of it: proof of compliance (art. 8, §2; art. 16, I; art. 37)";
const DERIVED: &str = "made anew from the client by its update";

const fn document(
    name: &'static str,
    statement: &'static str,
    columns: &'static [(&'static str, Kind)],
) -> Option<Document> {
    Some(Document {
        name,
        statement,
        columns,
    })
}

/// In the order of an erasure: what leads to other rows comes after them.
pub(crate) fn holdings() -> impl Iterator<Item = &'static Holding> {
    [
        clients::HOLDINGS,
        business::HOLDINGS,
        knowledge::HOLDINGS,
        conversations::HOLDINGS,
        rights::HOLDINGS,
    ]
    .into_iter()
    .flatten()
}
