//! A line on the terminal that shows how far something has come.

use super::output::{Output, say_aside};

const WIDTH: u64 = 24;

/// The line; nothing is drawn where nobody looks.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    is_shown: bool,
    drawn: String,
}

impl Progress {
    pub(super) fn new(what: &'static str, output: Output) -> Self {
        Self {
            what,
            is_shown: output.has_terminal(),
            drawn: String::new(),
        }
    }

    /// So much of so much, and a word on it. Without a total the word alone is shown.
    pub(super) fn reached(&mut self, done: u64, total: Option<u64>, word: &str) {
        if !self.is_shown {
            return;
        }
        let line = line(self.what, done, total, word);
        if line != self.drawn {
            say_aside(&format!("\r\u{1b}[K{line}"));
            self.drawn = line;
        }
    }

    fn clear(&mut self) {
        if !self.drawn.is_empty() {
            say_aside("\r\u{1b}[K");
            self.drawn.clear();
        }
    }
}

/// Whatever ends the work leaves no half line behind.
impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn line(what: &str, done: u64, total: Option<u64>, word: &str) -> String {
    let Some(total) = total.filter(|total| *total > 0) else {
        return format!("{what}  {word}");
    };
    let done = done.min(total);
    let part = |of: u64| u64::try_from(u128::from(done) * u128::from(of) / u128::from(total)).unwrap_or(of);
    let full = usize::try_from(part(WIDTH)).unwrap_or(0);
    let rest = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(full);
    format!(
        "{what}  [{}{}] {:>3} %  {word}",
        "#".repeat(full),
        ".".repeat(rest),
        part(100)
    )
}

/// Bytes in words.
pub(super) fn bytes(count: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    for (size, unit) in UNITS {
        if count >= size {
            let tenths = count.saturating_mul(10) / size;
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{count} B")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is() {
        assert_eq!(
            line("import", 1, Some(2), "10 rows"),
            "import  [############............]  50 %  10 rows"
        );
        assert_eq!(line("import", 7, None, "10 rows"), "import  10 rows");
        assert_eq!(
            line("import", 9, Some(3), ""),
            "import  [########################] 100 %  "
        );
        assert_eq!(
            (bytes(12), bytes(1_536)),
            ("12 B".to_owned(), "1.5 KiB".to_owned())
        );
    }
}
