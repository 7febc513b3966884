//! Texts within limits: cut with a mark, escaped, and without what could disturb a screen; and addresses among them.

mod href;

pub(super) use self::href::href;

/// What stands at the end of a text that was cut.
pub(super) const MARK: &str = "…";

/// The longest start of `text` that costs at most `limit`, with [`MARK`] where something is missing.
///
/// What a character costs says in what the limit is counted: [`char::len_utf16`] for UTF-16 units, [`char::len_utf8`]
/// for bytes. A limit below the cost of the mark leaves nothing of a text that is too long.
pub(super) fn cut(text: &str, limit: usize, cost: impl Fn(char) -> usize) -> String {
    escape(text, limit, cost, |_| None)
}

/// As [`cut`], with characters replaced on the way; the limit is for what comes out, and no replacement is cut in two.
pub(super) fn escape(
    text: &str,
    limit: usize,
    cost: impl Fn(char) -> usize,
    replacement: impl Fn(char) -> Option<&'static str>,
) -> String {
    let of_text = |text: &str| text.chars().map(&cost).sum::<usize>();
    let mark = of_text(MARK);
    let (mut out, mut spent) = (String::new(), 0);
    // How much of `out` can stay when the mark has to follow.
    let mut kept = None;
    for character in text.chars() {
        if spent + mark <= limit {
            kept = Some(out.len());
        }
        match replacement(character) {
            Some(piece) => {
                out.push_str(piece);
                spent += of_text(piece);
            }
            None => {
                out.push(character);
                spent += cost(character);
            }
        }
        if spent > limit {
            out.truncate(kept.unwrap_or(0));
            if kept.is_some() {
                out.push_str(MARK);
            }
            return out;
        }
    }
    out
}

/// One line without what could disturb a screen: control characters are spaces, and what turns the direction of writing
/// is left out, as it could make a text look like another.
pub(super) fn line(text: &str) -> String {
    clean(text).trim().to_owned()
}

/// As [`line`], with the spaces around it.
pub(super) fn clean(text: &str) -> String {
    text.chars().filter_map(harmless).collect()
}

/// As [`line`], but with its line breaks, of which at most `breaks` are kept and no two in a row.
pub(super) fn paragraph(text: &str, breaks: usize) -> String {
    let lines = text.lines().map(line).filter(|line| !line.is_empty());
    let mut out = String::new();
    for (index, line) in lines.enumerate() {
        if index > 0 {
            out.push(if index <= breaks { '\n' } else { ' ' });
        }
        out.push_str(&line);
    }
    out
}

fn harmless(character: char) -> Option<char> {
    match character {
        // Marks of direction (Unicode UAX #9), the byte order mark, what is no character.
        '\u{200e}'
        | '\u{200f}'
        | '\u{061c}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}'
        | '\u{feff}' => None,
        _ if u32::from(character) & 0xfffe == 0xfffe => None,
        '\u{2028}' | '\u{2029}' => Some(' '),
        _ if character.is_control() => Some(' '),
        _ => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn html(character: char) -> Option<&'static str> {
        match character {
            '<' => Some("&lt;"),
            '&' => Some("&amp;"),
            _ => None,
        }
    }

    #[test]
    fn texts_that_fit_stay_as_they_are_and_others_end_with_the_mark() {
        assert_eq!(cut("abc", 3, char::len_utf16), "abc");
        assert_eq!(cut("abcd", 3, char::len_utf16), "ab…");
        assert_eq!(cut("🚨🚨", 3, char::len_utf16), "🚨…", "two units each");
        assert_eq!(cut("ação", 6, char::len_utf8), "ação", "six bytes");
        assert_eq!(cut("ações", 6, char::len_utf8), "aç…", "the mark has three");
        assert_eq!(cut("abc", 0, char::len_utf16), "");
        assert_eq!(escape("a<b", 6, char::len_utf16, html), "a&lt;b");
        assert_eq!(escape("a<bc", 6, char::len_utf16, html), "a&lt;…");
        assert_eq!(
            escape("a<bc", 5, char::len_utf16, html),
            "a…",
            "no half of an entity"
        );
    }

    #[test]
    fn lines_cannot_steer_a_screen() {
        assert_eq!(line(" a\u{1b}[2J\r\nb\u{202e}c\u{0} "), "a [2J  bc");
        assert_eq!(paragraph("a\n\n\n b \r\nc\nd", 2), "a\nb\nc d");
        assert_eq!(paragraph("\n \n", 9), "");
    }

    proptest! {
        #[test]
        fn cut_texts_keep_the_limit_and_only_they_have_the_mark(text in "\\PC{0,60}|[🚨ãa]{0,60}", limit in 3_usize..80) {
            for cost in [char::len_utf8 as fn(char) -> usize, char::len_utf16, |_| 1] {
                let whole: usize = text.chars().map(cost).sum();
                let result = cut(&text, limit, cost);
                prop_assert!(result.chars().map(cost).sum::<usize>() <= limit);
                if whole <= limit {
                    prop_assert_eq!(&result, &text);
                } else {
                    let kept = result.strip_suffix(MARK).unwrap();
                    let next = text.strip_prefix(kept).unwrap().chars().next().unwrap();
                    let with_next: usize = kept.chars().chain([next]).chain(MARK.chars()).map(cost).sum();
                    prop_assert!(with_next > limit, "one more would have fitted");
                }
            }
        }

        #[test]
        fn escapes_are_whole(text in "[<&ab🚨]{0,40}", limit in 1_usize..60) {
            let result = escape(&text, limit, char::len_utf16, html);
            prop_assert!(result.encode_utf16().count() <= limit);
            let kept = result.strip_suffix(MARK).unwrap_or(&result);
            let plain = kept.replace("&lt;", "<").replace("&amp;", "&");
            prop_assert!(text.starts_with(&plain), "{result}");
            prop_assert_eq!(kept.matches('&').count(), plain.matches(['<', '&']).count());
        }

        #[test]
        fn lines_have_no_control_characters(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(char::is_control));
            prop_assert!(paragraph(&text, 3).matches('\n').count() <= 3);
        }
    }
}
