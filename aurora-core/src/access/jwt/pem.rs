//! Keys as text between `-----BEGIN` and `-----END` (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// Longer than any key that is read here.
const LONGEST: usize = 16 * 1_024;

/// Label and content of the one block of a text; nothing when it is not exactly one.
pub(super) fn read(text: &str) -> Option<(&str, Zeroizing<Vec<u8>>)> {
    if text.len() > LONGEST {
        return None;
    }
    let (_, rest) = text.trim().split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, end) = rest.split_once("-----END ")?;
    if end.strip_suffix("-----")? != label {
        return None;
    }
    let packed: Zeroizing<String> = Zeroizing::new(body.split_ascii_whitespace().collect());
    Some((label, Zeroizing::new(STANDARD.decode(packed.as_bytes()).ok()?)))
}

pub(super) fn write(label: &str, content: &[u8]) -> String {
    let packed = Zeroizing::new(STANDARD.encode(content));
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = packed.as_str();
    while let Some((line, after)) = rest.split_at_checked(64) {
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    if !rest.is_empty() {
        text.push_str(rest);
        text.push('\n');
    }
    text + &format!("-----END {label}-----\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 47, 48, 49, 96, 300] {
            let content = vec![7; length];
            let text = write("THING", &content);
            assert!(text.lines().all(|line| line.len() <= 64));
            let (label, read) = read(&text).unwrap();
            assert_eq!((label, read.as_slice()), ("THING", content.as_slice()));
        }
    }

    #[test]
    fn anything_but_one_block_is_refused() {
        let one = write("THING", b"content");
        for bad in [
            String::new(),
            one.replace("END THING", "END OTHER"),
            format!("{one}{one}"),
            one.replace("Y29", "!!!"),
            "-----BEGIN THING-----".to_owned(),
            "x".repeat(LONGEST + 1),
        ] {
            assert!(read(&bad).is_none(), "{bad}");
        }
    }
}
