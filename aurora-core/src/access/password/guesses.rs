//! How soon a password is tried: the estimate of `zxcvbn`, which knows the commonest passwords, names and words, walks
//! over the keyboard, dates, repetitions, and signs that stand for letters.

use std::collections::BTreeSet;

use zxcvbn::matching::Match;
use zxcvbn::matching::patterns::MatchPattern;

use super::{SHORTEST, Weakness};

/// Decimal logarithm of the guesses that a password needs at least. Eight random letters or digits need about 8; each
/// of the 30,000 commonest passwords fewer than 5, also where a few signs were added or exchanged.
const FEWEST: f64 = 7.0;
/// Characters that are estimated at once. The work grows with the cube of the length and the estimate of more than
/// 20 parts is beyond its numbers, while no common password is longer.
const WINDOW: usize = 20;
/// Words of the context that are looked at, and letters that one has at least to be one.
const MOST_CONTEXT: usize = 50;
const SHORTEST_CONTEXT: usize = 3;

/// What is tried first where Portuguese is spoken, without accents; the lists of `zxcvbn` are English.
const PORTUGUESE: &str = "senha minhasenha novasenha segredo acesso mudar trocar entrar usuario administrador sistema \
    bemvindo brasil brasileiro saopaulo flamengo corinthians palmeiras santos vasco gremio amor meuamor amorzinho \
    amordaminhavida minhavida vidaloka paixao saudade felicidade feliz jesus deus deusefiel deusfiel jesusteama \
    jesuscristo senhor nossasenhora aparecida familia mamae papai filho filha amigo amiga princesa gatinha gatinho \
    cachorro borboleta estrela segunda terca quarta quinta sexta sabado domingo janeiro fevereiro marco abril maio \
    junho julho agosto setembro outubro novembro dezembro verao natal carnaval ferias clinica consultorio hospital \
    medico doutor empresa trabalho escola computador celular maria jose joao pedro lucas mateus matheus gabriel rafael";

/// Why `password` is tried too soon, if it is; `context` is what belongs to the user and the service.
pub(super) fn weakness(password: &str, context: &[&str]) -> Option<Weakness> {
    let context: BTreeSet<String> = context
        .iter()
        .flat_map(|text| text.split(|it: char| !it.is_alphanumeric()))
        .filter(|word| word.chars().count() >= SHORTEST_CONTEXT)
        .take(MOST_CONTEXT)
        .map(|word| plain(word).into_iter().take(WINDOW).collect())
        .collect();
    let words: Vec<&str> = context
        .iter()
        .map(String::as_str)
        .chain(PORTUGUESE.split_ascii_whitespace())
        .collect();
    let letters = plain(password);
    // `Admin@123` is `admin123`: a sign in between makes nothing uncommon.
    let bare: Vec<char> = letters
        .iter()
        .copied()
        .filter(|it| it.is_alphanumeric())
        .collect();
    weakness_of(&letters, &words, &context).or_else(|| {
        let differs = bare.len() >= SHORTEST && bare.len() < letters.len();
        differs.then(|| weakness_of(&bare, &words, &context)).flatten()
    })
}

/// A long password is as strong as the stronger of its ends: both have to be weak.
fn weakness_of(letters: &[char], words: &[&str], context: &BTreeSet<String>) -> Option<Weakness> {
    let judge = |part: &[char]| {
        let text: String = part.iter().collect();
        let estimate = zxcvbn::zxcvbn(&text, words);
        (estimate.guesses_log10() < FEWEST).then(|| kind(estimate.sequence(), context))
    };
    let head = judge(letters.get(..WINDOW).unwrap_or(letters))?;
    match letters.len().checked_sub(WINDOW) {
        Some(from) if from > 0 => judge(letters.get(from..).unwrap_or_default()).map(|_| head),
        _ => Some(head),
    }
}

/// What the longest part of the password is that is not random.
fn kind(parts: &[Match], context: &BTreeSet<String>) -> Weakness {
    let known = parts.iter().filter(|it| it.pattern != MatchPattern::BruteForce);
    match known.max_by_key(|it| it.j - it.i).map(|it| &it.pattern) {
        Some(MatchPattern::Repeat(_)) => Weakness::Repetitive,
        Some(MatchPattern::Spatial(_) | MatchPattern::Sequence(_)) => Weakness::Sequential,
        Some(MatchPattern::Dictionary(word)) if context.contains(&word.matched_word) => Weakness::Contextual,
        _ => Weakness::Common,
    }
}

/// Lower case and without accents, as it is tried too.
fn plain(text: &str) -> Vec<char> {
    let letter = |letter: char| match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' => 'a',
        'é' | 'ê' | 'è' => 'e',
        'í' => 'i',
        'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ú' | 'ü' => 'u',
        'ç' => 'c',
        'ñ' => 'n',
        other => other,
    };
    text.chars().flat_map(char::to_lowercase).map(letter).collect()
}

#[cfg(test)]
mod tests;
