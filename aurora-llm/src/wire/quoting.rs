//! How much of an answer its citations repeat.
//!
//! Each citation says in full which words rest on its source. A few bytes that point to long words many times would
//! let a server fill the memory.

/// More citations no message has; those beyond are passed over.
pub(super) const MAX_CITATIONS: usize = 1_024;

/// Bytes of the longest words that a citation repeats; longer ones, which nobody quotes, are left out.
pub(super) const MAX_QUOTED: usize = 16 * 1024;

/// `text` as a citation repeats it: whole, or not at all.
pub(super) fn quoted(text: &str) -> &str {
    if text.len() > MAX_QUOTED { "" } else { text }
}
