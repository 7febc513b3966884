//! From what stands in a file or a variable to a typed value.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;

use crate::secret::Secret;

/// A value as it was written, before anything is known of its type: it may be a secret, so it is held as one.
#[derive(Debug, Clone)]
pub(super) enum Raw {
    /// Text: from a variable, from the command line, or in quotes.
    Text(Secret),
    /// A number or a boolean of a TOML file.
    Bare(Secret),
    /// An array of texts of a TOML file.
    List(Vec<Secret>),
}

impl Raw {
    pub(super) fn text(text: impl Into<Secret>) -> Self {
        Self::Text(text.into())
    }

    /// The text of anything but a list.
    pub(super) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bare(text) => Some(text.expose().trim()),
            Self::List(_) => None,
        }
    }

    /// How a value that is no secret is shown to people. An address may hold a password all the same.
    pub(super) fn shown(&self) -> String {
        let shown = match self {
            Self::Text(text) => format!("{:?}", text.expose()),
            Self::Bare(text) => text.expose().to_owned(),
            Self::List(items) => format!("{:?}", items.iter().map(Secret::expose).collect::<Vec<_>>()),
        };
        if shown.contains(':') && shown.contains('@') {
            "an address that is not shown, for it may hold a password".to_owned()
        } else {
            shown
        }
    }

    /// Whether the same was written.
    pub(super) fn is_written_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(two)) | (Self::Bare(one), Self::Bare(two)) => {
                one.expose() == two.expose()
            }
            (Self::List(one), Self::List(two)) => {
                one.iter().map(Secret::expose).eq(two.iter().map(Secret::expose))
            }
            _ => false,
        }
    }
}

/// What kind of value a setting takes, for the templates and the schema.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    Flag,
    Whole { most: u64 },
    Number,
    Text,
    Address,
    List,
    Duration,
    Choice(&'static [&'static str]),
}

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What is allowed, to follow the words "allowed is".
    const ALLOWED: &'static str;
    /// A value such as a template shows where there is no default.
    const EXAMPLE: &'static str;
    const KIND: Kind;
    const IS_SECRET: bool = false;
    const IS_REQUIRED: bool = true;

    /// The value, or nothing when it is not allowed.
    fn read(raw: &Raw) -> Option<Self>;

    /// The value as a file would hold it; never asked of a secret.
    fn json(&self) -> Json;

    /// What stands for a setting that nobody set; nothing when it has to be set.
    fn absent() -> Option<Self> {
        None
    }
}

/// The value that something written stands for, as a file would hold it.
pub(super) fn json_of<T: Value>(raw: &Raw) -> Option<Json> {
    T::read(raw).map(|value| value.json())
}

impl<T: Value> Value for Option<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const EXAMPLE: &'static str = T::EXAMPLE;
    const KIND: Kind = T::KIND;
    const IS_SECRET: bool = T::IS_SECRET;
    const IS_REQUIRED: bool = false;

    fn read(raw: &Raw) -> Option<Self> {
        T::read(raw).map(Some)
    }

    fn json(&self) -> Json {
        self.as_ref().map_or(Json::Null, Value::json)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Value for bool {
    const ALLOWED: &'static str = "true or false";
    const EXAMPLE: &'static str = "true";
    const KIND: Kind = Kind::Flag;

    fn read(raw: &Raw) -> Option<Self> {
        match raw.scalar()?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for u16 {
    const ALLOWED: &'static str = "a whole number from 0 to 65535";
    const EXAMPLE: &'static str = "1";
    const KIND: Kind = Kind::Whole { most: 65_535 };

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?.parse().ok()
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for u32 {
    const ALLOWED: &'static str = "a whole number from 0 to 4294967295";
    const EXAMPLE: &'static str = "1";
    const KIND: Kind = Kind::Whole { most: 4_294_967_295 };

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?.replace('_', "").parse().ok()
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for u64 {
    const ALLOWED: &'static str = "a whole number of 0 or more";
    const EXAMPLE: &'static str = "1";
    // What a TOML file can hold.
    const KIND: Kind = Kind::Whole {
        most: i64::MAX as Self,
    };

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?.replace('_', "").parse().ok()
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for f64 {
    const ALLOWED: &'static str = "a number";
    const EXAMPLE: &'static str = "1.5";
    const KIND: Kind = Kind::Number;

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?
            .parse()
            .ok()
            .filter(|number: &Self| number.is_finite())
    }

    fn json(&self) -> Json {
        Json::from(*self)
    }
}

impl Value for String {
    const ALLOWED: &'static str = "a text, in quotes in a file";
    const EXAMPLE: &'static str = "text";
    const KIND: Kind = Kind::Text;

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(_) => raw.scalar().filter(|text| !text.is_empty()).map(str::to_owned),
            _ => None,
        }
    }

    fn json(&self) -> Json {
        Json::from(self.as_str())
    }
}

impl Value for PathBuf {
    const ALLOWED: &'static str = "a path, in quotes in a file";
    const EXAMPLE: &'static str = "path/to/file";
    const KIND: Kind = Kind::Text;

    fn read(raw: &Raw) -> Option<Self> {
        String::read(raw).map(Self::from)
    }

    fn json(&self) -> Json {
        Json::from(self.to_string_lossy())
    }
}

impl Value for Vec<String> {
    const ALLOWED: &'static str = "a list: texts with commas between them or as a JSON array in a variable, an array of texts in a file";
    const EXAMPLE: &'static str = "one,two";
    const KIND: Kind = Kind::List;

    fn read(raw: &Raw) -> Option<Self> {
        let trimmed = |items: &mut dyn Iterator<Item = &str>| {
            let items = items.map(str::trim).filter(|item| !item.is_empty());
            items.map(str::to_owned).collect()
        };
        match raw {
            Raw::Text(text) if text.expose().trim_start().starts_with('[') => {
                let items: Self = serde_json::from_str(text.expose()).ok()?;
                Some(trimmed(&mut items.iter().map(String::as_str)))
            }
            Raw::Text(text) => Some(trimmed(&mut text.expose().split(','))),
            Raw::List(items) => Some(trimmed(&mut items.iter().map(Secret::expose))),
            Raw::Bare(_) => None,
        }
    }

    fn json(&self) -> Json {
        Json::from(self.as_slice())
    }
}

impl Value for Secret {
    const ALLOWED: &'static str = "a text, in quotes in a file, also when it is all digits";
    const EXAMPLE: &'static str = "a-secret";
    const KIND: Kind = Kind::Text;
    const IS_SECRET: bool = true;

    fn read(raw: &Raw) -> Option<Self> {
        // Only as text: read as a number, `007` would become `7`.
        match raw {
            Raw::Text(text) if !text.expose().is_empty() => Some(text.clone()),
            _ => None,
        }
    }

    fn json(&self) -> Json {
        Json::from(self.to_string()) // redacted, should it ever be asked
    }
}

impl Value for IpAddr {
    const ALLOWED: &'static str = "an IP address such as 127.0.0.1 or ::1, or localhost";
    const EXAMPLE: &'static str = "127.0.0.1";
    const KIND: Kind = Kind::Address;

    fn read(raw: &Raw) -> Option<Self> {
        match raw.scalar()? {
            "localhost" => Some(Self::V4(Ipv4Addr::LOCALHOST)),
            text => text.trim_start_matches('[').trim_end_matches(']').parse().ok(),
        }
    }

    fn json(&self) -> Json {
        Json::from(self.to_string())
    }
}

impl Value for Duration {
    const ALLOWED: &'static str =
        "a duration from 1ms to 24h: seconds such as 2.5, or with a unit such as 500ms, 10s, 5m, 1h";
    const EXAMPLE: &'static str = "10s";
    const KIND: Kind = Kind::Duration;

    fn read(raw: &Raw) -> Option<Self> {
        let text = raw.scalar()?;
        let unit_at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(unit_at)?;
        let scale = match unit {
            "ms" => 0.001,
            "s" | "" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        let seconds: f64 = number.trim().parse().ok()?;
        let duration = Self::try_from_secs_f64(seconds * scale).ok()?;
        (Self::from_millis(1)..=Self::from_secs(86_400))
            .contains(&duration)
            .then_some(duration)
    }

    /// In the largest unit that shows it whole.
    fn json(&self) -> Json {
        let millis = self.as_millis();
        let in_unit = |size: u128, unit: &str| {
            millis
                .is_multiple_of(size)
                .then(|| Json::from(format!("{}{unit}", millis / size)))
        };
        in_unit(3_600_000, "h")
            .or_else(|| in_unit(60_000, "m"))
            .or_else(|| in_unit(1_000, "s"))
            .unwrap_or_else(|| Json::from(format!("{millis}ms")))
    }
}

/// Makes a [`Value`] of an enum whose variants each have one or more names, upper or lower case; the first is shown.
macro_rules! choice {
    ($type:ident, $allowed:literal, { $($first:literal $(| $other:literal)* => $variant:ident),+ $(,)? }) => {
        impl $crate::config::value::Value for $type {
            const ALLOWED: &'static str = $allowed;
            const EXAMPLE: &'static str = [$($first),+][0];
            const KIND: $crate::config::value::Kind = $crate::config::value::Kind::Choice(&[$($first),+]);

            fn read(raw: &$crate::config::value::Raw) -> Option<Self> {
                let text = raw.scalar()?;
                $(if [$first $(, $other)*].iter().any(|name| text.eq_ignore_ascii_case(name)) {
                    return Some(Self::$variant);
                })+
                None
            }

            fn json(&self) -> ::serde_json::Value {
                ::serde_json::Value::from(match self {
                    $(Self::$variant => $first,)+
                })
            }
        }
    };
}
pub(super) use choice;
