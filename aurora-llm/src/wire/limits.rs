//! What the headers of an answer say about the limits of the account.
//!
//! | headers | vendor | time |
//! | --- | --- | --- |
//! | `x-ratelimit-{limit,remaining,reset}-{requests,tokens}` | OpenAI and compatible servers | `1s`, `6m0s`, `12ms`; a bare number is seconds |
//! | `anthropic-ratelimit-{requests,tokens,input-tokens,output-tokens}-{limit,remaining,reset}` | Anthropic | RFC 3339 |
//! | `retry-after-ms`, `retry-after` | all | see `aurora_core::http` |
//!
//! What makes no sense is passed over: servers compatible with OpenAI's send `-1` or `0` for what they do not count
//! (Azure), so a limit of zero or less is no limit.

use std::time::Duration;

use aurora_core::time::Timestamp;
use http::HeaderMap;

/// The longest time until a limit is full again that is believed: a day. Longer waits are quotas, told by errors.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// Where one limit of an account stood when the provider answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// What is counted.
    pub counts: Counted,
    /// How many there are in each period, where it is told.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: u64,
    /// After how long all are there again, where it is told.
    pub reset: Option<Duration>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Counted {
    /// Requests.
    Requests,
    /// Tokens, input and output together.
    Tokens,
    /// Tokens of the input.
    InputTokens,
    /// Tokens of the output.
    OutputTokens,
}

/// One limit, and how its three headers are named.
struct Names {
    counts: Counted,
    limit: &'static str,
    remaining: &'static str,
    reset: &'static str,
}

const NAMES: [Names; 6] = [
    Names {
        counts: Counted::Requests,
        limit: "x-ratelimit-limit-requests",
        remaining: "x-ratelimit-remaining-requests",
        reset: "x-ratelimit-reset-requests",
    },
    Names {
        counts: Counted::Tokens,
        limit: "x-ratelimit-limit-tokens",
        remaining: "x-ratelimit-remaining-tokens",
        reset: "x-ratelimit-reset-tokens",
    },
    Names {
        counts: Counted::Requests,
        limit: "anthropic-ratelimit-requests-limit",
        remaining: "anthropic-ratelimit-requests-remaining",
        reset: "anthropic-ratelimit-requests-reset",
    },
    Names {
        counts: Counted::Tokens,
        limit: "anthropic-ratelimit-tokens-limit",
        remaining: "anthropic-ratelimit-tokens-remaining",
        reset: "anthropic-ratelimit-tokens-reset",
    },
    Names {
        counts: Counted::InputTokens,
        limit: "anthropic-ratelimit-input-tokens-limit",
        remaining: "anthropic-ratelimit-input-tokens-remaining",
        reset: "anthropic-ratelimit-input-tokens-reset",
    },
    Names {
        counts: Counted::OutputTokens,
        limit: "anthropic-ratelimit-output-tokens-limit",
        remaining: "anthropic-ratelimit-output-tokens-remaining",
        reset: "anthropic-ratelimit-output-tokens-reset",
    },
];

/// The limits that `headers` tell, at the time `now`. Allocates nothing.
pub fn standings(headers: &HeaderMap, now: Timestamp) -> impl Iterator<Item = Standing> {
    NAMES.iter().filter_map(move |names| {
        let remaining = text(headers, names.remaining)?.parse::<i64>().ok()?;
        let limit = text(headers, names.limit).and_then(|text| text.parse::<i64>().ok());
        if limit.is_some_and(|limit| limit <= 0) {
            return None;
        }
        let reset = text(headers, names.reset).and_then(|text| time(text, now));
        Some(Standing {
            counts: names.counts,
            limit: limit.and_then(|limit| u64::try_from(limit).ok()),
            remaining: u64::try_from(remaining).ok()?,
            reset: reset.filter(|reset| *reset <= LONGEST),
        })
    })
}

/// How long the account rests by what `headers` say: until the last of the limits is full that have nothing left.
///
/// A limit without a time that is used up says nothing: it is as good as a server that counts nothing.
#[must_use]
pub fn rest(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let empty = standings(headers, now).filter(|standing| standing.remaining == 0);
    empty
        .filter_map(|standing| standing.reset)
        .filter(|reset| !reset.is_zero())
        .max()
}

fn text<'a>(headers: &'a HeaderMap, name: &'static str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// A time as OpenAI or as Anthropic writes it.
fn time(text: &str, now: Timestamp) -> Option<Duration> {
    go_duration(text).or_else(|| {
        let at: Timestamp = text.parse().ok()?;
        Some(at.since(now))
    })
}

/// A duration as Go writes it: `1h2m3.5s`, `12ms`; a bare number is seconds. `None` for anything else.
pub(super) fn go_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let (mut rest, mut sum) = (text, Duration::ZERO);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at_checked(end)?;
        let scale = match unit {
            "h" => 3_600.0,
            "m" => 60.0,
            "s" => 1.0,
            "ms" => 1e-3,
            "us" | "µs" => 1e-6,
            "ns" => 1e-9,
            _ => return None,
        };
        let part = Duration::try_from_secs_f64(number.parse::<f64>().ok()? * scale).ok()?;
        sum = sum.checked_add(part)?;
        rest = after;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use proptest::prelude::*;

    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn go_s_durations_are_read() {
        for (text, expected) in [
            ("1s", Some(1_000)),
            ("6m0s", Some(360_000)),
            ("12ms", Some(12)),
            ("1h2m3.5s", Some(3_723_500)),
            ("0s", Some(0)),
            ("7.66s", Some(7_660)),
            ("2", Some(2_000)),
            ("0.5", Some(500)),
            ("", None),
            ("soon", None),
            ("1d", None),
            ("1", Some(1_000)),
            ("s", None),
            ("-1s", None),
            ("-1", None),
            ("1.1.1s", None),
            ("99999999999999999999999h", None),
            ("1s1", None),
        ] {
            assert_eq!(go_duration(text), expected.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn openai_s_limits_are_read() {
        let headers = headers(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "1s"),
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "149984"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ]);
        let now = Timestamp::UNIX_EPOCH;
        let told: Vec<_> = standings(&headers, now).collect();
        assert_eq!(
            told,
            [
                Standing {
                    counts: Counted::Requests,
                    limit: Some(60),
                    remaining: 0,
                    reset: Some(Duration::from_secs(1)),
                },
                Standing {
                    counts: Counted::Tokens,
                    limit: Some(150_000),
                    remaining: 149_984,
                    reset: Some(Duration::from_secs(360)),
                },
            ]
        );
        assert_eq!(rest(&headers, now), Some(Duration::from_secs(1)));
    }

    #[test]
    fn anthropic_s_limits_end_at_a_point_in_time() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let headers = headers(&[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "49"),
            ("anthropic-ratelimit-requests-reset", "2026-11-20T12:00:01Z"),
            ("anthropic-ratelimit-input-tokens-limit", "40000"),
            ("anthropic-ratelimit-input-tokens-remaining", "0"),
            ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T12:00:42Z"),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "0"),
            ("anthropic-ratelimit-output-tokens-reset", "2026-11-20T11:00:00Z"),
        ]);
        let told: Vec<_> = standings(&headers, now)
            .map(|standing| (standing.counts, standing.remaining))
            .collect();
        assert_eq!(
            told,
            [
                (Counted::Requests, 49),
                (Counted::InputTokens, 0),
                (Counted::OutputTokens, 0)
            ]
        );
        assert_eq!(
            rest(&headers, now),
            Some(Duration::from_secs(42)),
            "what is over holds nobody back"
        );
    }

    #[test]
    fn whoever_does_not_count_limits_nobody() {
        let now = Timestamp::UNIX_EPOCH;
        for (limit, remaining, reset) in [
            ("-1", "-1", "0"),
            ("0", "0", "1s"),
            ("-1", "0", "1s"),
            ("10", "-1", "1s"),
            ("10", "0", ""),
        ] {
            let headers = headers(&[
                ("x-ratelimit-limit-tokens", limit),
                ("x-ratelimit-remaining-tokens", remaining),
                ("x-ratelimit-reset-tokens", reset),
            ]);
            assert_eq!(rest(&headers, now), None, "{limit} {remaining} {reset}");
        }
        let headers = headers(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", "9000h"),
        ]);
        assert_eq!(rest(&headers, now), None, "a rest of a year is not believed");
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,30}|[0-9.hmsnµu-]{0,20}", now in any::<i64>()) {
            go_duration(&text);
            let mut map = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_str(&text) {
                for names in &NAMES {
                    map.insert(names.remaining, HeaderValue::from_static("0"));
                    map.insert(names.reset, value.clone());
                }
            }
            if let Some(wait) = rest(&map, Timestamp::from_micros(now)) {
                prop_assert!(wait <= LONGEST);
            }
        }
    }
}
