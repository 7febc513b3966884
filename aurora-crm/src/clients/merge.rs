//! Which client two become.

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::Client;
use super::change::{MAX_ADDRESSES, MAX_EMAILS, MAX_PHONES, MAX_TAGS};
use crate::error::Error;
use crate::fields::Fields;

/// A field of which only one of two values can stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MergeField {
    /// The registered or full name.
    LegalName,
    /// The name it is known by.
    TradeName,
    /// The CNPJ or CPF.
    Document,
    /// The day of birth.
    BirthDate,
    /// The first e-mail address; the other becomes a further one.
    Email,
    /// The user who looks after it.
    Owner,
    /// Where it came from.
    Source,
    /// Where it stands.
    Status,
}

/// Whose value stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeSide {
    /// That of the client that stays.
    Kept,
    /// That of the client that goes.
    Lost,
}

/// What is decided about the fields of which only one value can stay. Unless told otherwise it is the value of the client
/// that stays or, when it has none, that of the one that goes. Two different numbers need a decision: they belong to
/// two companies or two people unless somebody knows better.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct MergeChoices(Vec<(MergeField, MergeSide)>);

impl MergeChoices {
    /// Decides nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides whose value stays; the last decision counts.
    #[must_use]
    pub fn choose(mut self, field: MergeField, side: MergeSide) -> Self {
        self.0.push((field, side));
        self
    }

    fn of(&self, field: MergeField) -> Option<MergeSide> {
        self.0
            .iter()
            .rev()
            .find(|(chosen, _)| *chosen == field)
            .map(|(_, side)| *side)
    }

    fn pick<T: Clone>(&self, field: MergeField, kept: &Option<T>, lost: &Option<T>) -> Option<T> {
        let (first, second) = match self.of(field) {
            Some(MergeSide::Lost) => (lost, kept),
            Some(MergeSide::Kept) | None => (kept, lost),
        };
        first.clone().or_else(|| second.clone())
    }
}

/// The client that stays, with what it takes over.
pub(super) fn combine(
    kept: &Client,
    lost: &Client,
    choices: &MergeChoices,
    now: Timestamp,
) -> Result<Client, Error> {
    let mut fields = Fields::default();
    let mut merged = kept.clone();
    if kept.id == lost.id {
        fields.refuse("lose", "invalid", "a client cannot be merged into itself");
    }
    if kept.kind != lost.kind {
        fields.refuse("lose", "not_allowed", "a company and a person cannot be merged");
    }
    let differ = |a: Option<&str>, b: Option<&str>| a.zip(b).is_some_and(|(a, b)| a != b);
    if choices.of(MergeField::Document).is_none() {
        let message = "the numbers differ: choose whose stays";
        if differ(
            kept.cnpj.as_ref().map(|n| n.plain()),
            lost.cnpj.as_ref().map(|n| n.plain()),
        ) {
            fields.refuse("cnpj", "conflict", message);
        }
        if differ(
            kept.cpf.as_ref().map(|n| n.plain()),
            lost.cpf.as_ref().map(|n| n.plain()),
        ) {
            fields.refuse("cpf", "conflict", message);
        }
    }
    let takes = |field| choices.of(field) == Some(MergeSide::Lost);
    if takes(MergeField::LegalName) {
        merged.legal_name.clone_from(&lost.legal_name);
    }
    if takes(MergeField::Status) {
        merged.status = lost.status;
    }
    merged.trade_name = choices.pick(MergeField::TradeName, &kept.trade_name, &lost.trade_name);
    merged.cnpj = choices.pick(MergeField::Document, &kept.cnpj, &lost.cnpj);
    merged.cpf = choices.pick(MergeField::Document, &kept.cpf, &lost.cpf);
    merged.birth_date = choices.pick(MergeField::BirthDate, &kept.birth_date, &lost.birth_date);
    merged.owner = choices.pick(MergeField::Owner, &kept.owner, &lost.owner);
    merged.source = choices.pick(MergeField::Source, &kept.source, &lost.source);
    merged.email = choices.pick(MergeField::Email, &kept.email, &lost.email);
    let others = kept
        .email
        .iter()
        .chain(&kept.emails)
        .chain(&lost.email)
        .chain(&lost.emails);
    let others = others.filter(|email| Some(*email) != merged.email.as_ref());
    merged.emails = union(&mut fields, "emails", others, MAX_EMAILS);
    merged.phones = union(
        &mut fields,
        "phones",
        kept.phones.iter().chain(&lost.phones),
        MAX_PHONES,
    );
    let addresses = kept.addresses.iter().chain(&lost.addresses);
    merged.addresses = union(&mut fields, "addresses", addresses, MAX_ADDRESSES);
    merged.tags = union(&mut fields, "tags", kept.tags.iter().chain(&lost.tags), MAX_TAGS);
    for (key, value) in &lost.custom {
        if !merged.custom.contains_key(key) {
            merged.custom.insert(key.clone(), value.clone());
        }
    }
    merged.custom = fields.custom("custom", merged.custom);
    merged.version = kept.version.saturating_add(1);
    merged.updated_at = now.max(kept.updated_at);
    fields.finish(merged)
}

fn union<'a, T: Clone + PartialEq + 'a>(
    fields: &mut Fields,
    field: &str,
    items: impl Iterator<Item = &'a T>,
    max: usize,
) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for item in items {
        if !found.contains(item) {
            found.push(item.clone());
        }
    }
    if found.len() > max {
        let message = format_args!("together there are more than {max} entries");
        fields.refuse(field, "too_many", message);
    }
    found
}
