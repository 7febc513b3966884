//! The HTML that Telegram's bots can send: core.telegram.org/bots/api#html-style.

/// The tags that are known, without `a`.
const TAGS: [&str; 15] = [
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "tg-spoiler",
    "code",
    "pre",
    "blockquote",
    "span",
    "tg-emoji",
];

/// What is left when the markup is gone, or why it is not well-formed: every tag known and closed in order, every
/// entity one of the four named ones or a number, no `<`, `>` or `&` besides.
pub(super) fn visible(html: &str) -> Result<String, String> {
    let (mut shown, mut open) = (String::new(), Vec::new());
    let mut rest = html;
    while let Some(character) = rest.chars().next() {
        match character {
            '<' => {
                let (tag, after) = between(rest, '>').ok_or("unclosed start tag")?;
                tag_seen(tag, &mut open)?;
                rest = after;
            }
            '&' => {
                let (entity, after) = between(rest, ';').ok_or("bare ampersand")?;
                shown.push(meant(entity).ok_or_else(|| format!("unknown entity {entity:?}"))?);
                rest = after;
            }
            '>' => return Err("bare closing angle bracket".to_owned()),
            _ => {
                shown.push(character);
                rest = rest.strip_prefix(character).unwrap_or_default();
            }
        }
    }
    match open.pop() {
        Some(tag) => Err(format!("can't find end tag corresponding to start tag {tag:?}")),
        None => Ok(shown),
    }
}

/// What stands between the first character and `end`, and what follows.
fn between(text: &str, end: char) -> Option<(&str, &str)> {
    let (whole, after) = text.split_once(end)?;
    let mut inner = whole.chars();
    inner.next();
    Some((inner.as_str(), after))
}

fn tag_seen<'a>(tag: &'a str, open: &mut Vec<&'a str>) -> Result<(), String> {
    if let Some(name) = tag.strip_prefix('/') {
        return match open.pop() {
            Some(opened) if opened == name => Ok(()),
            _ => Err(format!("unmatched end tag {name:?}")),
        };
    }
    let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
    let is_known = match name {
        "a" => {
            let address = attributes
                .strip_prefix("href=\"")
                .and_then(|rest| rest.strip_suffix('"'));
            address.is_some_and(|address| !address.contains(['"', '<']) && visible(address).is_ok())
        }
        _ => TAGS.contains(&name) && attributes.is_empty(),
    };
    if !is_known {
        return Err(format!("unsupported start tag {name:?}"));
    }
    open.push(name);
    Ok(())
}

fn meant(entity: &str) -> Option<char> {
    match entity {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        _ => {
            let number = entity.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_documentation_are_understood() {
        let html = "<b>bold, <i>italic bold <s>strike</s></i></b> <a href=\"http://a.b/?c&amp;d\">link</a> &lt;&#60;&#x3C;";
        assert_eq!(visible(html).unwrap(), "bold, italic bold strike link <<<");
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for html in [
            "<b>a",
            "a</b>",
            "<b><i>a</b></i>",
            "<img>",
            "<b",
            "a > b",
            "a & b",
            "&nbsp;",
            "&lt",
            "<a>x</a>",
            "<a href=\"x\"y\">x</a>",
            "<b class=\"x\">x</b>",
            "<",
            "&",
        ] {
            assert!(visible(html).is_err(), "{html}");
        }
    }
}
