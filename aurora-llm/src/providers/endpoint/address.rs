//! Where a provider is reached.

use aurora_core::http::Url;

use crate::error::{Error, ErrorKind};

/// What the paths of a dialect begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prefix {
    /// The base address ends in a version, `/v1` where none is given.
    #[cfg(feature = "openai-compatible")]
    Version,
    /// The paths hold their version, so that the base address must not.
    #[cfg(feature = "anthropic")]
    Bare,
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
        #[cfg(feature = "openai-compatible")]
        Prefix::Version => match path.strip_suffix("/chat/completions").unwrap_or(path) {
            "" => "/v1",
            path => path,
        },
        #[cfg(feature = "anthropic")]
        Prefix::Bare => {
            let path = path.strip_suffix("/messages").unwrap_or(path);
            path.strip_suffix("/v1").unwrap_or(path)
        }
    }
    .to_owned();
    url.set_path(&path);
    url.set_fragment(None);
    Ok(url)
}

/// The address of `path`; a query of the base address, such as an API version, is kept.
pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path().trim_end_matches('/')));
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "openai-compatible")]
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
            assert_eq!(join(&base, "/chat/completions").as_str(), expected);
        }
    }

    #[cfg(feature = "anthropic")]
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
            assert_eq!(join(&base, "/v1/messages").as_str(), expected);
        }
        for wrong in ["", "api.anthropic.com", "ftp://x.example", "mailto:x@y"] {
            assert_eq!(base(wrong, Prefix::Bare).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
