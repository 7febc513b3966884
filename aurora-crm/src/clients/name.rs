/// The longest key that a name is sorted by, in characters; it also has to fit into a cursor.
const MAX_KEY: usize = 80;

/// Folds a name for sorting: lower case, without the accents of Portuguese and its neighbours, single spaces.
pub(super) fn name_key(name: &str) -> String {
    let folded = name
        .split_whitespace()
        .flat_map(|word| std::iter::once(' ').chain(word.chars()))
        .skip(1);
    fold_chars(folded).take(MAX_KEY).collect()
}

/// Folds a text for comparison: lower case, without the accents of Portuguese and its neighbours.
pub(super) fn fold(text: &str) -> String {
    fold_chars(text.chars()).collect()
}

fn fold_chars(characters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    characters.flat_map(char::to_lowercase).filter_map(|character| {
        Some(match character {
            'á' | 'à' | 'â' | 'ã' | 'ä' | 'å' | 'ª' => 'a',
            'é' | 'è' | 'ê' | 'ë' => 'e',
            'í' | 'ì' | 'î' | 'ï' => 'i',
            'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'º' => 'o',
            'ú' | 'ù' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            'ý' | 'ÿ' => 'y',
            // accents written as characters of their own
            '\u{300}'..='\u{36f}' => return None,
            other => other,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::name_key;

    #[test]
    fn case_accents_and_spaces_do_not_matter() {
        assert_eq!(name_key("  ÁGUA   & Cia "), "agua & cia");
        assert_eq!(name_key("São João"), name_key("SA\u{303}O JOA\u{303}O"));
        assert_eq!(name_key(&"É".repeat(200)).len(), 80);
    }
}
