//! The table of settings: what each is called, allows and means.

use super::settings::Settings;
use super::value::Raw;

/// A setting as the table knows it.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Setting {
    /// Dotted key, with `*` in the place of a name that the configuration chooses.
    pub key: &'static str,
    /// What the setting does, in a sentence or two.
    pub about: &'static str,
    /// What is allowed.
    pub allowed: &'static str,
    /// The built-in default as it would be written in a variable.
    pub default: Option<&'static str>,
    /// Plain variables that set it, the first one strongest; `AURORA__SECTION__KEY` sets it too and wins over them.
    pub variables: &'static [&'static str],
    /// Whether its value is never shown.
    pub is_secret: bool,
    /// Whether it has to be set because there is no default.
    pub is_required: bool,
    pub(super) only: Option<Only>,
}

impl Setting {
    /// Whether `key` is this setting, with a name in the place of `*`.
    pub(super) fn is_at(&self, key: &str) -> bool {
        let mut pattern = self.key.split('.');
        let mut parts = key.split('.');
        loop {
            match (pattern.next(), parts.next()) {
                (None, None) => return true,
                (Some("*"), Some(name)) if is_name(name) => {}
                (Some(wanted), Some(found)) if wanted == found => {}
                _ => return false,
            }
        }
    }

    /// Whether `key` is a section that holds this setting.
    pub(super) fn is_below(&self, key: &str) -> bool {
        let mut pattern = self.key.split('.');
        let inside = key.split('.').all(|part| match pattern.next() {
            Some("*") => is_name(part),
            wanted => wanted == Some(part),
        });
        inside && pattern.next().is_some()
    }

    /// The `AURORA__…` variable for `key`.
    pub(super) fn variable_of(key: &str) -> String {
        format!("AURORA__{}", key.to_ascii_uppercase().replace('.', "__"))
    }
}

/// Names that the configuration chooses also stand in variables, so they keep to what both can hold.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && !text.contains("__")
}

/// A narrowing of what the type of a setting allows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Only {
    pub(super) allowed: &'static str,
    pub(super) holds: fn(&Raw) -> bool,
}

/// All settings, section by section.
#[must_use]
pub fn catalogue() -> Vec<&'static Setting> {
    let mut rows = Vec::new();
    Settings::rows(&mut rows);
    rows
}

/// Declares a section of the settings: its struct, its rows in the table, and how it is read.
///
/// A row is `name: Type = "default", from ["PLAIN_VARIABLE"], only NARROWING;` under its description; all but name and
/// type can be left out.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty
                    $(= $default:literal)?
                    $(, from [$($variable:literal),+])?
                    $(, only $only:path)?
                ;
            )*
        }
        $(sections { $($(#[doc = $section_doc:literal])+ $section:ident: $section_type:ident;)+ })?
        $(named { $($(#[doc = $named_doc:literal])+ $named:ident: $named_type:ident;)+ })?
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
            $($($(#[doc = $section_doc])+ pub $section: $section_type,)+)?
            $($($(#[doc = $named_doc])+ pub $named: ::std::collections::BTreeMap<String, $named_type>,)+)?
        }

        impl $name {
            const ROWS: &'static [$crate::config::Setting] = &[$($crate::config::Setting {
                key: concat!($prefix, stringify!($field)),
                about: concat!($($doc),+).trim_ascii(),
                allowed: match $crate::config::setting::section!(@optional $($only)?) {
                    Some($crate::config::setting::Only { allowed, .. }) => allowed,
                    None => <$type as $crate::config::value::Value>::ALLOWED,
                },
                default: $crate::config::setting::section!(@optional $($default)?),
                variables: &[$($($variable),+)?],
                is_secret: <$type as $crate::config::value::Value>::IS_SECRET,
                is_required: <$type as $crate::config::value::Value>::IS_REQUIRED,
                only: $crate::config::setting::section!(@optional $($only)?),
            }),*];

            pub(super) fn rows(rows: &mut Vec<&'static $crate::config::Setting>) {
                rows.extend(Self::ROWS);
                $($($section_type::rows(rows);)+)?
                $($($named_type::rows(rows);)+)?
            }

            /// Reads every field, so that every problem is found, before it gives up.
            pub(super) fn read(reader: &mut $crate::config::reader::Reader<'_>, prefix: &str) -> Option<Self> {
                $(let $field = reader.take(prefix, stringify!($field));)*
                $($(let $section = $section_type::read(reader, &format!("{prefix}{}.", stringify!($section)));)+)?
                $($(let $named = reader.named(&format!("{prefix}{}.", stringify!($named)), $named_type::read);)+)?
                Some(Self {
                    $($field: $field?,)*
                    $($($section: $section?,)+)?
                    $($($named: $named?,)+)?
                })
            }
        }
    };
    (@optional) => { None };
    (@optional $value:expr) => { Some($value) };
}
pub(super) use section;
