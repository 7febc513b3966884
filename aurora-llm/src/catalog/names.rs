//! Finding what is known of a model by its name.

use std::collections::HashMap;

/// Something by provider kind and model name.
///
/// A name is met exactly, or as a dated snapshot of a known one, or by the longest prefix that was entered as such, in
/// this order. Nothing else resembles: `gpt-5` says nothing about `gpt-5-mini`.
#[derive(Debug, Clone)]
pub(crate) struct Names<T> {
    kinds: HashMap<Box<str>, Kind<T>>,
}

#[derive(Debug, Clone)]
struct Kind<T> {
    exact: HashMap<Box<str>, T>,
    /// The longest first.
    prefixes: Vec<(Box<str>, T)>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            kinds: HashMap::new(),
        }
    }
}

impl<T: Default> Names<T> {
    /// What is kept for `pattern`: a name, or with a trailing `*` a prefix.
    pub(crate) fn entry(&mut self, kind: &str, pattern: &str) -> &mut T {
        let kind = self.kinds.entry(kind.into()).or_insert_with(|| Kind {
            exact: HashMap::new(),
            prefixes: Vec::new(),
        });
        let Some(prefix) = pattern.strip_suffix('*') else {
            return kind.exact.entry(pattern.into()).or_default();
        };
        let known = kind.prefixes.iter().position(|(known, _)| &**known == prefix);
        let index = known.unwrap_or_else(|| {
            let longer = |(known, _): &(Box<str>, T)| known.len() > prefix.len();
            let index = kind.prefixes.partition_point(longer);
            kind.prefixes.insert(index, (prefix.into(), T::default()));
            index
        });
        #[expect(clippy::indexing_slicing, reason = "the index was just found or made")]
        &mut kind.prefixes[index].1
    }
}

impl<T> Names<T> {
    /// What is known of `model`; never allocates.
    pub(crate) fn find(&self, kind: &str, model: &str) -> Option<&T> {
        let kind = self.kinds.get(kind)?;
        // Gemini's own lists name models with their collection.
        let model = model.strip_prefix("models/").unwrap_or(model);
        let exact = || kind.exact.get(model);
        let dated = || kind.exact.get(family(model)?);
        let prefixed = || {
            let mut prefixes = kind.prefixes.iter();
            prefixes.find_map(|(prefix, value)| model.starts_with(&**prefix).then_some(value))
        };
        exact().or_else(dated).or_else(prefixed)
    }
}

/// The name without the date of a snapshot: `gpt-5-2025-08-07`, `claude-haiku-4-5-20251001`, `…@20251001`.
fn family(model: &str) -> Option<&str> {
    let before = |length: usize| {
        let (family, date) = model.split_at_checked(model.len().checked_sub(length)?)?;
        (!family.is_empty()).then_some((family, date))
    };
    let dashed = before(11).filter(|(_, date)| {
        let mut parts = date.split('-');
        parts.next() == Some("")
            && is_date(parts.next(), parts.next(), parts.next())
            && parts.next().is_none()
    });
    let plain = || {
        before(9).filter(|(_, date)| {
            date.strip_prefix(['-', '@']).is_some_and(|date| {
                let (year, month, day) = (date.get(..4), date.get(4..6), date.get(6..));
                is_date(year, month, day)
            })
        })
    };
    dashed.or_else(plain).map(|(family, _)| family)
}

fn is_date(year: Option<&str>, month: Option<&str>, day: Option<&str>) -> bool {
    let number = |text: Option<&str>, digits: usize, from: u32, to: u32| {
        text.filter(|text| text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .is_some_and(|number: u32| (from..=to).contains(&number))
    };
    number(year, 4, 2020, 2099) && number(month, 2, 1, 12) && number(day, 2, 1, 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names<&'static str> {
        let mut names = Names::default();
        for pattern in [
            "gpt-5",
            "gpt-5-mini",
            "gpt-4o",
            "gpt-4o-2024-05-13",
            "open*",
            "open-wide*",
        ] {
            *names.entry("kind", pattern) = pattern;
        }
        names
    }

    #[test]
    fn a_name_is_met_exactly_or_with_a_date() {
        let names = names();
        for (model, found) in [
            ("gpt-5", Some("gpt-5")),
            ("gpt-5-2025-08-07", Some("gpt-5")),
            ("gpt-5-20250807", Some("gpt-5")),
            ("gpt-5@20250807", Some("gpt-5")),
            ("models/gpt-5", Some("gpt-5")),
            ("gpt-5-mini-2025-08-07", Some("gpt-5-mini")),
            ("gpt-4o-2024-05-13", Some("gpt-4o-2024-05-13")),
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("open-wide-7b", Some("open-wide*")),
            ("open", Some("open*")),
            // What only looks alike is not known.
            ("gpt-5-nano", None),
            ("gpt-5-mini-2030", None),
            ("gpt-5-2025-13-07", None),
            ("gpt-5-2025-08-07-preview", None),
            ("gpt-5-12345678", None),
            ("gpt-5.1", None),
            ("GPT-5", None),
            ("-2025-08-07", None),
            ("2025-08-07", None),
            ("", None),
            ("ação-2025-08-0ç", None),
        ] {
            assert_eq!(names.find("kind", model).copied(), found, "{model}");
        }
        assert_eq!(names.find("other", "gpt-5"), None);
    }
}
