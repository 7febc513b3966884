//! Values that travel as text.

#[doc(hidden)]
pub use serde;

/// Serialises a type as the text that its `Display` shows, or as another one, and reads it back with its `FromStr`.
///
/// # Examples
/// ```
/// use std::{fmt, num::ParseIntError, str::FromStr};
///
/// struct Room(u16);
/// impl fmt::Display for Room {
///     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
///         write!(f, "{:03}", self.0)
///     }
/// }
/// impl FromStr for Room {
///     type Err = ParseIntError;
///     fn from_str(text: &str) -> Result<Self, ParseIntError> {
///         text.parse().map(Self)
///     }
/// }
/// aurora_core::serde_as_text!(Room);
///
/// assert_eq!(serde_json::to_string(&Room(7))?, "\"007\"");
/// assert_eq!(serde_json::from_str::<Room>("\"007\"")?.0, 7);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[macro_export]
macro_rules! serde_as_text {
    ($type:ty) => {
        $crate::serde_as_text!($type, |value| value);
    };
    ($type:ty, |$value:ident| $text:expr) => {
        impl $crate::text::serde::Serialize for $type {
            fn serialize<S: $crate::text::serde::Serializer>(
                &self,
                serializer: S,
            ) -> Result<S::Ok, S::Error> {
                let $value = self;
                serializer.collect_str(&$text)
            }
        }

        impl<'de> $crate::text::serde::Deserialize<'de> for $type {
            fn deserialize<D: $crate::text::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                let text = <String as $crate::text::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err($crate::text::serde::de::Error::custom)
            }
        }
    };
}

/// What a reader of JSON says that it expected, in words of JSON rather than Rust; `None` when it does not say.
///
/// The reader's own text repeats the value that it met; this does not.
///
/// # Examples
/// ```
/// let error = serde_json::from_str::<Vec<u8>>("\"hunter2\"").unwrap_err();
/// assert_eq!(aurora_core::text::wanted(&error.to_string()).unwrap(), "must be an array");
/// ```
#[must_use]
pub fn wanted(text: &str) -> Option<String> {
    let (_, wanted) = text.rsplit_once("expected ")?;
    let (wanted, _) = wanted.split_once(" at line ").unwrap_or((wanted, ""));
    Some(match wanted {
        "a sequence" => "must be an array".to_owned(),
        "a map" => "must be an object".to_owned(),
        "f32" | "f64" => "must be a number".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "must be a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "must be a whole number".to_owned(),
        _ if wanted.starts_with("struct ") => "must be an object".to_owned(),
        _ => format!("must be {wanted}"),
    })
}
