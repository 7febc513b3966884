//! Keyset pages: the cost of a page does not grow with its depth, and inserts never shift it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

const VERSION: u8 = 1;
const MAX_CURSOR_LEN: usize = 1_024;

/// Where a page ended, as an opaque text for the next request.
///
/// It holds the sort key of the last item and a *scope*: a text that names the list it came from (tenant, order,
/// filters). A cursor is refused for any other list. It grants nothing: every query still filters by tenant.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Cursor(String);

/// The cursor is damaged or belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is damaged or belongs to another list; ask for the first page again")]
pub struct InvalidCursor;

impl Cursor {
    /// Packs the sort key of the last item of a page.
    ///
    /// # Errors
    /// When the key cannot be written as JSON or is longer than a cursor may be.
    pub fn new<K: Serialize>(scope: &str, key: &K) -> Result<Self, InvalidCursor> {
        let json = serde_json::to_vec(&(VERSION, fingerprint(scope), key)).map_err(|_| InvalidCursor)?;
        let text = URL_SAFE_NO_PAD.encode(json);
        if text.len() > MAX_CURSOR_LEN {
            Err(InvalidCursor)
        } else {
            Ok(Self(text))
        }
    }

    /// Unpacks the sort key, if the cursor was made for `scope`.
    ///
    /// # Errors
    /// When the text is damaged or was made for another list.
    pub fn key<K: DeserializeOwned>(&self, scope: &str) -> Result<K, InvalidCursor> {
        let json = URL_SAFE_NO_PAD.decode(&self.0).map_err(|_| InvalidCursor)?;
        let (version, made_for, key): (u8, u64, K) =
            serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
        if version == VERSION && made_for == fingerprint(scope) {
            Ok(key)
        } else {
            Err(InvalidCursor)
        }
    }
}

/// FNV-1a: stable across processes and versions, unlike the standard library's hasher.
fn fingerprint(scope: &str) -> u64 {
    scope.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.is_empty() || text.len() > MAX_CURSOR_LEN {
            return Err(InvalidCursor);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cursor({})", self.0)
    }
}

crate::serde_as_text!(Cursor);

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    cursor: Option<Cursor>,
}

impl PageRequest {
    /// The most items that a page can hold.
    pub const MAX_LIMIT: u32 = 200;

    /// The first page with `limit` items, held within 1 to [`Self::MAX_LIMIT`].
    #[must_use]
    pub fn first(limit: u32) -> Self {
        Self {
            limit: limit.clamp(1, Self::MAX_LIMIT),
            cursor: None,
        }
    }

    /// The page after `cursor`.
    #[must_use]
    pub fn after(mut self, cursor: Cursor) -> Self {
        self.cursor = Some(cursor);
        self
    }

    /// How many items the page may hold.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Where the page before this one ended; `None` for the first.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
}

impl Default for PageRequest {
    /// The first page with 50 items.
    fn default() -> Self {
        Self::first(50)
    }
}

/// One page of a list, serialised as `{"items": […], "next": "…" | null}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Builds a page from up to `limit + 1` rows: the extra row only tells that another page exists.
    ///
    /// # Errors
    /// When the last item's key does not fit into a cursor.
    pub fn from_rows<K: Serialize>(
        mut rows: Vec<T>,
        request: &PageRequest,
        scope: &str,
        key: impl Fn(&T) -> K,
    ) -> Result<Self, InvalidCursor> {
        let limit = usize::try_from(request.limit()).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = match rows.last() {
            Some(last) if more => Some(Cursor::new(scope, &key(last))?),
            _ => None,
        };
        Ok(Self { items: rows, next })
    }

    /// The same page with each item changed.
    #[must_use]
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_serves_only_the_list_it_was_made_for() {
        let cursor = Cursor::new("tenant-a/by-name", &("Ada", 7)).unwrap();
        assert_eq!(
            cursor.key::<(String, i32)>("tenant-a/by-name").unwrap(),
            ("Ada".to_owned(), 7)
        );
        assert_eq!(
            cursor.key::<(String, i32)>("tenant-b/by-name"),
            Err(InvalidCursor)
        );
        assert_eq!(cursor.key::<u64>("tenant-a/by-name"), Err(InvalidCursor));
    }

    #[test]
    fn the_extra_row_is_not_shown() {
        let page = Page::from_rows(vec![1, 2, 3], &PageRequest::first(2), "s", |n| *n).unwrap();
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next.unwrap().key::<i32>("s").unwrap(), 2);
        let last = Page::from_rows(vec![1, 2], &PageRequest::first(2), "s", |n| *n).unwrap();
        assert_eq!(last.next, None);
    }

    #[test]
    fn limits_are_held_in_range() {
        assert_eq!(PageRequest::first(0).limit(), 1);
        assert_eq!(PageRequest::first(u32::MAX).limit(), PageRequest::MAX_LIMIT);
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_read_but_never_panics(text: String) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                let _unused = cursor.key::<(String, i64)>("scope").is_ok();
            }
        }
    }
}
