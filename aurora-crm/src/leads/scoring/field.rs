use std::fmt;
use std::str::FromStr;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::leads::Lead;

/// What of a lead a rule looks at; in JSON by its name, a field of the workspace's own as `custom.` and its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum LeadField {
    /// `title`: text.
    Title,
    /// `contact_name`: text.
    ContactName,
    /// `contact_email`: text.
    ContactEmail,
    /// `contact_phone`: text, in E.164.
    ContactPhone,
    /// `company_name`: text.
    CompanyName,
    /// `cnpj`: text of 14 characters.
    Cnpj,
    /// `client`: the id of the client.
    Client,
    /// `owner`: the id of the user.
    Owner,
    /// `source`: its name, such as `referral`.
    Source,
    /// `source_detail`: text.
    SourceDetail,
    /// `status`: `open`, `won` or `lost`.
    Status,
    /// `pipeline`: its id.
    Pipeline,
    /// `stage`: its id.
    Stage,
    /// `value_cents`: a number of the smallest unit of its currency.
    ValueCents,
    /// `tags`: any of them.
    Tags,
    /// `age_days`: whole days since it was made.
    AgeDays,
    /// `stage_days`: whole days in its stage.
    StageDays,
    /// `idle_days`: whole days since the last activity; absent when there was none.
    IdleDays,
    /// `close_days`: whole days until it is expected to be decided, negative when that is over.
    CloseDays,
    /// `custom.` and a key.
    Custom(String),
}

const NAMED: [(&str, LeadField); 19] = [
    ("title", LeadField::Title),
    ("contact_name", LeadField::ContactName),
    ("contact_email", LeadField::ContactEmail),
    ("contact_phone", LeadField::ContactPhone),
    ("company_name", LeadField::CompanyName),
    ("cnpj", LeadField::Cnpj),
    ("client", LeadField::Client),
    ("owner", LeadField::Owner),
    ("source", LeadField::Source),
    ("source_detail", LeadField::SourceDetail),
    ("status", LeadField::Status),
    ("pipeline", LeadField::Pipeline),
    ("stage", LeadField::Stage),
    ("value_cents", LeadField::ValueCents),
    ("tags", LeadField::Tags),
    ("age_days", LeadField::AgeDays),
    ("stage_days", LeadField::StageDays),
    ("idle_days", LeadField::IdleDays),
    ("close_days", LeadField::CloseDays),
];

impl LeadField {
    /// What it is of `lead`; null when it is absent.
    pub(super) fn value(&self, lead: &Lead, now: Timestamp) -> Value {
        fn text(value: Option<&impl ToString>) -> Value {
            value.map_or(Value::Null, |value| Value::String(value.to_string()))
        }
        match self {
            Self::Title => text(Some(&lead.title)),
            Self::ContactName => text(lead.contact_name.as_ref()),
            Self::ContactEmail => text(lead.contact_email.as_ref().map(|email| email.as_str()).as_ref()),
            Self::ContactPhone => text(lead.contact_phone.as_ref()),
            Self::CompanyName => text(lead.company_name.as_ref()),
            Self::Cnpj => text(lead.cnpj.as_ref().map(|cnpj| cnpj.plain()).as_ref()),
            Self::Client => text(lead.client_id.as_ref()),
            Self::Owner => text(lead.owner_id.as_ref()),
            Self::Source => text(Some(&lead.source.as_str())),
            Self::SourceDetail => text(lead.source_detail.as_ref()),
            Self::Status => text(Some(&lead.status.as_str())),
            Self::Pipeline => text(Some(&lead.pipeline_id)),
            Self::Stage => text(Some(&lead.stage_id)),
            Self::ValueCents => Value::from(lead.value.cents),
            Self::Tags => Value::from(lead.tags.clone()),
            Self::AgeDays => days(Some(lead.created_at), now),
            Self::StageDays => days(Some(lead.stage_since), now),
            Self::IdleDays => days(lead.last_activity_at, now),
            Self::CloseDays => match lead.expected_close {
                Some(close) => Value::from(whole_days(now, close)),
                None => Value::Null,
            },
            Self::Custom(key) => lead.custom.get(key).cloned().unwrap_or(Value::Null),
        }
    }
}

fn days(since: Option<Timestamp>, now: Timestamp) -> Value {
    since.map_or(Value::Null, |since| Value::from(whole_days(since, now).max(0)))
}

fn whole_days(from: Timestamp, to: Timestamp) -> i64 {
    to.as_secs().saturating_sub(from.as_secs()).div_euclid(86_400)
}

impl FromStr for LeadField {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(key) = text.strip_prefix("custom.").filter(|key| !key.is_empty()) {
            return Ok(Self::Custom(key.to_owned()));
        }
        NAMED
            .into_iter()
            .find_map(|(name, field)| (name == text).then_some(field))
            .ok_or("must be a field of a lead, or custom. and a key")
    }
}

impl TryFrom<String> for LeadField {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for LeadField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Custom(key) = self {
            return write!(f, "custom.{key}");
        }
        let name = NAMED
            .iter()
            .find_map(|(name, field)| (field == self).then_some(*name));
        f.write_str(name.unwrap_or_default())
    }
}

impl From<LeadField> for String {
    fn from(field: LeadField) -> Self {
        field.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::{LeadField, NAMED};

    #[test]
    fn names_go_both_ways() {
        let custom = ("custom.size", LeadField::Custom("size".to_owned()));
        for (name, field) in NAMED.into_iter().chain([custom]) {
            assert_eq!(name.parse(), Ok(field.clone()));
            assert_eq!(field.to_string(), name);
        }
        assert!("custom.".parse::<LeadField>().is_err());
        assert!("secret".parse::<LeadField>().is_err());
    }
}
