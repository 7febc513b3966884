//! Where a provider is reached.

use aurora_core::http::Url;

use crate::error::{Error, ErrorKind};

/// What the paths of a dialect begin with, and what a base address may therefore end in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Prefix {
    /// The base address ends in a version, `/v1` where it has no path; `/chat/completions` at its end is taken away.
    Version,
    /// The paths hold their version: `/v1`, `/v1/messages` and the like at the end of the base address are taken away.
    Bare,
    /// The base address is taken as it is.
    #[default]
    AsIs,
}

/// The base address in the form that [`join`] goes on from.
pub(super) fn base(text: &str, prefix: Prefix) -> Result<Url, Error> {
    let config = |context: &str| Error::new(ErrorKind::Config).with_context(context);
    let mut url = Url::parse(text.trim()).map_err(|_| config("the base address is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(config("the base address must begin with http:// or https://"));
    }
    let path = url.path().trim_end_matches('/');
    let path = match prefix {
        Prefix::Version => match path.strip_suffix("/chat/completions").unwrap_or(path) {
            "" => "/v1",
            path => path,
        },
        Prefix::Bare => {
            let path = path.strip_suffix("/messages").unwrap_or(path);
            let version = |path: &'_ str| {
                ["/v1", "/v1beta", "/v2"]
                    .iter()
                    .find(|end| path.ends_with(**end))
                    .copied()
            };
            path.strip_suffix(version(path).unwrap_or_default())
                .unwrap_or(path)
        }
        Prefix::AsIs => path,
    }
    .to_owned();
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

/// The address of `path`; a query of the base address, such as an API version, is kept.
pub(super) fn join(base: &Url, path: &str, query: &[(&'static str, String)]) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_added_where_none_is_given() {
        for (given, expected) in [
            (
                "https://api.openai.com",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://api.openai.com/",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://api.openai.com/v1",
                "https://api.openai.com/v1/chat/completions",
            ),
            (
                "https://api.openai.com/v1/",
                "https://api.openai.com/v1/chat/completions",
            ),
            ("http://h:8/v1/chat/completions", "http://h:8/v1/chat/completions"),
            (
                "https://x.example/openai/v2",
                "https://x.example/openai/v2/chat/completions",
            ),
            (
                "https://x.example/v1?api-version=1",
                "https://x.example/v1/chat/completions?api-version=1",
            ),
        ] {
            let base = base(given, Prefix::Version).unwrap();
            assert_eq!(join(&base, "/chat/completions", &[]).as_str(), expected);
        }
    }

    #[test]
    fn a_version_is_taken_away_where_the_paths_hold_it() {
        for (given, expected) in [
            (
                "https://api.anthropic.com",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://api.anthropic.com/v1/",
                "https://api.anthropic.com/v1/messages",
            ),
            (
                "https://x.example/anthropic",
                "https://x.example/anthropic/v1/messages",
            ),
            ("https://x.example/v1/messages", "https://x.example/v1/messages"),
        ] {
            let base = base(given, Prefix::Bare).unwrap();
            assert_eq!(join(&base, "/v1/messages", &[]).as_str(), expected);
        }
        for wrong in ["", "api.anthropic.com", "ftp://x.example", "mailto:x@y"] {
            assert_eq!(base(wrong, Prefix::Bare).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
