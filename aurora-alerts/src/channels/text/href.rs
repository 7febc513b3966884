use aurora_core::http::Url;

/// The most bytes of one; longer ones are cut by some programs.
const LONGEST: usize = 2_048;

/// The text as an address that people are given to follow, if it is an `http` or `https` one and nothing else:
/// `javascript:` and the like must not be clicked.
///
/// It is ASCII and has no space, quote, bar, `<` or `>`, so that it ends no link in any markup.
pub(in crate::channels) fn href(text: &str) -> Option<String> {
    let text = text.trim();
    if text.contains(|character: char| character.is_whitespace() || character.is_control()) {
        return None;
    }
    let url = Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    // What the URL standard lets stand in a path, but ends a link in one markup or another.
    let url = url
        .as_str()
        .replace('|', "%7C")
        .replace('\'', "%27")
        .replace('"', "%22");
    (url.len() <= LONGEST && url.is_ascii() && !url.contains(['<', '>', ' '])).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_are_followed() {
        let table = [
            (
                "https://example.com/a?b='c'#d",
                "https://example.com/a?b=%27c%27#d",
            ),
            (" http://localhost:1/ ", "http://localhost:1/"),
            ("HTTPS://EXAMPLE.COM", "https://example.com/"),
            (
                "https://wiki.example.com/a(b)'|?c=d&e#g",
                "https://wiki.example.com/a(b)%27%7C?c=d&e#g",
            ),
            ("https://example.com/ação", "https://example.com/a%C3%A7%C3%A3o"),
        ];
        for (text, url) in table {
            assert_eq!(href(text).as_deref(), Some(url));
        }
        let long = format!("https://a/{}", "b".repeat(2_048));
        for text in [
            "",
            "https://",
            "javascript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,<b>",
            "file:///etc/passwd",
            "vbscript:x",
            "//a",
            "see https://a",
            "https://a b",
            "https://a/b and more",
            "https://a\n/b",
            &long,
        ] {
            assert_eq!(href(text), None, "{text}");
        }
    }
}
