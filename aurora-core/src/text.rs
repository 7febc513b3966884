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
