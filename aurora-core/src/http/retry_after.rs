//! How long a server asks to be left alone.

use std::time::Duration;

use ::http::HeaderMap;
use ::http::header::RETRY_AFTER;
use chrono::{DateTime, NaiveDateTime};

use crate::time::Timestamp;

/// What is longer than this (7 days) is taken for a mistake.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Reads how long a server asks to be left alone.
///
/// Tried in this order: `retry-after-ms` (milliseconds, as Azure and OpenAI send it), `retry-after` in seconds (a
/// fraction is accepted), `retry-after` as a date in any of the three forms of RFC 9110 §5.6.7. A value that is
/// negative, past, not a number or longer than 7 days is ignored.
#[must_use]
pub fn parse_retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    if let Some(wait) = text(headers, "retry-after-ms").and_then(|text| number(text, 0.001)) {
        return Some(wait);
    }
    let text = text(headers, RETRY_AFTER.as_str())?;
    number(text, 1.0).or_else(|| date(text, now))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

fn number(text: &str, unit_secs: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    let wait = Duration::try_from_secs_f64(number * unit_secs).ok()?;
    (wait <= LONGEST).then_some(wait)
}

fn date(text: &str, now: Timestamp) -> Option<Duration> {
    let at = DateTime::parse_from_rfc2822(text)
        .map(|time| time.to_utc())
        .or_else(|_| {
            NaiveDateTime::parse_from_str(text, "%A, %d-%b-%y %H:%M:%S GMT").map(|time| time.and_utc())
        })
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%a %b %e %H:%M:%S %Y").map(|time| time.and_utc()))
        .ok()?;
    let at = Timestamp::from(at);
    let wait = at.since(now);
    (at >= now && wait <= LONGEST).then_some(wait)
}

#[cfg(test)]
mod tests {
    use ::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn after(value: &str) -> Option<Duration> {
        let now = Timestamp::parse("1994-11-06T08:49:00Z").unwrap();
        parse_retry_after(&headers(&[("retry-after", value)]), now)
    }

    #[test]
    fn seconds_fractions_and_all_three_dates_are_read() {
        assert_eq!(after("0"), Some(Duration::ZERO));
        assert_eq!(after(" 120 "), Some(Duration::from_secs(120)));
        assert_eq!(after("1.5"), Some(Duration::from_millis(1_500)));
        let wait = Some(Duration::from_secs(37));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), wait);
        assert_eq!(after("Sunday, 06-Nov-94 08:49:37 GMT"), wait);
        assert_eq!(after("Sun Nov  6 08:49:37 1994"), wait);
    }

    #[test]
    fn nonsense_is_ignored() {
        let nonsense = [
            "",
            "-1",
            "NaN",
            "inf",
            "1e300",
            "604801",
            "99999999999999999999",
            "soon",
            "Sun, 06 Nov 1994 08:48:59 GMT",
            "Sun, 06 Nov 2094 08:49:37 GMT",
            "Mon, 06 Nov 1994 08:49:37 GMT",
        ];
        for value in nonsense {
            assert_eq!(after(value), None, "{value:?}");
        }
        assert_eq!(parse_retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn milliseconds_go_before_seconds_unless_they_are_nonsense() {
        let now = Timestamp::UNIX_EPOCH;
        let both = headers(&[("retry-after-ms", "250"), ("retry-after", "9")]);
        assert_eq!(parse_retry_after(&both, now), Some(Duration::from_millis(250)));
        let broken = headers(&[("retry-after-ms", "-250"), ("retry-after", "9")]);
        assert_eq!(parse_retry_after(&broken, now), Some(Duration::from_secs(9)));
    }

    proptest! {
        #[test]
        fn any_bytes_give_a_bounded_wait_or_none(
            ms in proptest::collection::vec(any::<u8>(), 0..40),
            secs in "\\PC{0,40}|-?[0-9]{1,30}(\\.[0-9]{0,9})?(e-?[0-9]{1,4})?",
            now in any::<i64>(),
        ) {
            let mut map = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&ms) {
                map.insert("retry-after-ms", value);
            }
            if let Ok(value) = HeaderValue::from_str(&secs) {
                map.insert("retry-after", value);
            }
            if let Some(wait) = parse_retry_after(&map, Timestamp::from_micros(now)) {
                prop_assert!(wait <= LONGEST);
            }
        }

        #[test]
        fn whole_seconds_come_back_as_they_are(secs in 0_u64..=604_800) {
            prop_assert_eq!(after(&secs.to_string()), Some(Duration::from_secs(secs)));
        }
    }
}
