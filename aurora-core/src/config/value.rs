//! From what stands in a file or a variable to a typed value.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use crate::secret::Secret;

/// A value as it was written, before anything is known of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Raw {
    /// Text: from a variable, from the command line, or in quotes.
    Text(String),
    /// A number or a boolean of a TOML file.
    Bare(String),
    /// An array of texts of a TOML file.
    List(Vec<String>),
}

impl Raw {
    /// The text of anything but a list.
    pub(super) fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Bare(text) => Some(text.trim()),
            Self::List(_) => None,
        }
    }

    /// How the value is shown to people.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Bare(text) => text.clone(),
            Self::List(items) => format!("{items:?}"),
        }
    }
}

/// A type that a setting can have.
pub(super) trait Value: Sized {
    /// What is allowed, to follow the words "allowed is".
    const ALLOWED: &'static str;
    const IS_SECRET: bool = false;
    const IS_REQUIRED: bool = true;

    /// The value, or nothing when it is not allowed.
    fn read(raw: &Raw) -> Option<Self>;

    /// What stands for a setting that nobody set; nothing when it has to be set.
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Value> Value for Option<T> {
    const ALLOWED: &'static str = T::ALLOWED;
    const IS_SECRET: bool = T::IS_SECRET;
    const IS_REQUIRED: bool = false;

    fn read(raw: &Raw) -> Option<Self> {
        T::read(raw).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl Value for bool {
    const ALLOWED: &'static str = "true or false";

    fn read(raw: &Raw) -> Option<Self> {
        match raw.scalar()?.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Some(true),
            "false" | "0" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl Value for u16 {
    const ALLOWED: &'static str = "a whole number from 0 to 65535";

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?.parse().ok()
    }
}

impl Value for u64 {
    const ALLOWED: &'static str = "a whole number of 0 or more";

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?.replace('_', "").parse().ok()
    }
}

impl Value for f64 {
    const ALLOWED: &'static str = "a number";

    fn read(raw: &Raw) -> Option<Self> {
        raw.scalar()?
            .parse()
            .ok()
            .filter(|number: &Self| number.is_finite())
    }
}

impl Value for String {
    const ALLOWED: &'static str = "a text, in quotes in a file";

    fn read(raw: &Raw) -> Option<Self> {
        match raw {
            Raw::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            _ => None,
        }
    }
}

impl Value for PathBuf {
    const ALLOWED: &'static str = "a path, in quotes in a file";

    fn read(raw: &Raw) -> Option<Self> {
        String::read(raw).map(Self::from)
    }
}

impl Value for Vec<String> {
    const ALLOWED: &'static str = "a list: texts with commas between them, or an array of texts in a file";

    fn read(raw: &Raw) -> Option<Self> {
        let items: Vec<&str> = match raw {
            Raw::Text(text) => text.split(',').collect(),
            Raw::List(items) => items.iter().map(String::as_str).collect(),
            Raw::Bare(_) => return None,
        };
        let items = items.into_iter().map(str::trim).filter(|item| !item.is_empty());
        Some(items.map(str::to_owned).collect())
    }
}

impl Value for Secret {
    const ALLOWED: &'static str = "a text, in quotes in a file, also when it is all digits";
    const IS_SECRET: bool = true;

    fn read(raw: &Raw) -> Option<Self> {
        // Only as text: read as a number, `007` would become `7`.
        match raw {
            Raw::Text(text) if !text.is_empty() => Some(Self::new(text)),
            _ => None,
        }
    }
}

impl Value for IpAddr {
    const ALLOWED: &'static str = "an IP address such as 127.0.0.1 or ::1, or localhost";

    fn read(raw: &Raw) -> Option<Self> {
        match raw.scalar()? {
            "localhost" => Some(Self::V4(Ipv4Addr::LOCALHOST)),
            text => text.trim_start_matches('[').trim_end_matches(']').parse().ok(),
        }
    }
}

impl Value for Duration {
    const ALLOWED: &'static str =
        "a duration from 1ms to 24h: seconds such as 2.5, or with a unit such as 500ms, 10s, 5m, 1h";

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
}

/// Makes a [`Value`] of an enum whose variants each have one or more names, upper or lower case.
macro_rules! choice {
    ($type:ident, $allowed:literal, { $($($name:literal)|+ => $variant:ident),+ $(,)? }) => {
        impl $crate::config::value::Value for $type {
            const ALLOWED: &'static str = $allowed;

            fn read(raw: &$crate::config::value::Raw) -> Option<Self> {
                match raw.scalar()?.to_ascii_lowercase().as_str() {
                    $($($name)|+ => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use choice;
