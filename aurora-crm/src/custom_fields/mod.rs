//! Fields of a workspace's own (`campos personalizados`): what they are called, and which values they take.

mod input;
mod rules;
pub(crate) mod sql;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;
use crate::store::Store;

pub use self::input::{CustomFieldChange, NewCustomField};
pub(crate) use self::rules::Rules;
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;

/// Names the definition of a field: `cfd_` and 32 hexadecimal digits.
pub type CustomFieldId = Id<CustomField>;

/// The definition of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CustomField {
    /// Its name for programs.
    pub id: CustomFieldId,
    /// What has this field.
    pub applies_to: CustomFieldTarget,
    /// The key under which values are kept; it cannot be changed.
    pub key: String,
    /// What people see.
    pub label: String,
    /// Which values it takes; it cannot be changed.
    pub kind: CustomFieldKind,
    /// Whether it must be there when a client is made, and when its own fields are set.
    pub required: bool,
    /// What can be chosen, for the two kinds of choice.
    pub options: Vec<String>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for CustomField {
    const PREFIX: &'static str = "cfd";
}

/// What has a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CustomFieldTarget {
    /// Clients.
    Client,
    /// Leads.
    Lead,
}

impl CustomFieldTarget {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Lead => "lead",
        }
    }
}

impl FromStr for CustomFieldTarget {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "client" => Ok(Self::Client),
            "lead" => Ok(Self::Lead),
            _ => Err("a field is one of clients or leads"),
        }
    }
}

/// Which values a field takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CustomFieldKind {
    /// Text of up to 2,000 characters.
    Text,
    /// A JSON number.
    Number,
    /// A day as `2026-11-29`, from 1880 on.
    Date,
    /// `true` or `false`.
    Boolean,
    /// One of the options.
    Choice,
    /// A list of different options.
    MultiChoice,
    /// A web address with `http` or `https`, up to 2,000 characters.
    Url,
}

impl CustomFieldKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Choice => "choice",
            Self::MultiChoice => "multi_choice",
            Self::Url => "url",
        }
    }

    pub(crate) const fn has_options(self) -> bool {
        matches!(self, Self::Choice | Self::MultiChoice)
    }
}

impl FromStr for CustomFieldKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "number" => Ok(Self::Number),
            "date" => Ok(Self::Date),
            "boolean" => Ok(Self::Boolean),
            "choice" => Ok(Self::Choice),
            "multi_choice" => Ok(Self::MultiChoice),
            "url" => Ok(Self::Url),
            _ => Err("a kind of field that this program does not know"),
        }
    }
}

/// What becomes of keys that no definition names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndefinedFields {
    /// They are kept, with any value.
    #[default]
    Allow,
    /// They are refused.
    Refuse,
}

impl UndefinedFields {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Refuse => "refuse",
        }
    }
}

impl FromStr for UndefinedFields {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "allow" => Ok(Self::Allow),
            "refuse" => Ok(Self::Refuse),
            _ => Err("undefined fields are allowed or refused"),
        }
    }
}

/// What can be done with the fields of a workspace's own; a cheap handle.
#[derive(Debug, Clone)]
pub struct CustomFields {
    store: Store,
}

impl CustomFields {
    /// The most definitions for one target in a workspace; also the most keys that an object of values can have.
    pub const MAX: usize = 64;

    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Defines a field. Values that are stored already are not looked at.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, also when there are [`Self::MAX`] already; `AlreadyExists` when the key is taken;
    /// `NotFound` when the workspace does not exist.
    pub async fn define(&self, context: &Context, new: NewCustomField) -> Result<CustomField, Error> {
        let now = self.store.now();
        let field = new.check(CustomFieldId::new(now), now)?;
        let work = sql::insert(&self.store, context, &field);
        self.store.run(context, "custom_fields.define", work).await?;
        Ok(field)
    }

    /// Changes what may be changed of a definition that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when somebody was faster; `Invalid` with every wrong field.
    pub async fn update(
        &self,
        context: &Context,
        id: CustomFieldId,
        expected_version: i64,
        change: CustomFieldChange,
    ) -> Result<CustomField, Error> {
        let work = sql::update(&self.store, context, id, expected_version, change);
        self.store.run(context, "custom_fields.update", work).await
    }

    /// Removes a definition. Values that are stored stay, as those of an undefined field.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when somebody was faster.
    pub async fn remove(
        &self,
        context: &Context,
        id: CustomFieldId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "custom_fields.remove", work).await
    }

    /// All definitions for a target, by key.
    ///
    /// # Errors
    /// `NotFound` when the workspace does not exist.
    pub async fn list(
        &self,
        context: &Context,
        target: CustomFieldTarget,
    ) -> Result<Vec<CustomField>, Error> {
        let work = async { Ok(sql::read_rules(&self.store, context, target).await?.into_fields()) };
        self.store.run(context, "custom_fields.list", work).await
    }

    /// What becomes of keys that no definition names.
    ///
    /// # Errors
    /// `NotFound` when the workspace does not exist.
    pub async fn undefined(&self, context: &Context) -> Result<UndefinedFields, Error> {
        let work = async {
            let rules = sql::read_rules(&self.store, context, CustomFieldTarget::Client).await?;
            Ok(rules.undefined())
        };
        self.store.run(context, "custom_fields.undefined", work).await
    }

    /// The same with its version; 0 while nothing was ever said.
    ///
    /// # Errors
    /// `NotFound` when the workspace does not exist.
    pub async fn stored_undefined(&self, context: &Context) -> Result<(UndefinedFields, i64), Error> {
        let work = sql::undefined(&self.store, context);
        self.store.run(context, "custom_fields.undefined", work).await
    }

    /// Says what becomes of keys that no definition names, from now on, whatever was said before.
    ///
    /// # Errors
    /// `NotFound` when the workspace does not exist.
    pub async fn set_undefined(&self, context: &Context, undefined: UndefinedFields) -> Result<(), Error> {
        let work = sql::set_undefined(&self.store, context, undefined, None);
        let said = self.store.run(context, "custom_fields.set_undefined", work);
        said.await.map(drop)
    }

    /// Says it if it is still as it was read: at `expected_version`. Gives the new version.
    ///
    /// # Errors
    /// `Conflict` when somebody was faster; `NotFound` when the workspace does not exist.
    pub async fn set_undefined_at(
        &self,
        context: &Context,
        expected_version: i64,
        undefined: UndefinedFields,
    ) -> Result<i64, Error> {
        let work = sql::set_undefined(&self.store, context, undefined, Some(expected_version));
        self.store.run(context, "custom_fields.set_undefined", work).await
    }
}
