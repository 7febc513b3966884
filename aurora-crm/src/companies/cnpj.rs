//! The number of a company: Cadastro Nacional da Pessoa Jurídica.

use std::fmt;
use std::str::FromStr;

use super::check_digit;

const LENGTH: usize = 14;
const BASE: usize = 12;
const ROOT: usize = 8;
/// Longer than any written form of a CNPJ; nothing beyond is looked at.
const MAX_INPUT: usize = 64;

/// The CNPJ of a Brazilian company, numeric or alphanumeric, with right check digits.
///
/// Eight characters of root, four of order (the branch), each `0–9` or `A–Z`, and two numeric check digits. Letters
/// appear in registrations since July 2026 (Instrução Normativa RFB 2.229/2024); numeric CNPJs stay valid, and
/// leading zeros count.
///
/// # What is accepted
/// White space around the text is dropped, lower-case ASCII letters are raised, and `.`, `/` and `-` are ignored
/// wherever they stand. What is left must be 14 characters of `[0-9A-Z]{12}[0-9]{2}`. Refused are white space
/// *inside*, anything that is not ASCII (a full-width digit among them), a base of twelve zeros, and fourteen equal
/// characters.
///
/// Shown with its mask (`12.ABC.345/01DE-35`); serialised and stored as 14 plain characters. It sorts like them.
///
/// # Examples
/// ```
/// use aurora_crm::companies::Cnpj;
///
/// let cnpj: Cnpj = "12abc34501de35".parse()?;
/// assert_eq!(cnpj.to_string(), "12.ABC.345/01DE-35");
/// assert_eq!((cnpj.plain(), cnpj.root(), cnpj.order()), ("12ABC34501DE35", "12ABC345", "01DE"));
/// assert!("12.ABC.345/01DE-36".parse::<Cnpj>().is_err());
/// # Ok::<(), aurora_crm::companies::ParseCnpjError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cnpj([u8; LENGTH]);

impl Cnpj {
    /// Adds the check digits to a base of 12 characters.
    ///
    /// Receita Federal hands out no `F`, `I`, `O`, `Q` and `U` so far; the law admits them, and so does this.
    ///
    /// # Errors
    /// When the base is not 12 characters of `[0-9A-Z]` (read like a CNPJ), or is all zeros.
    pub fn from_base(base: &str) -> Result<Self, ParseCnpjError> {
        let mut characters = read::<BASE>(base)?.to_vec();
        characters.push(check_digit(&characters, 9));
        characters.push(check_digit(&characters, 9));
        let whole = characters.try_into().map_err(|_| ParseCnpjError::Length {
            found: BASE,
            expected: BASE,
        })?;
        Self::checked(whole)
    }

    fn checked(characters: [u8; LENGTH]) -> Result<Self, ParseCnpjError> {
        let (base, digits) = characters.split_at(BASE);
        if let Some(index) = digits.iter().position(|digit| !digit.is_ascii_digit()) {
            return Err(ParseCnpjError::LetterInCheckDigits {
                position: BASE + index + 1,
            });
        }
        if base.iter().all(|&character| character == b'0') {
            return Err(ParseCnpjError::Blank);
        }
        if characters.windows(2).all(|pair| pair.first() == pair.last()) {
            return Err(ParseCnpjError::Repeated);
        }
        let (first, with_first) = (check_digit(base, 9), characters.split_at(BASE + 1).0);
        if digits != [first, check_digit(with_first, 9)] {
            return Err(ParseCnpjError::CheckDigits);
        }
        Ok(Self(characters))
    }

    /// The 14 characters without the mask.
    #[must_use]
    pub fn plain(&self) -> &str {
        self.part(0, LENGTH)
    }

    /// The 8 characters that all branches of a company share. Text, not a number: it may hold letters.
    #[must_use]
    pub fn root(&self) -> &str {
        self.part(0, ROOT)
    }

    /// The 4 characters of the branch. `0001` is the head office in every known registration, but only a lookup
    /// tells for sure.
    #[must_use]
    pub fn order(&self) -> &str {
        self.part(ROOT, BASE)
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.0
            .get(from..to)
            .and_then(|part| std::str::from_utf8(part).ok())
            .unwrap_or_default()
    }
}

/// Collects `N` characters of `[0-9A-Z]` from what a person typed.
fn read<const N: usize>(text: &str) -> Result<[u8; N], ParseCnpjError> {
    let text = text.trim();
    if text.len() > MAX_INPUT {
        return Err(ParseCnpjError::Length {
            found: text.chars().count(),
            expected: N,
        });
    }
    let mut characters = [b'0'; N];
    let mut count = 0;
    for (index, character) in text.chars().enumerate() {
        match character.to_ascii_uppercase() {
            '.' | '/' | '-' => {}
            upper @ ('0'..='9' | 'A'..='Z') => {
                if let (Some(slot), Ok(byte)) = (characters.get_mut(count), u8::try_from(upper)) {
                    *slot = byte;
                }
                count += 1;
            }
            _ => return Err(ParseCnpjError::Character { position: index + 1 }),
        }
    }
    if count == N {
        Ok(characters)
    } else {
        Err(ParseCnpjError::Length {
            found: count,
            expected: N,
        })
    }
}

/// Why a text is not a CNPJ. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCnpjError {
    /// Too few or too many letters and digits.
    #[error("a CNPJ has {expected} letters and digits here, not {found}")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// Something that is neither an ASCII letter or digit nor one of `.`, `/`, `-`.
    #[error("the character at position {position} cannot be part of a CNPJ")]
    Character {
        /// Counted from 1, after white space around the text.
        position: usize,
    },
    /// The last two characters must be digits.
    #[error("the check digits of a CNPJ cannot be letters (character {position})")]
    LetterInCheckDigits {
        /// 13 or 14.
        position: usize,
    },
    /// Twelve zeros, for which the check digits happen to be right.
    #[error("a CNPJ of zeros belongs to nobody")]
    Blank,
    /// Fourteen times the same character.
    #[error("a CNPJ of one repeated character belongs to nobody")]
    Repeated,
    /// The check digits do not belong to the rest: most likely a typing mistake.
    #[error("the check digits of the CNPJ are wrong")]
    CheckDigits,
}

impl FromStr for Cnpj {
    type Err = ParseCnpjError;

    fn from_str(text: &str) -> Result<Self, ParseCnpjError> {
        Self::checked(read::<LENGTH>(text)?)
    }
}

impl fmt::Display for Cnpj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from, to| self.part(from, to);
        write!(
            f,
            "{}.{}.{}/{}-{}",
            part(0, 2),
            part(2, 5),
            part(5, 8),
            part(8, 12),
            part(12, 14)
        )
    }
}

impl fmt::Debug for Cnpj {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cnpj({self})")
    }
}

aurora_core::serde_as_text!(Cnpj, |cnpj| cnpj.plain());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers_are_accepted_in_every_tolerated_form() {
        for text in [
            // the official example, with mask and in lower case
            "12ABC34501DE35",
            "12.ABC.345/01DE-35",
            "12abc34501de35",
            " 12ABC34501DE35 ",
            "\t12ABC34501DE35\n",
            // eleven leading zeros
            "00000000000191",
            "00.000.000/0001-91",
            // numeric
            "11222333000181",
            "33683111000280",
            "16727230000197",
            "19131243000197",
            "37335118000180",
            // made by Receita Federal, letters in the branch, check digits 00
            "SY.99M.4WL/1G7A-66",
            "4B.7BJ.E7D/AVWA-36",
            "PW.6EE.Z91/6D9K-57",
            "9M.05N.MN2/TZR5-92",
            "WG.YRP.LYY/0001-45",
            "RR.3CC.775/0001-00",
            // synthetic
            "A1B2C3D4000193",
            "E0123456000195",
            "1234567890AB04",
            "ZZZZZZZZZZZZ62",
            "AAAAAAAAAAAA45",
            "ABCDEFGHIJKL80",
            "0000000E000147",
        ] {
            let cnpj: Cnpj = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(cnpj.to_string().parse::<Cnpj>().unwrap(), cnpj);
            assert_eq!(cnpj.plain().len(), 14);
        }
    }

    #[test]
    fn each_mistake_is_told_apart() {
        use ParseCnpjError::{Blank, Character, CheckDigits, Length, LetterInCheckDigits, Repeated};
        for (text, expected) in [
            ("12ABC34501DE99", CheckDigits),
            ("12ABC34501DE36", CheckDigits),
            ("12ABC34501DEAB", LetterInCheckDigits { position: 13 }),
            ("12ABC34501DE3A", LetterInCheckDigits { position: 14 }),
            ("00000000000000", Blank),
            ("00.000.000/0000-00", Blank),
            ("00000000000012", Blank),
            ("11111111111111", Repeated),
            (
                "12ABC34501DE3",
                Length {
                    found: 13,
                    expected: 14,
                },
            ),
            (
                "12ABC34501DE355",
                Length {
                    found: 15,
                    expected: 14,
                },
            ),
            (
                "",
                Length {
                    found: 0,
                    expected: 14,
                },
            ),
            (
                "  ",
                Length {
                    found: 0,
                    expected: 14,
                },
            ),
            (
                "1a1b2c2d2e3f3g3h0i0j0k1l8m1n",
                Length {
                    found: 28,
                    expected: 14,
                },
            ),
            ("12ABC34501DÉ35", Character { position: 12 }),
            ("１2ABC34501DE35", Character { position: 1 }),
            ("12 ABC 345 01DE 35", Character { position: 3 }),
            ("12ABC345_01DE35", Character { position: 9 }),
            ("12\u{a0}ABC34501DE35", Character { position: 3 }),
        ] {
            assert_eq!(text.parse::<Cnpj>(), Err(expected), "{text}");
        }
        let endless = "1".repeat(10_000);
        assert_eq!(
            endless.parse::<Cnpj>(),
            Err(Length {
                found: 10_000,
                expected: 14
            })
        );
    }

    #[test]
    fn json_is_the_plain_form_and_is_checked() {
        let cnpj: Cnpj = serde_json::from_str("\"12.ABC.345/01DE-35\"").unwrap();
        assert_eq!(serde_json::to_string(&cnpj).unwrap(), "\"12ABC34501DE35\"");
        assert!(serde_json::from_str::<Cnpj>("\"12ABC34501DE36\"").is_err());
        assert!(serde_json::from_str::<Cnpj>("191").is_err());
    }

    proptest! {
        #[test]
        fn a_completed_base_is_valid_and_survives_every_form(base in "[0-9A-Z]{12}") {
            prop_assume!(base != "000000000000");
            if let Ok(cnpj) = Cnpj::from_base(&base) {
                prop_assert_eq!(cnpj.plain().split_at(12).0, base.as_str());
                prop_assert_eq!(cnpj.plain().to_lowercase().parse::<Cnpj>(), Ok(cnpj));
                prop_assert_eq!(cnpj.to_string().parse::<Cnpj>(), Ok(cnpj));
            } else {
                prop_assert!(base.bytes().all(|byte| Some(byte) == base.bytes().next()));
            }
        }

        #[test]
        fn a_wrong_check_digit_is_always_found(base in "[0-9A-Z]{12}", which in 12_usize..14, other in b'0'..=b'9') {
            let Ok(cnpj) = Cnpj::from_base(&base) else { return Ok(()) };
            let mut wrong = cnpj.plain().as_bytes().to_vec();
            prop_assume!(wrong[which] != other);
            wrong[which] = other;
            prop_assert!(String::from_utf8(wrong).unwrap().parse::<Cnpj>().is_err());
        }

        /// Two digits never differ by a multiple of 11, so each sum changes; it can hide only where both rests, 0
        /// and 1, give the digit 0.
        #[test]
        fn one_wrong_digit_is_found_unless_rest_and_check_digit_coincide(
            base in "[0-9]{12}", which in 0_usize..12, other in b'0'..=b'9'
        ) {
            let Ok(cnpj) = Cnpj::from_base(&base) else { return Ok(()) };
            let mut wrong = cnpj.plain().as_bytes().to_vec();
            prop_assume!(wrong[which] != other);
            wrong[which] = other;
            if String::from_utf8(wrong).unwrap().parse::<Cnpj>().is_ok() {
                prop_assert_eq!(cnpj.plain().split_at(12).1, "00");
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9A-Za-z./ -]{10,20}") {
            if let Ok(cnpj) = text.parse::<Cnpj>() {
                prop_assert_eq!(cnpj.to_string().parse::<Cnpj>(), Ok(cnpj));
            }
        }
    }
}
