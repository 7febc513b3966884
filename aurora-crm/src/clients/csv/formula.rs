//! A cell that begins like a formula would be run by the spreadsheet that opens the file.

fn is_dangerous(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Puts an apostrophe before what a spreadsheet would run (OWASP, CSV injection).
pub(super) fn guard(text: String) -> String {
    if is_dangerous(&text) {
        format!("'{text}")
    } else {
        text
    }
}

/// Takes back the apostrophe of [`guard`], and nothing else.
pub(super) fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if is_dangerous(rest) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_is_guarded() {
        for text in ["=1+1", "+55", "-1", "@SUM(A1)", "\tx", "\rx", "'=1", "''+1"] {
            let guarded = guard(text.to_owned());
            assert_eq!(guarded, format!("'{text}"));
            assert_eq!(unguard(&guarded), text);
        }
        for text in ["D'Ávila", "'quoted'", "a=b", ""] {
            assert_eq!(guard(text.to_owned()), text);
            assert_eq!(unguard(text), text);
        }
    }

    proptest! {
        #[test]
        fn guarding_is_undone(text in "['=+@a-]{0,6}") {
            let guarded = guard(text.clone());
            prop_assert_eq!(unguard(&guarded), text);
        }
    }
}
