//! The table of settings: what each is called, allows and means.

use serde_json::Value as Json;

use super::narrowing::{Form, Only};
use super::settings::Settings;
use super::value::{Kind, Raw};

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
    /// Each secret has a further one with `_FILE` at its end, which names a file that holds it.
    pub variables: &'static [&'static str],
    /// Whether its value is never shown.
    pub is_secret: bool,
    /// Whether it has to be set because there is no default.
    pub is_required: bool,
    pub(super) only: Option<Only>,
    /// How each of the variables is read, where that is not plain.
    pub(super) forms: &'static [Option<Form>],
    pub(super) kind: Kind,
    /// A value that is allowed, as it would be written in a variable.
    pub(super) example: &'static str,
    /// What something written stands for, as a file would hold it; nothing when it is not allowed.
    pub(super) json: fn(&Raw) -> Option<Json>,
}

/// A section of the settings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Section {
    /// Dotted key with a dot at its end; empty for the settings that are in no section.
    pub(super) prefix: &'static str,
    pub(super) about: &'static str,
    pub(super) rows: &'static [Setting],
}

impl Setting {
    /// The value that something written stands for, when it is allowed.
    pub(super) fn value_of(&self, raw: &Raw) -> Option<Json> {
        let fits = self.only.is_none_or(|only| (only.holds)(raw));
        (self.json)(raw).filter(|_| fits)
    }

    /// Whether two writings stand for the same value.
    pub(super) fn is_same(&self, one: &Raw, two: &Raw) -> bool {
        one.is_written_like(two)
            || !self.is_secret && {
                let (one, two) = (self.value_of(one), self.value_of(two));
                one.is_some() && one == two
            }
    }

    /// Whether `key` is this setting, with a name in the place of `*`.
    pub(super) fn is_at(&self, key: &str) -> bool {
        if !self.key.contains('*') {
            return self.key == key;
        }
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

/// All settings, section by section.
#[must_use]
pub fn catalogue() -> Vec<&'static Setting> {
    sections().into_iter().flat_map(|section| section.rows).collect()
}

/// All sections, each before those inside it.
pub(super) fn sections() -> Vec<Section> {
    let mut sections = Vec::new();
    Settings::sections(&mut sections);
    sections
}

/// Declares a section of the settings: its struct, its rows in the table, and how it is read.
///
/// A row is `name: Type = "default", from ["PLAIN_VARIABLE", "ANOTHER" as FORM], only NARROWING;` under its description;
/// all but name and type can be left out.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        $name:ident at $prefix:literal {
            $(
                $(#[doc = $doc:literal])+
                $field:ident: $type:ty
                    $(= $default:literal)?
                    $(, from [$($variable:literal $(as $form:path)?),+])?
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
                    Some($crate::config::narrowing::Only { allowed, .. }) => allowed,
                    None => <$type as $crate::config::value::Value>::ALLOWED,
                },
                default: $crate::config::setting::section!(@optional $($default)?),
                variables: &[$($($variable),+)?],
                is_secret: <$type as $crate::config::value::Value>::IS_SECRET,
                is_required: <$type as $crate::config::value::Value>::IS_REQUIRED
                    && $crate::config::setting::section!(@is_left_out $($default)?),
                only: $crate::config::setting::section!(@optional $($only)?),
                forms: &[$($($crate::config::setting::section!(@optional $($form)?)),+)?],
                kind: <$type as $crate::config::value::Value>::KIND,
                example: match $crate::config::setting::section!(@optional $($only)?) {
                    Some($crate::config::narrowing::Only { example, .. }) => example,
                    None => <$type as $crate::config::value::Value>::EXAMPLE,
                },
                json: $crate::config::value::json_of::<$type>,
            }),*];

            pub(in $crate::config) fn sections(sections: &mut Vec<$crate::config::setting::Section>) {
                sections.push($crate::config::setting::Section {
                    prefix: $prefix,
                    about: concat!($($about),+).trim_ascii(),
                    rows: Self::ROWS,
                });
                $($($section_type::sections(sections);)+)?
                $($($named_type::sections(sections);)+)?
            }

            /// Reads every field, so that every problem is found, before it gives up.
            pub(in $crate::config) fn read(reader: &mut $crate::config::reader::Reader<'_>, prefix: &str) -> Option<Self> {
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
    (@is_left_out) => { true };
    (@is_left_out $value:expr) => { false };
    (@optional) => { None };
    (@optional $value:expr) => { Some($value) };
}
pub(super) use section;
