//! Amounts of a currency, in its smallest unit.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in the smallest unit of its currency: centavos of the real unless told.
///
/// # Examples
/// ```
/// use aurora_crm::leads::Money;
///
/// let value = Money::brl(1_250_000); // R$ 12.500,00
/// assert_eq!(serde_json::to_string(&value)?, r#"{"cents":1250000,"currency":"BRL"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// How many of the smallest unit: centavos, cents; whole units where a currency has no smaller one.
    pub cents: i64,
    /// Which currency; the real unless told.
    #[serde(default)]
    pub currency: Currency,
}

impl Money {
    /// The most that a lead can be worth: 100 billion of a currency with two decimals.
    pub const MAX_CENTS: i64 = 10_000_000_000_000;

    /// An amount in centavos of the real.
    #[must_use]
    pub const fn brl(cents: i64) -> Self {
        Self {
            cents,
            currency: Currency::BRL,
        }
    }

    /// An amount of any currency.
    #[must_use]
    pub const fn new(cents: i64, currency: Currency) -> Self {
        Self { cents, currency }
    }
}

impl Default for Money {
    /// Nothing, in reais.
    fn default() -> Self {
        Self::brl(0)
    }
}

/// A currency by its ISO 4217 code of three letters. Their form is checked, not whether such a currency exists.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The real.
    pub const BRL: Self = Self(*b"BRL");
    /// The US dollar.
    pub const USD: Self = Self(*b"USD");
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("BRL") // three upper-case letters, always
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self::BRL
    }
}

impl FromStr for Currency {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let code = <[u8; 3]>::try_from(text.as_bytes()).ok();
        let code = code.filter(|code| code.iter().all(u8::is_ascii_uppercase));
        code.map(Self).ok_or("must be a currency of ISO 4217 such as BRL")
    }
}

impl TryFrom<String> for Currency {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{Currency, Money};

    #[test]
    fn a_currency_is_three_capital_letters() {
        assert_eq!("EUR".parse::<Currency>(), Ok(Currency::EUR));
        for wrong in ["", "eur", "EURO", "R$", "€", "B L"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
        assert_eq!(
            serde_json::from_str::<Money>(r#"{"cents": 5}"#).unwrap(),
            Money::brl(5)
        );
    }
}
