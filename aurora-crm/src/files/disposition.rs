//! The value of the header `Content-Disposition` (RFC 6266) for a file with any name.

use serde::{Deserialize, Serialize};

use super::MediaType;

/// The most bytes of a name in the form that old programs read.
const FALLBACK_BYTES: usize = 100;

/// How a browser is to treat a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// Save it.
    #[default]
    Attachment,
    /// Show it within its window, if it can.
    Inline,
}

impl Disposition {
    /// The same, but what can run scripts is always saved.
    #[must_use]
    pub const fn for_type(self, media_type: MediaType) -> Self {
        if media_type.is_active() {
            Self::Attachment
        } else {
            self
        }
    }

    /// The value of `Content-Disposition` for a file of this name.
    ///
    /// It is ASCII without control characters whatever the name is: the name in UTF-8 as RFC 8187 encodes it, after one
    /// in ASCII for programs that do not read that. Separators of paths become `_` (RFC 6266 §4.3).
    ///
    /// # Examples
    /// ```
    /// use aurora_crm::files::Disposition;
    ///
    /// let value = Disposition::Attachment.header_value("Laudo João.pdf");
    /// assert_eq!(value, "attachment; filename=\"Laudo Jo_o.pdf\"; filename*=UTF-8''Laudo%20Jo%C3%A3o.pdf");
    /// ```
    #[must_use]
    pub fn header_value(self, name: &str) -> String {
        let kind = match self {
            Self::Attachment => "attachment",
            Self::Inline => "inline",
        };
        let name: String = name
            .chars()
            .map(|sign| {
                if sign.is_control() || matches!(sign, '/' | '\\') {
                    '_'
                } else {
                    sign
                }
            })
            .collect();
        // RFC 6266, appendix D: no quotes, which have to be escaped, and no percent signs, which some decode.
        let fallback: String = name
            .chars()
            .map(|sign| match sign {
                '"' | '%' => '_',
                ' '..='~' => sign,
                _ => '_',
            })
            .take(FALLBACK_BYTES)
            .collect();
        let mut value = format!("{kind}; filename=\"{fallback}\"");
        if fallback != name {
            value.push_str("; filename*=UTF-8''");
            for byte in name.bytes() {
                if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
                    value.push(char::from(byte)); // attr-char of RFC 8187 §3.2.1
                } else {
                    value.push_str(&format!("%{byte:02X}"));
                }
            }
        }
        value
    }
}

#[cfg(test)]
mod tests;
