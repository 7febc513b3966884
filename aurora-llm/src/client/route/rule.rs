//! Rules: which requests go where, as data.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::strategy::Strategy;
use crate::client::options::Caller;
use crate::provider::Capabilities;

/// What a rule may know of a request.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Attributes<'a> {
    /// The model or alias that the request names.
    pub model: Option<&'a str>,
    /// The provider that the request names.
    pub provider: Option<&'a str>,
    /// For whom the call is made.
    pub caller: &'a Caller,
    /// The labels of the request.
    pub metadata: &'a BTreeMap<String, String>,
    /// What the request needs: tools, images, streaming and so on.
    pub needs: Capabilities,
    /// How many tokens the request has, by estimate.
    pub input_tokens: u64,
}

/// When a rule applies. Texts are compared exactly, or with a trailing `*` as a prefix.
///
/// # Examples
/// ```
/// use aurora_llm::client::Condition;
///
/// let by_hand = Condition::tenant("wsp_*").and(Condition::InputTokensAbove(8_000)).and(!Condition::Images);
/// let from_settings: Condition =
///     serde_json::from_str(r#"{"all": [{"tenant": "wsp_*"}, {"input_tokens_above": 8000}, {"not": "images"}]}"#)?;
/// assert_eq!(format!("{by_hand:?}"), format!("{from_settings:?}"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// Always.
    Always,
    /// All of these hold; so does an empty list.
    All(Vec<Self>),
    /// One of these holds.
    Any(Vec<Self>),
    /// This does not hold.
    Not(Box<Self>),
    /// The request names such a model or alias.
    Model(String),
    /// The request names such a provider.
    Provider(String),
    /// It is made for such a tenant.
    Tenant(String),
    /// It is made for such a user.
    User(String),
    /// The caller came by such a virtual key.
    Key(String),
    /// The request has such a label.
    Metadata {
        /// The label's name, exactly.
        name: String,
        /// What it says.
        value: String,
    },
    /// It offers tools.
    Tools,
    /// It has pictures.
    Images,
    /// It has documents.
    Documents,
    /// It has sound.
    Audio,
    /// It wants JSON, with or without a schema.
    Json,
    /// It wants the model to think.
    Reasoning,
    /// The answer is streamed.
    Streaming,
    /// It has more tokens than this, by estimate.
    InputTokensAbove(u64),
    /// Whatever a function says; settings cannot have it.
    #[serde(skip)]
    Custom(Predicate),
}

/// A function of the application that looks at a request.
#[derive(Clone)]
pub struct Predicate(Arc<dyn Fn(&Attributes<'_>) -> bool + Send + Sync>);

impl fmt::Debug for Predicate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Predicate")
    }
}

impl Condition {
    /// The request names such a model or alias.
    pub fn model(pattern: impl Into<String>) -> Self {
        Self::Model(pattern.into())
    }

    /// The call is made for such a tenant.
    pub fn tenant(pattern: impl Into<String>) -> Self {
        Self::Tenant(pattern.into())
    }

    /// The call is made for such a user.
    pub fn user(pattern: impl Into<String>) -> Self {
        Self::User(pattern.into())
    }

    /// The caller came by such a virtual key.
    pub fn key(pattern: impl Into<String>) -> Self {
        Self::Key(pattern.into())
    }

    /// The request has such a label.
    pub fn metadata(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::Metadata {
            name: name.into(),
            value: value.into(),
        }
    }

    /// Whatever `predicate` says. It is asked for every call, so it must be quick.
    pub fn custom(predicate: impl Fn(&Attributes<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::Custom(Predicate(Arc::new(predicate)))
    }

    /// Both hold.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut all) => {
                all.push(other);
                Self::All(all)
            }
            one => Self::All(vec![one, other]),
        }
    }

    /// One of both holds.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match self {
            Self::Any(mut any) => {
                any.push(other);
                Self::Any(any)
            }
            one => Self::Any(vec![one, other]),
        }
    }

    /// Whether it holds for a request.
    #[must_use]
    pub fn holds(&self, of: &Attributes<'_>) -> bool {
        let is = |pattern: &str, text: Option<&str>| text.is_some_and(|text| matches(pattern, text));
        match self {
            Self::Always => true,
            Self::All(all) => all.iter().all(|one| one.holds(of)),
            Self::Any(any) => any.iter().any(|one| one.holds(of)),
            Self::Not(one) => !one.holds(of),
            Self::Model(pattern) => is(pattern, of.model),
            Self::Provider(pattern) => is(pattern, of.provider),
            Self::Tenant(pattern) => is(pattern, of.caller.tenant.as_deref()),
            Self::User(pattern) => is(pattern, of.caller.user.as_deref()),
            Self::Key(pattern) => is(pattern, of.caller.key.as_deref()),
            Self::Metadata { name, value } => is(value, of.metadata.get(name).map(String::as_str)),
            Self::Tools => of.needs.tools,
            Self::Images => of.needs.images,
            Self::Documents => of.needs.documents,
            Self::Audio => of.needs.audio,
            Self::Json => of.needs.json_object || of.needs.json_schema,
            Self::Reasoning => of.needs.reasoning,
            Self::Streaming => of.needs.streaming,
            Self::InputTokensAbove(tokens) => of.input_tokens > *tokens,
            Self::Custom(Predicate(says)) => says(of),
        }
    }
}

impl std::ops::Not for Condition {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// Sends requests of one kind somewhere of their own. Of several rules the first that holds counts.
///
/// A rule that names targets or an alias wins over the model that the request names; the provider that a request names
/// stays a condition for all.
///
/// # Examples
/// ```
/// use aurora_llm::client::{Condition, Rule, Strategy};
///
/// let by_hand = Rule::when(Condition::Images).to_targets(["gemini/flash", "openai/mini"]).by(Strategy::LowestCost);
/// let from_settings: Rule = serde_json::from_str(
///     r#"{"when": "images", "targets": ["gemini/flash", "openai/mini"], "strategy": "lowest_cost"}"#,
/// )?;
/// assert_eq!(format!("{by_hand:?}"), format!("{from_settings:?}"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct Rule {
    pub(super) when: Condition,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) targets: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) strategy: Option<Strategy>,
}

impl Rule {
    /// A rule for requests of which `condition` holds.
    pub const fn when(condition: Condition) -> Self {
        Self {
            when: condition,
            targets: Vec::new(),
            alias: None,
            strategy: None,
        }
    }

    /// They go to these targets, by their names, in this order unless a strategy says otherwise.
    pub fn to_targets<N: Into<String>>(mut self, targets: impl IntoIterator<Item = N>) -> Self {
        self.targets.extend(targets.into_iter().map(Into::into));
        self
    }

    /// They go where this alias goes.
    pub fn to_alias(mut self, alias: impl Into<String>) -> Self {
        self.alias = Some(alias.into());
        self
    }

    /// Their targets are tried in the order of this strategy.
    pub const fn by(mut self, strategy: Strategy) -> Self {
        self.strategy = Some(strategy);
        self
    }
}

/// Whether `text` is `pattern`, or begins with it when it ends in `*`.
pub(in crate::client) fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => text.starts_with(prefix),
        None => text == pattern,
    }
}
