//! Reading what registries say: each writes numbers, dates and yes or no in its own way.

use aurora_core::time::Timestamp;
use chrono::{Datelike as _, NaiveDate};
use serde_json::Value;

use crate::companies::{Activity, Cnpj, LegalNature, Reais, RegistryError, RegistryErrorKind, TaxRegime};
use crate::contacts::{Email, Phone};

/// Before this no company in the registry began; registries write year 1 or 0 for "none".
const FIRST_YEAR: i32 = 1500;

/// A place in an answer, which may be absent. What is there in an unexpected form is absent too.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(Option<&'a Value>);

impl<'a> Node<'a> {
    pub(super) const fn new(value: &'a Value) -> Self {
        Self(Some(value))
    }

    pub(super) fn get(self, key: &str) -> Self {
        Self(self.0.and_then(|value| value.get(key)))
    }

    pub(super) fn items(self) -> impl Iterator<Item = Self> {
        let items = self.0.and_then(Value::as_array);
        items.into_iter().flatten().map(|item| Self(Some(item)))
    }

    /// A text, or a number as its text: ids of companies have been numbers, and have letters now.
    pub(super) fn text(self) -> Option<String> {
        let text = match self.0? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let is_masked = text.bytes().all(|byte| byte == b'*');
        (!text.is_empty() && !is_masked).then_some(text)
    }

    pub(super) fn flag(self) -> Option<bool> {
        match self.0? {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) => match text.to_lowercase().as_str() {
                "sim" | "s" => Some(true),
                "não" | "nao" | "n" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    /// A date, as `2013-10-03`, with or without a time, or as `03/10/2013`.
    pub(super) fn date(self) -> Option<NaiveDate> {
        let text = self.text()?;
        let date = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d")
            .or_else(|_| NaiveDate::parse_from_str(&text, "%d/%m/%Y"))
            .ok()?;
        (date.year() >= FIRST_YEAR).then_some(date)
    }

    pub(super) fn instant(self) -> Option<Timestamp> {
        Timestamp::parse(&self.text()?).ok()
    }

    pub(super) fn number(self) -> Option<u32> {
        self.text()?.parse().ok().filter(|&number| number > 0)
    }

    pub(super) fn reais(self) -> Option<Reais> {
        self.text()?.parse().ok()
    }

    /// A code of so many digits: a number has lost its leading zeros, a text may have dots. Zeros alone are no code.
    pub(super) fn code(self, length: usize) -> Option<String> {
        let digits: String = self.text()?.chars().filter(char::is_ascii_digit).collect();
        let is_code = digits.len() <= length && digits.bytes().any(|digit| digit != b'0');
        is_code.then(|| format!("{digits:0>length$}"))
    }

    pub(super) fn activity(self, code: &str, text: &str) -> Option<Activity> {
        Some(Activity {
            code: self.get(code).code(7)?,
            text: self.get(text).text(),
        })
    }

    pub(super) fn tax_regime(self, flag: &str, since: &str) -> Option<TaxRegime> {
        Some(TaxRegime {
            is_opted: self.get(flag).flag()?,
            since: self.get(since).date(),
        })
    }
}

/// Two texts with a space between them, such as kind and name of a street.
pub(super) fn joined(first: Option<String>, second: Option<String>) -> Option<String> {
    match (first, second) {
        (Some(first), Some(second)) => Some(format!("{first} {second}")),
        (first, second) => first.or(second),
    }
}

/// The phone numbers that are ones, each once.
pub(super) fn phones(texts: impl IntoIterator<Item = String>) -> Vec<Phone> {
    let mut phones = Vec::new();
    for phone in texts.into_iter().filter_map(|text| text.parse().ok()) {
        if !phones.contains(&phone) {
            phones.push(phone);
        }
    }
    phones
}

/// The e-mail addresses that are ones, each once. Registries write them in capitals.
pub(super) fn emails(texts: impl IntoIterator<Item = String>) -> Vec<Email> {
    let mut emails = Vec::new();
    let lower = texts.into_iter().map(|text| text.to_lowercase());
    for email in lower.filter_map(|text| text.parse().ok()) {
        if !emails.contains(&email) {
            emails.push(email);
        }
    }
    emails
}

pub(super) fn legal_nature(code: Option<String>, text: Option<String>) -> Option<LegalNature> {
    (code.is_some() || text.is_some()).then_some(LegalNature { code, text })
}

/// An answer about another company must not be taken for one about this.
pub(super) fn is_about(cnpj: &Cnpj, told: Node<'_>) -> Result<(), RegistryError> {
    let told: Option<Cnpj> = told.text().and_then(|text| text.parse().ok());
    if told == Some(*cnpj) {
        return Ok(());
    }
    Err(malformed(
        "the registry answered about another company, or about none",
    ))
}

pub(super) fn malformed(detail: &'static str) -> RegistryError {
    RegistryError::new(RegistryErrorKind::Malformed).with_detail(detail)
}

pub(super) fn nameless() -> RegistryError {
    malformed("the registry told no registered name")
}
