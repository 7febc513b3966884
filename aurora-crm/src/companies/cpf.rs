//! The number of a person: Cadastro de Pessoas Físicas.

use std::fmt;
use std::str::FromStr;

use super::check_digit;

const LENGTH: usize = 11;
const BASE: usize = 9;
const MAX_INPUT: usize = 64;

/// The CPF of a person: nine digits and two right check digits.
///
/// # What is accepted
/// White space around the text is dropped, and `.` and `-` are ignored wherever they stand. What is left must be 11
/// ASCII digits. Refused are white space inside, masked numbers as public sources show them (`***112108**`), and
/// eleven equal digits.
///
/// Shown with its mask (`529.982.247-25`); serialised and stored as 11 plain digits. It is personal data (Lei
/// 13.709/2018), so `Debug` hides all but the last two digits.
///
/// # Examples
/// ```
/// use aurora_crm::companies::Cpf;
///
/// let cpf: Cpf = "52998224725".parse()?;
/// assert_eq!(cpf.to_string(), "529.982.247-25");
/// assert_eq!(format!("{cpf:?}"), "Cpf(***.***.***-25)");
/// # Ok::<(), aurora_crm::companies::ParseCpfError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cpf([u8; LENGTH]);

impl Cpf {
    /// Adds the check digits to a base of 9 digits.
    ///
    /// # Errors
    /// When the base is not 9 digits (read like a CPF), or gives eleven equal digits.
    pub fn from_base(base: &str) -> Result<Self, ParseCpfError> {
        let mut digits = read::<BASE>(base)?.to_vec();
        digits.push(check_digit(&digits, 11));
        digits.push(check_digit(&digits, 11));
        Self::checked(digits.try_into().map_err(|_| ParseCpfError::Length {
            found: BASE,
            expected: BASE,
        })?)
    }

    fn checked(digits: [u8; LENGTH]) -> Result<Self, ParseCpfError> {
        if digits.windows(2).all(|pair| pair.first() == pair.last()) {
            return Err(ParseCpfError::Repeated);
        }
        let (base, check) = digits.split_at(BASE);
        if check
            != [
                check_digit(base, 11),
                check_digit(digits.split_at(BASE + 1).0, 11),
            ]
        {
            return Err(ParseCpfError::CheckDigits);
        }
        Ok(Self(digits))
    }

    /// The 11 digits without the mask.
    #[must_use]
    pub fn plain(&self) -> &str {
        self.part(0, LENGTH)
    }

    fn part(&self, from: usize, to: usize) -> &str {
        self.0
            .get(from..to)
            .and_then(|part| std::str::from_utf8(part).ok())
            .unwrap_or_default()
    }
}

fn read<const N: usize>(text: &str) -> Result<[u8; N], ParseCpfError> {
    let text = text.trim();
    if text.len() > MAX_INPUT {
        return Err(ParseCpfError::Length {
            found: text.chars().count(),
            expected: N,
        });
    }
    let mut digits = [b'0'; N];
    let mut count = 0;
    for (index, character) in text.chars().enumerate() {
        match character {
            '.' | '-' => {}
            '0'..='9' => {
                if let (Some(slot), Ok(byte)) = (digits.get_mut(count), u8::try_from(character)) {
                    *slot = byte;
                }
                count += 1;
            }
            _ => return Err(ParseCpfError::Character { position: index + 1 }),
        }
    }
    if count == N {
        Ok(digits)
    } else {
        Err(ParseCpfError::Length {
            found: count,
            expected: N,
        })
    }
}

/// Why a text is not a CPF. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseCpfError {
    /// Too few or too many digits.
    #[error("a CPF has {expected} digits here, not {found}")]
    Length {
        /// How many there are.
        found: usize,
        /// How many there must be.
        expected: usize,
    },
    /// Something that is neither an ASCII digit nor one of `.` and `-`.
    #[error("the character at position {position} cannot be part of a CPF")]
    Character {
        /// Counted from 1, after white space around the text.
        position: usize,
    },
    /// Eleven times the same digit.
    #[error("a CPF of one repeated digit belongs to nobody")]
    Repeated,
    /// The check digits do not belong to the rest: most likely a typing mistake.
    #[error("the check digits of the CPF are wrong")]
    CheckDigits,
}

impl FromStr for Cpf {
    type Err = ParseCpfError;

    fn from_str(text: &str) -> Result<Self, ParseCpfError> {
        Self::checked(read::<LENGTH>(text)?)
    }
}

impl fmt::Display for Cpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{}.{}-{}",
            self.part(0, 3),
            self.part(3, 6),
            self.part(6, 9),
            self.part(9, 11)
        )
    }
}

impl fmt::Debug for Cpf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cpf(***.***.***-{})", self.part(9, 11))
    }
}

aurora_core::serde_as_text!(Cpf, |cpf| cpf.plain());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_numbers_are_accepted_and_mistakes_told_apart() {
        use ParseCpfError::{Character, CheckDigits, Length, Repeated};
        for text in [
            "52998224725",
            "529.982.247-25",
            " 111.444.777-35 ",
            "12345678909",
            "00000000191",
        ] {
            let cpf: Cpf = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(cpf.to_string().parse::<Cpf>().unwrap(), cpf);
        }
        for (text, expected) in [
            ("52998224724", CheckDigits),
            ("52998224735", CheckDigits),
            ("00000000000", Repeated),
            ("999.999.999-99", Repeated),
            (
                "5299822472",
                Length {
                    found: 10,
                    expected: 11,
                },
            ),
            (
                "529982247255",
                Length {
                    found: 12,
                    expected: 11,
                },
            ),
            (
                "",
                Length {
                    found: 0,
                    expected: 11,
                },
            ),
            ("***112108**", Character { position: 1 }),
            ("529 982 247 25", Character { position: 4 }),
            ("５2998224725", Character { position: 1 }),
            ("5299822472A", Character { position: 11 }),
        ] {
            assert_eq!(text.parse::<Cpf>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_completed_base_is_valid(base in "[0-9]{9}") {
            if let Ok(cpf) = Cpf::from_base(&base) {
                prop_assert_eq!(cpf.plain().parse::<Cpf>(), Ok(cpf));
                prop_assert_eq!(cpf.to_string().parse::<Cpf>(), Ok(cpf));
            } else {
                prop_assert!(base.bytes().all(|byte| Some(byte) == base.bytes().next()));
            }
        }

        #[test]
        fn a_wrong_check_digit_is_always_found(base in "[0-9]{9}", which in 9_usize..11, other in b'0'..=b'9') {
            let Ok(cpf) = Cpf::from_base(&base) else { return Ok(()) };
            let mut wrong = cpf.plain().as_bytes().to_vec();
            prop_assume!(wrong[which] != other);
            wrong[which] = other;
            prop_assert!(String::from_utf8(wrong).unwrap().parse::<Cpf>().is_err());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9. -]{9,16}") {
            if let Ok(cpf) = text.parse::<Cpf>() {
                prop_assert_eq!(cpf.to_string().parse::<Cpf>(), Ok(cpf));
            }
        }
    }
}
