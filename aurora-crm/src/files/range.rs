use std::ops::Range;
use std::str::FromStr;

/// One range of bytes, as a request's header `Range` asks for it (RFC 9110 §14.1.2).
///
/// # Examples
/// ```
/// use aurora_crm::files::FileRange;
///
/// let range: FileRange = "bytes=500-".parse()?;
/// assert_eq!(range.of(1_000), Some(500..1_000));
/// assert_eq!(range.of(500), None);
/// assert_eq!("bytes=-200".parse::<FileRange>()?.of(1_000), Some(800..1_000));
/// # Ok::<(), aurora_crm::files::InvalidFileRange>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileRange {
    /// From the first of these positions to the last of them, inclusive.
    Between(u64, u64),
    /// From this position to the end.
    From(u64),
    /// This many bytes before the end.
    Last(u64),
}

impl FileRange {
    /// The positions in a content of `size` bytes, or `None` when none of them exists (status 416).
    #[must_use]
    pub fn of(self, size: u64) -> Option<Range<u64>> {
        let range = match self {
            Self::Between(first, last) => first..last.saturating_add(1).min(size),
            Self::From(first) => first..size,
            Self::Last(count) => size.saturating_sub(count)..size,
        };
        Some(range).filter(|range| !range.is_empty())
    }
}

/// The text asks for several ranges, for another unit, or for nothing. A server passes such a header over and answers
/// with the whole (RFC 9110 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one range of bytes")]
pub struct InvalidFileRange;

impl FromStr for FileRange {
    type Err = InvalidFileRange;

    fn from_str(text: &str) -> Result<Self, InvalidFileRange> {
        let (unit, spec) = text.split_once('=').ok_or(InvalidFileRange)?;
        if !unit.trim().eq_ignore_ascii_case("bytes") {
            return Err(InvalidFileRange);
        }
        let (first, last) = spec.trim().split_once('-').ok_or(InvalidFileRange)?;
        match (first, last) {
            ("", count) => Ok(Self::Last(number(count)?)),
            (first, "") => Ok(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if first > last {
                    return Err(InvalidFileRange);
                }
                Ok(Self::Between(first, last))
            }
        }
    }
}

/// Digits alone: `u64` would also take a sign.
fn number(digits: &str) -> Result<u64, InvalidFileRange> {
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidFileRange);
    }
    Ok(digits.parse().unwrap_or(u64::MAX))
}
