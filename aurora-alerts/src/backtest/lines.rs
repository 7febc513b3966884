//! Recorded samples as lines of text.

use std::io::BufRead;

use aurora_core::time::Timestamp;

use super::event::BacktestEvent;
use crate::error::Error;
use crate::labels::Labels;

/// The longest line, in bytes.
const LONGEST: u64 = 64 * 1024;

/// Reads samples from lines `time,metric,labels,value`, one by one.
///
/// | field | what it may be |
/// | --- | --- |
/// | time | RFC 3339, `2026-10-01T00:00:15Z`, or seconds since 1970, with or without a fraction |
/// | metric | a name without commas |
/// | labels | `name=value` pairs with `;` between them, or nothing; values without commas and semicolons |
/// | value | a number; `NaN` and `inf` are read, and refused when they happen |
///
/// Empty lines, lines that begin with `#` and a first line `time,metric,labels,value` are passed over. There is no
/// quoting. The iterator ends after the first line that makes no sense, or is longer than 64 KiB.
///
/// # Examples
/// ```
/// use aurora_alerts::backtest::SampleLines;
///
/// let text = "time,metric,labels,value\n2026-10-01T00:00:15Z,error_rate,zone=a;shop=north,31\n";
/// let events: Vec<_> = SampleLines::new(text.as_bytes()).collect::<Result<_, _>>()?;
/// assert_eq!(events.len(), 1);
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[derive(Debug)]
pub struct SampleLines<R> {
    reader: R,
    line: u64,
    text: Vec<u8>,
    has_ended: bool,
}

impl<R: BufRead> SampleLines<R> {
    /// Reads what the reader gives: an open file in a `BufReader`, a byte slice.
    pub const fn new(reader: R) -> Self {
        Self {
            reader,
            line: 0,
            text: Vec::new(),
            has_ended: false,
        }
    }

    /// The next line that is a sample; `None` at the end.
    fn read(&mut self) -> Result<Option<BacktestEvent>, String> {
        loop {
            self.text.clear();
            self.line += 1;
            let mut limited = std::io::Read::take(&mut self.reader, LONGEST);
            let read = limited
                .read_until(b'\n', &mut self.text)
                .map_err(|error| format!("cannot be read: {}", error.kind()))?;
            if read == 0 {
                return Ok(None);
            }
            if !self.text.ends_with(b"\n") && u64::try_from(read) == Ok(LONGEST) {
                return Err("has more than 64 KiB".to_owned());
            }
            let line = std::str::from_utf8(&self.text)
                .map_err(|_| "is no UTF-8".to_owned())?
                .trim();
            let is_header = self.line == 1 && line.eq_ignore_ascii_case("time,metric,labels,value");
            if !line.is_empty() && !line.starts_with('#') && !is_header {
                return sample(line).map(Some);
            }
        }
    }
}

impl<R: BufRead> Iterator for SampleLines<R> {
    type Item = Result<BacktestEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_ended {
            return None;
        }
        match self.read() {
            Ok(Some(event)) => Some(Ok(event)),
            Ok(None) => {
                self.has_ended = true;
                None
            }
            Err(detail) => {
                self.has_ended = true;
                Some(Err(Error::invalid(format!("line {}", self.line), detail)))
            }
        }
    }
}

fn sample(line: &str) -> Result<BacktestEvent, String> {
    let mut fields = line.split(',').map(str::trim);
    let fields = [(); 5].map(|()| fields.next());
    let [Some(time), Some(metric), Some(labels), Some(value), None] = fields else {
        return Err("must have four fields: time, metric, labels, value".to_owned());
    };
    if metric.is_empty() {
        return Err("names no metric".to_owned());
    }
    let at = instant(time).ok_or("has a time that is neither RFC 3339 nor seconds since 1970")?;
    let value: f64 = value.parse().map_err(|_| "has a value that is no number")?;
    let mut set = Labels::new();
    for pair in labels.split(';').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or("has a label that is no name=value")?;
        set.insert(name.trim(), value.trim());
    }
    Ok((at, metric, set, value).into())
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "of a float, `as` gives the nearest number that there is"
)]
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(secs) = text.parse::<f64>() {
        return secs
            .is_finite()
            .then(|| Timestamp::from_micros((secs * 1e6).round() as i64));
    }
    Timestamp::parse(text).ok()
}
