//! Phone numbers in E.164, with the forms in which Brazilians write theirs.

use std::fmt;
use std::str::FromStr;

const MAX_INPUT: usize = 40;
/// ITU-T E.164: at most 15 digits with the country code.
const MAX_DIGITS: usize = 15;
const MIN_DIGITS: usize = 8;
/// The 67 area codes (DDD) of Brazil: Resolução Anatel 749/2022.
const AREAS: [&str; 9] = [
    "11 12 13 14 15 16 17 18 19",
    "21 22 24 27 28",
    "31 32 33 34 35 37 38",
    "41 42 43 44 45 46 47 48 49",
    "51 53 54 55",
    "61 62 63 64 65 66 67 68 69",
    "71 73 74 75 77 79",
    "81 82 83 84 85 86 87 88 89",
    "91 92 93 94 95 96 97 98 99",
];

/// A phone number in E.164: `+` and 8 to 15 digits, such as `+5511987654321`.
///
/// # What is accepted
/// Spaces, hyphens, dots and parentheses are ignored.
/// - `+` and a country code: any country; for Brazil (`+55`) area and number are checked as below.
/// - A Brazilian number with its area code (DDD), with or without the trunk `0` and carrier code:
///   `(11) 98765-4321`, `011 3876-5432`, `0 15 11 98765-4321`, or `55` before it.
/// - A Brazilian toll-free number: `0800 123 4567`.
///
/// The area must be one of the 67 in use. A number has nine digits beginning with 9 (mobile), or eight beginning with
/// 2 to 5 (fixed) or 7 (the trunking service that kept eight digits). A ninth digit is never added: eight digits
/// beginning with 6, 8 or 9 are refused, because guessing merges different people.
///
/// It is personal data, so `Debug` shows the last two digits only.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

impl Phone {
    /// The number behind a WhatsApp id (`wa_id`): digits with the country code, for Brazilian mobile numbers of many
    /// years' standing without the ninth digit, which is put in. Fixed numbers (2 to 5) and those of the trunking
    /// service (7) never get one. `None` when it is no phone number.
    ///
    /// # Examples
    /// ```
    /// use aurora_crm::contacts::Phone;
    ///
    /// let phone = |id| Phone::of_whatsapp_id(id).map(|phone| phone.to_string());
    /// assert_eq!(phone("551187654321").as_deref(), Some("+5511987654321"));
    /// assert_eq!(phone("551138765432").as_deref(), Some("+551138765432"));
    /// ```
    #[must_use]
    pub fn of_whatsapp_id(id: &str) -> Option<Self> {
        let mobile = id.strip_prefix("55").filter(|national| national.len() == 10);
        if let Some((area, number)) = mobile.and_then(|national| national.split_at_checked(2))
            && number.starts_with(['6', '8', '9'])
        {
            return format!("+55{area}9{number}").parse().ok();
        }
        format!("+{id}").parse().ok()
    }

    /// The number with its `+`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a phone number. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParsePhoneError {
    /// Something other than digits, one leading `+`, spaces, hyphens, dots and parentheses.
    #[error(
        "a phone number has only digits, spaces, hyphens, dots and parentheses, and a + at its beginning"
    )]
    Character,
    /// Too few or too many digits.
    #[error("a phone number has a country code, or a Brazilian area code (DDD), and 15 digits at most")]
    Length,
    /// The area code is not in use.
    #[error("the area code (DDD) does not exist")]
    Area,
    /// The digits after the area code are not a Brazilian number.
    #[error(
        "after the area code, a Brazilian mobile number has 9 digits beginning with 9 and a fixed one 8 beginning with 2 to 5"
    )]
    Number,
}

impl FromStr for Phone {
    type Err = ParsePhoneError;

    fn from_str(text: &str) -> Result<Self, ParsePhoneError> {
        let text = text.trim();
        if text.len() > MAX_INPUT {
            return Err(ParsePhoneError::Length);
        }
        let (international, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let mut digits = String::with_capacity(MAX_DIGITS + 1);
        for character in rest.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '.' | '(' | ')' => {}
                _ => return Err(ParsePhoneError::Character),
            }
        }
        if international {
            return match digits.strip_prefix("55") {
                Some(national) => brazilian(national),
                None if digits.starts_with('0') => Err(ParsePhoneError::Length),
                None if (MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) => Ok(Self(format!("+{digits}"))),
                None => Err(ParsePhoneError::Length),
            };
        }
        match (digits.strip_prefix('0'), digits.len()) {
            (Some(national), 11 | 12) => brazilian(national),
            // the trunk 0 and the two digits of a carrier
            (Some(rest), 13 | 14) => brazilian(rest.get(2..).unwrap_or_default()),
            (None, 10 | 11) => brazilian(&digits),
            (None, 12 | 13) => brazilian(digits.strip_prefix("55").ok_or(ParsePhoneError::Length)?),
            _ => Err(ParsePhoneError::Length),
        }
    }
}

/// Checks a Brazilian number without country code, trunk and carrier.
fn brazilian(national: &str) -> Result<Phone, ParsePhoneError> {
    if !(10..=11).contains(&national.len()) {
        return Err(ParsePhoneError::Length);
    }
    let (area, number) = national.split_at_checked(2).ok_or(ParsePhoneError::Length)?;
    let is_toll_free = national.starts_with("800") && national.len() == 10;
    if !is_toll_free {
        if !AREAS
            .iter()
            .any(|areas| areas.split(' ').any(|known| known == area))
        {
            return Err(ParsePhoneError::Area);
        }
        match (number.len(), number.bytes().next()) {
            (9, Some(b'9')) | (8, Some(b'2'..=b'5' | b'7')) => {}
            _ => return Err(ParsePhoneError::Number),
        }
    }
    Ok(Phone(format!("+55{national}")))
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.0.len().saturating_sub(2);
        write!(f, "Phone(…{})", self.0.get(end..).unwrap_or_default())
    }
}

aurora_core::serde_as_text!(Phone);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn brazilian_and_foreign_forms_become_e164() {
        for (text, expected) in [
            ("+5511987654321", "+5511987654321"),
            ("(11) 98765-4321", "+5511987654321"),
            ("11 98765.4321", "+5511987654321"),
            ("011987654321", "+5511987654321"),
            ("0 15 11 98765-4321", "+5511987654321"),
            ("55 11 98765-4321", "+5511987654321"),
            ("(11) 3876-5432", "+551138765432"),
            ("551138765432", "+551138765432"),
            ("55 99876-5432", "+5555998765432"),
            ("0 15 11 3876-5432", "+551138765432"),
            ("+55 11 7890-1234", "+551178901234"),
            ("0800 123 4567", "+558001234567"),
            ("+1 (212) 555-0100", "+12125550100"),
            ("+351 912 345 678", "+351912345678"),
        ] {
            assert_eq!(
                text.parse::<Phone>().map(|phone| phone.0),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_called_is_refused_and_told() {
        use ParsePhoneError::{Area, Character, Length, Number};
        for (text, expected) in [
            ("+551187654321", Number),
            ("(11) 8765-4321", Number),
            ("11 88765-4321", Number),
            ("+5520987654321", Area),
            ("(10) 98765-4321", Area),
            ("98765-4321", Length),
            ("", Length),
            ("+", Length),
            ("+1234567", Length),
            ("+1234567890123456", Length),
            ("+0123456789", Length),
            ("11 98765-4321 r. 12", Character),
            ("+55 11 98765+4321", Character),
            ("１１987654321", Character),
        ] {
            assert_eq!(text.parse::<Phone>(), Err(expected), "{text}");
        }
        assert_eq!(AREAS.iter().flat_map(|areas| areas.split(' ')).count(), 67);
        assert_eq!(
            format!("{:?}", "+5511987654321".parse::<Phone>().unwrap()),
            "Phone(…21)"
        );
    }

    #[test]
    fn a_whatsapp_id_gets_its_ninth_digit_and_a_fixed_number_none() {
        for (id, expected) in [
            ("551187654321", Some("+5511987654321")),
            ("551167654321", Some("+5511967654321")),
            ("551197654321", Some("+5511997654321")),
            ("5511987654321", Some("+5511987654321")),
            ("551138765432", Some("+551138765432")),
            ("551178901234", Some("+551178901234")),
            ("552087654321", None),
            ("12125550100", Some("+12125550100")),
            ("", None),
            ("55118765432é", None),
        ] {
            let phone = Phone::of_whatsapp_id(id);
            assert_eq!(phone.as_ref().map(Phone::as_str), expected, "{id}");
        }
    }

    proptest! {
        #[test]
        fn what_is_accepted_is_e164_and_stays_itself(text in "\\PC{0,30}|[+0-9() .-]{8,20}|0?[1-9]{2}9[0-9]{8}") {
            if let Ok(phone) = text.parse::<Phone>() {
                prop_assert!((9..=16).contains(&phone.as_str().len()));
                prop_assert_eq!(phone.as_str().parse::<Phone>(), Ok(phone.clone()));
            }
        }
    }
}
