//! Addresses that people are given to follow.

/// The most bytes of one; longer ones are cut by some programs.
const LONGEST: usize = 2_048;

/// The text, if it is an `http` or `https` address that can be followed: `javascript:` and the like must not be clicked.
pub(super) fn href(url: Option<&str>) -> Option<&str> {
    url.filter(|url| {
        let scheme = ["https://", "http://"]
            .into_iter()
            .find(|scheme| url.starts_with(scheme));
        scheme.is_some_and(|scheme| url.len() > scheme.len())
            && url.len() <= LONGEST
            && url.bytes().all(|byte| byte.is_ascii_graphic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_are_followed() {
        for url in ["https://example.com/a?b='c'#d", "http://localhost:1"] {
            assert_eq!(href(Some(url)), Some(url));
        }
        let long = format!("https://a/{}", "b".repeat(2_048));
        for url in [
            "",
            "https://",
            "javascript:alert(1)",
            "//a",
            "see https://a",
            "https://a b",
            "https://a\n",
            &long,
        ] {
            assert_eq!(href(Some(url)), None, "{url}");
        }
    }
}
