//! Money in integers: Brazilian reais in centavos.

use std::fmt;
use std::str::FromStr;

/// An amount in centavos (10⁻² BRL), such as the share capital (`capital social`) of a company.
///
/// Shown and serialised as an exact decimal with two places: `190000.00`.
///
/// # Examples
/// ```
/// use aurora_crm::companies::Reais;
///
/// let capital: Reais = "190000.5".parse()?;
/// assert_eq!(capital.centavos(), 19_000_050);
/// assert_eq!(capital.to_string(), "190000.50");
/// # Ok::<(), aurora_crm::companies::ParseReaisError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Reais(i64);

impl Reais {
    /// Makes an amount from centavos.
    #[must_use]
    pub const fn from_centavos(centavos: i64) -> Self {
        Self(centavos)
    }

    /// The amount in centavos.
    #[must_use]
    pub const fn centavos(self) -> i64 {
        self.0
    }
}

/// The text was not a decimal amount of reais.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a decimal amount of reais with at most two places, such as 190000.00")]
pub struct ParseReaisError;

impl FromStr for Reais {
    type Err = ParseReaisError;

    fn from_str(text: &str) -> Result<Self, ParseReaisError> {
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "00"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 2 {
            return Err(ParseReaisError);
        }
        let centavos: i64 = format!("{whole}{fraction:0<2}")
            .parse()
            .map_err(|_| ParseReaisError)?;
        Ok(Self(if negative { -centavos } else { centavos }))
    }
}

impl fmt::Display for Reais {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, centavos) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        write!(f, "{sign}{}.{:02}", centavos / 100, centavos % 100)
    }
}

impl fmt::Debug for Reais {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BRL {self}")
    }
}

aurora_core::serde_as_text!(Reais);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_a_decimal_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1e3",
            "1,00",
            "0.001",
            "+1",
            "1.234.00",
            "99999999999999999999",
        ] {
            assert_eq!(text.parse::<Reais>(), Err(ParseReaisError), "{text}");
        }
    }

    proptest! {
        #[test]
        fn text_goes_both_ways(centavos in -i64::MAX..=i64::MAX) {
            let amount = Reais::from_centavos(centavos);
            prop_assert_eq!(amount.to_string().parse::<Reais>(), Ok(amount));
        }
    }
}
