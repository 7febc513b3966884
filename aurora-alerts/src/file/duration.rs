use std::time::Duration;

/// Milliseconds of each unit, the longest first; a year has 365 days, as in Prometheus.
const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// The longest duration, 10 years: anything longer is a slip of the hand.
const LONGEST: u64 = 10 * 365 * 86_400_000;

/// Reads a duration in the form of Prometheus: whole numbers with units, the longest first, each once; or `0`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let (mut rest, mut units, mut total) = (text, UNITS.as_slice(), 0_u64);
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, behind) = rest.split_at_checked(digits)?;
        let letters = behind
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(behind.len());
        let (unit, after) = behind.split_at_checked(letters)?;
        let at = units.iter().position(|(name, _)| *name == unit)?;
        let (_, millis) = units.get(at)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*millis)?)?;
        (rest, units) = (after, units.get(at + 1..)?);
    }
    (!text.is_empty() && total <= LONGEST).then(|| Duration::from_millis(total))
}

/// A duration as [`duration`] reads it, in days and what is shorter; `None` where no file can say it.
pub(super) fn in_words(duration: Duration) -> Option<String> {
    let mut millis = u64::try_from(duration.as_millis()).ok()?;
    if millis > LONGEST || Duration::from_millis(millis) != duration {
        return None;
    }
    let mut text = String::new();
    for (unit, length) in UNITS.into_iter().filter(|(unit, _)| !matches!(*unit, "y" | "w")) {
        let count = millis / length;
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
            millis -= count * length;
        }
    }
    Some(if text.is_empty() { "0s".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (millis, text) in [
            (0, "0s"),
            (90_000, "1m30s"),
            (864_000_001, "10d1ms"),
            (5_400_000, "1h30m"),
        ] {
            let span = Duration::from_millis(millis);
            assert_eq!(in_words(span).as_deref(), Some(text));
            assert_eq!(duration(text), Some(span));
        }
        assert_eq!(in_words(Duration::from_micros(1)), None);
        assert_eq!(in_words(Duration::MAX), None);
    }

    #[test]
    fn units_go_from_long_to_short_and_each_once() {
        let table = [
            ("0", Some(0)),
            ("0s", Some(0)),
            ("500ms", Some(500)),
            ("30s", Some(30_000)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1d", Some(86_400_000)),
            ("1w2d3h4m5s6ms", Some(788_645_006)),
            ("10y", Some(315_360_000_000)),
            ("11y", None),
            ("", None),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("1.5h", None),
            ("30m1h", None),
            ("1h1h", None),
            ("1 h", None),
            ("1H", None),
            ("99999999999999999999s", None),
            ("1é", None),
        ];
        for (text, millis) in table {
            assert_eq!(duration(text), millis.map(Duration::from_millis), "{text}");
        }
    }
}
