use aurora_core::http::Url;

use super::super::text::{MARK, cut, line};

/// The most characters of an address that a message shows as a link, with `&` counted as the `&amp;` that it becomes: a
/// message about many alerts must have room for one.
const LONGEST: usize = 600;

/// A page that a message points to.
#[derive(Debug, Clone)]
pub(in crate::channels) struct Link {
    /// What is to be read in place of the address.
    pub(in crate::channels) text: String,
    /// An `http` or `https` address; ASCII without spaces, quotes, `<` and `>`.
    pub(in crate::channels) url: String,
}

impl Link {
    /// None for what is no `http` or `https` address: `javascript:` and the like must not be clicked.
    pub(super) fn to(text: &str, url: &str) -> Option<Self> {
        let url = Url::parse(url.trim())
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
        let text = cut(&line(text), 40, char::len_utf16);
        let text = if text.is_empty() { MARK.to_owned() } else { text };
        // What the URL standard lets stand in a path, but ends a link in one markup or another.
        let url = url
            .as_str()
            .replace('|', "%7C")
            .replace('\'', "%27")
            .replace('"', "%22");
        let length = url.len() + 4 * url.matches('&').count();
        (length <= LONGEST && url.is_ascii() && !url.contains(['<', '>', ' '])).then_some(Self { text, url })
    }

    pub(super) fn plain(&self) -> String {
        format!("{}: {}", self.text, self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_of_the_web_become_links() {
        for url in [
            "https://wiki.example.com/a(b)?c=d&e='f'|g#h",
            " http://localhost:8080/ack/1 ",
            "HTTPS://EXAMPLE.COM",
        ] {
            let link = Link::to("page", url).unwrap();
            assert!(
                !link.url.contains(['|', '\'', '"', '<', '>', ' ']),
                "{}",
                link.url
            );
        }
        for url in [
            "javascript:alert(1)",
            "JavaScript://example.com/%0aalert(1)",
            "data:text/html,<b>",
            "file:///etc/passwd",
            "vbscript:x",
            "//example.com",
            "see https://example.com",
            "",
        ] {
            assert!(Link::to("page", url).is_none(), "{url}");
        }
        assert!(Link::to("page", &format!("https://a/{}", "b".repeat(600))).is_none());
        assert!(Link::to("page", &format!("https://a/?{}", "&".repeat(120))).is_none());
    }
}
