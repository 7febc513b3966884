//! The language of what is said to people: English, or Brazilian Portuguese where `Accept-Language` prefers it.

mod portuguese;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;

pub(crate) use portuguese::{detail, message, problem};

/// A language that the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Language {
    #[default]
    English,
    /// Of Brazil.
    Portuguese,
}

impl Language {
    /// The language that a client prefers among those of the server (RFC 9110 §12.5.4).
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(ACCEPT_LANGUAGE).iter();
        let ranges = lines
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(','));
        let (mut english, mut portuguese) = (0.0, 0.0);
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default().to_ascii_lowercase();
            let weight = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(1.0, |text| text.parse().unwrap_or(0.0));
            let best: &mut f32 = match tag.split('-').next() {
                Some("pt") => &mut portuguese,
                Some("en" | "*") => &mut english,
                _ => continue,
            };
            *best = best.max(weight);
        }
        if portuguese > english {
            Self::Portuguese
        } else {
            Self::English
        }
    }

    /// Its tag (RFC 5646).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Portuguese => "pt-BR",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_with_more_weight_is_spoken() {
        let of = |text: &str| Language::of(&HeaderMap::from_iter([(ACCEPT_LANGUAGE, text.parse().unwrap())]));
        assert_eq!(Language::of(&HeaderMap::new()), Language::English);
        for portuguese in [
            "pt-BR",
            "pt",
            "pt-BR,pt;q=0.9,en;q=0.8",
            "de, pt;q=0.3",
            "en;q=0.2,pt-PT;q=0.5",
        ] {
            assert_eq!(of(portuguese), Language::Portuguese, "{portuguese}");
        }
        for english in [
            "en-US,en;q=0.9,pt;q=0.8",
            "de",
            "*",
            "pt;q=0",
            "pt;q=nonsense",
            "en,pt",
        ] {
            assert_eq!(of(english), Language::English, "{english}");
        }
    }
}
