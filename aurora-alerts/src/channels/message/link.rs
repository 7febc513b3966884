use super::super::text::{MARK, cut, href, line};

/// The most characters of an address that a message shows as a link, with `&` counted as the `&amp;` that it becomes: a
/// message about many alerts must have room for one.
const LONGEST: usize = 600;

/// A page that a message points to.
#[derive(Debug, Clone)]
pub(in crate::channels) struct Link {
    /// What is to be read in place of the address.
    pub(in crate::channels) text: String,
    /// An address as [`href`] makes it.
    pub(in crate::channels) url: String,
}

impl Link {
    /// None for what is no address to follow, or a very long one.
    pub(super) fn to(text: &str, url: &str) -> Option<Self> {
        let url = href(url)?;
        let text = cut(&line(text), 40, char::len_utf16);
        let text = if text.is_empty() { MARK.to_owned() } else { text };
        let length = url.len() + 4 * url.matches('&').count();
        (length <= LONGEST).then_some(Self { text, url })
    }

    pub(super) fn plain(&self) -> String {
        format!("{}: {}", self.text, self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_leave_room_for_others() {
        assert!(Link::to("page", &format!("https://a/{}", "b".repeat(590))).is_some());
        assert!(Link::to("page", &format!("https://a/{}", "b".repeat(600))).is_none());
        assert!(Link::to("page", &format!("https://a/?{}", "&".repeat(120))).is_none());
        assert!(Link::to("page", "javascript:alert(1)").is_none());
    }
}
