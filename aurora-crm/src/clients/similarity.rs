//! How alike two names are, and which names are worth comparing.

use std::collections::BTreeSet;

use super::Client;
use super::name::fold;

/// Bands of two hashes each: two names that share half of their trigrams meet in one of them 99 times in 100, and two
/// that share a tenth 15 times in 100.
pub(super) const BANDS: usize = 16;
const HASHES_IN_BAND: usize = 2;

/// Legal forms and particles, which say nothing about who it is.
const EMPTY_WORDS: [&str; 26] = [
    "ltda",
    "limitada",
    "me",
    "epp",
    "eireli",
    "mei",
    "sa",
    "ss",
    "slu",
    "cia",
    "companhia",
    "comercio",
    "servicos",
    "industria",
    "a",
    "as",
    "o",
    "os",
    "e",
    "da",
    "das",
    "de",
    "do",
    "dos",
    "em",
    "sociedade",
];

/// The words of a name that tell who it is, folded.
fn telling_words(name: &str) -> Vec<String> {
    // `S.A.` and `S/A` are one word
    let joined = fold(name)
        .replace("s.a.", "sa ")
        .replace("s/a", "sa")
        .replace('\'', "");
    let words: Vec<String> = joined
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let telling: Vec<String> = words
        .iter()
        .filter(|word| !EMPTY_WORDS.contains(&word.as_str()))
        .cloned()
        .collect();
    if telling.is_empty() { words } else { telling }
}

/// The groups of three letters in each word, so that the order of words does not matter.
pub(super) fn trigrams(name: &str) -> BTreeSet<[char; 3]> {
    let mut found = BTreeSet::new();
    for word in telling_words(name) {
        let padded: Vec<char> = [' ', ' '].into_iter().chain(word.chars()).chain([' ']).collect();
        found.extend(
            padded
                .windows(3)
                .filter_map(|window| <[char; 3]>::try_from(window).ok()),
        );
    }
    found
}

/// The share of trigrams that two names have in common, 0 to 1 (Jaccard).
pub(super) fn similarity(a: &BTreeSet<[char; 3]>, b: &BTreeSet<[char; 3]>) -> f64 {
    let common = u32::try_from(a.intersection(b).count()).unwrap_or(u32::MAX);
    let all = u32::try_from(a.union(b).count()).unwrap_or(u32::MAX);
    if all == 0 {
        0.0
    } else {
        f64::from(common) / f64::from(all)
    }
}

/// What similar names most likely have in common (MinHash bands, Broder 1997): a number per band.
pub(super) fn bands(name: &str) -> Vec<i64> {
    let trigrams: Vec<u64> = trigrams(name)
        .into_iter()
        .map(|letters| {
            letters
                .into_iter()
                .fold(FNV_OFFSET, |hash, letter| fnv(hash, u64::from(u32::from(letter))))
        })
        .collect();
    if trigrams.is_empty() {
        return Vec::new();
    }
    let least = |seed: usize| {
        let seed = mix(u64::try_from(seed).unwrap_or_default().wrapping_add(1));
        trigrams
            .iter()
            .map(|hash| mix(hash ^ seed))
            .min()
            .unwrap_or_default()
    };
    (0..BANDS)
        .map(|band| {
            let first = u64::try_from(band).unwrap_or_default();
            let hash = (0..HASHES_IN_BAND).fold(fnv(FNV_OFFSET, first), |hash, row| {
                mix(hash ^ least(band * HASHES_IN_BAND + row))
            });
            i64::from_ne_bytes(hash.to_ne_bytes())
        })
        .collect()
}

/// The bands of both names of a client.
pub(super) fn of_client(client: &Client) -> BTreeSet<i64> {
    let names = std::iter::once(client.legal_name.as_str()).chain(client.trade_name.as_deref());
    names.flat_map(bands).collect()
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

const fn fnv(hash: u64, value: u64) -> u64 {
    (hash ^ value).wrapping_mul(0x0100_0000_01b3)
}

/// The finaliser of SplitMix64: stable across processes and versions.
const fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_suffixes_and_order_do_not_matter() {
        let alike = |a: &str, b: &str| similarity(&trigrams(a), &trigrams(b));
        for (a, b) in [
            ("Padaria Pão Quente Ltda", "PADARIA PAO QUENTE"),
            ("João da Silva", "Silva, Joao"),
            ("Banco Azul S.A.", "Banco Azul S/A"),
            ("Mercado D'Ávila ME", "mercado davila"),
        ] {
            assert!((alike(a, b) - 1.0).abs() < f64::EPSILON, "{a} {b}");
            assert_eq!(bands(a), bands(b));
        }
        assert!(alike("Ana Souza", "Ana Sousa") > 0.5);
        assert!(alike("Ana Souza", "Pedro Lima") < 0.1);
        assert!(bands(" - ").is_empty());
        assert_eq!(
            trigrams("Ltda ME").len(),
            8,
            "a name of nothing but suffixes is a name"
        );
    }
}
