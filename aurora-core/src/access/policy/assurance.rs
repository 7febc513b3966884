//! How sure it is who speaks.

use std::fmt;
use std::str::FromStr;

/// The assurance of a login, in the levels of NIST SP 800-63B; a higher one is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Assurance {
    /// One factor.
    Aal1,
    /// Two factors.
    Aal2,
    /// Two factors, one of them hardware that phishing cannot reach.
    Aal3,
}

impl Assurance {
    /// As it stands in `acr`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
            Self::Aal3 => "aal3",
        }
    }
}

/// The text was not an assurance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected aal1, aal2 or aal3")]
pub struct UnknownAssurance;

impl FromStr for Assurance {
    type Err = UnknownAssurance;

    fn from_str(text: &str) -> Result<Self, UnknownAssurance> {
        match text {
            "aal1" => Ok(Self::Aal1),
            "aal2" => Ok(Self::Aal2),
            "aal3" => Ok(Self::Aal3),
            _ => Err(UnknownAssurance),
        }
    }
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

crate::serde_as_text!(Assurance);
