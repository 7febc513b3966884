use std::fmt;
use std::str::FromStr;

/// A time of the clock on the wall, `00:00` to `24:00`, in whole minutes; `24:00` is the end of the day.
///
/// # Examples
/// ```
/// use aurora_crm::scheduling::WallTime;
///
/// let opens: WallTime = "08:30".parse()?;
/// assert_eq!(opens.minutes(), 510);
/// assert_eq!(opens.to_string(), "08:30");
/// assert!("8h30".parse::<WallTime>().is_err());
/// # Ok::<(), aurora_crm::scheduling::ParseWallTimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime(u16);

impl WallTime {
    /// The first minute of a day.
    pub const MIDNIGHT: Self = Self(0);
    /// The end of a day.
    pub const END: Self = Self(24 * 60);

    /// So many minutes after midnight, at most 1,440.
    #[must_use]
    pub const fn from_minutes(minutes: u16) -> Option<Self> {
        if minutes <= Self::END.0 {
            Some(Self(minutes))
        } else {
            None
        }
    }

    /// How many minutes after midnight, 0 to 1,440.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

/// The text is not a time. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a time such as 08:30, from 00:00 to 24:00")]
pub struct ParseWallTimeError;

impl FromStr for WallTime {
    type Err = ParseWallTimeError;

    fn from_str(text: &str) -> Result<Self, ParseWallTimeError> {
        let two_digits = |part: &str| {
            let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| part.parse::<u16>().ok()).flatten()
        };
        let (hour, minute) = text.split_once(':').ok_or(ParseWallTimeError)?;
        match (two_digits(hour), two_digits(minute)) {
            (Some(hour), Some(minute)) if minute < 60 => {
                Self::from_minutes(hour * 60 + minute).ok_or(ParseWallTimeError)
            }
            _ => Err(ParseWallTimeError),
        }
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

aurora_core::serde_as_text!(WallTime);
