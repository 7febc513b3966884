use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A language whose words are understood: folded, without stop words, stemmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Language {
    /// Portuguese.
    #[default]
    #[serde(rename = "pt")]
    Portuguese,
    /// English.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The name used in JSON and in the database: `pt` or `en`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portuguese => "pt",
            Self::English => "en",
        }
    }

    /// The language that a text is in, told by its commonest words; Portuguese when nothing tells.
    #[must_use]
    pub fn detect(text: &str) -> Self {
        super::lexical::detect(text)
    }
}

impl FromStr for Language {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pt" => Ok(Self::Portuguese),
            "en" => Ok(Self::English),
            _ => Err("a language is pt or en"),
        }
    }
}
