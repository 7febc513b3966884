use chrono::{Datelike as _, Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// A holiday of the nation, or a day on which public offices close (`ponto facultativo`) and many houses with them.
///
/// Lei 662/1949 as Lei 10.607/2002 words it (planalto.gov.br) names seven; Lei 6.802/1980 and Lei 14.759/2023 add one
/// each. Good Friday is a religious holiday, which Lei 9.093/1995 (art. 2) leaves to the towns and names as the one that all
/// have; the federal calendar counts it among the nation's. Carnival and Corpus Christi are no holidays by federal law, but
/// `ponto facultativo`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NationalHoliday {
    /// `Confraternização Universal`, 1 January.
    NewYear,
    /// `Segunda-feira de Carnaval`, 48 days before Easter; optional.
    CarnivalMonday,
    /// `Terça-feira de Carnaval`, 47 days before Easter; optional.
    CarnivalTuesday,
    /// `Sexta-feira Santa`, 2 days before Easter.
    GoodFriday,
    /// `Tiradentes`, 21 April.
    Tiradentes,
    /// `Dia Mundial do Trabalho`, 1 May.
    LabourDay,
    /// `Corpus Christi`, 60 days after Easter; optional.
    CorpusChristi,
    /// `Independência do Brasil`, 7 September.
    Independence,
    /// `Nossa Senhora Aparecida`, 12 October, since 1980.
    Aparecida,
    /// `Finados`, 2 November, since 2003.
    AllSouls,
    /// `Proclamação da República`, 15 November.
    Republic,
    /// `Dia Nacional de Zumbi e da Consciência Negra`, 20 November, since 2024.
    BlackConsciousness,
    /// `Natal`, 25 December.
    Christmas,
}

enum Rule {
    Fixed { month: u32, day: u32, since: i32 },
    Movable { days_from_easter: i64 },
}

impl NationalHoliday {
    /// All of them, in the order of the year.
    pub const ALL: [Self; 13] = [
        Self::NewYear,
        Self::CarnivalMonday,
        Self::CarnivalTuesday,
        Self::GoodFriday,
        Self::Tiradentes,
        Self::LabourDay,
        Self::CorpusChristi,
        Self::Independence,
        Self::Aparecida,
        Self::AllSouls,
        Self::Republic,
        Self::BlackConsciousness,
        Self::Christmas,
    ];

    /// Whether it is `ponto facultativo`, and no holiday.
    #[must_use]
    pub const fn is_optional(self) -> bool {
        matches!(
            self,
            Self::CarnivalMonday | Self::CarnivalTuesday | Self::CorpusChristi
        )
    }

    /// Its name in Portuguese.
    #[must_use]
    pub const fn name_pt(self) -> &'static str {
        match self {
            Self::NewYear => "Confraternização Universal",
            Self::CarnivalMonday => "Segunda-feira de Carnaval",
            Self::CarnivalTuesday => "Terça-feira de Carnaval",
            Self::GoodFriday => "Sexta-feira Santa",
            Self::Tiradentes => "Tiradentes",
            Self::LabourDay => "Dia Mundial do Trabalho",
            Self::CorpusChristi => "Corpus Christi",
            Self::Independence => "Independência do Brasil",
            Self::Aparecida => "Nossa Senhora Aparecida",
            Self::AllSouls => "Finados",
            Self::Republic => "Proclamação da República",
            Self::BlackConsciousness => "Dia Nacional de Zumbi e da Consciência Negra",
            Self::Christmas => "Natal",
        }
    }

    /// Its name in English.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::NewYear => "New Year's Day",
            Self::CarnivalMonday => "Carnival Monday",
            Self::CarnivalTuesday => "Carnival Tuesday",
            Self::GoodFriday => "Good Friday",
            Self::Tiradentes => "Tiradentes Day",
            Self::LabourDay => "Labour Day",
            Self::CorpusChristi => "Corpus Christi",
            Self::Independence => "Independence Day",
            Self::Aparecida => "Our Lady of Aparecida",
            Self::AllSouls => "All Souls' Day",
            Self::Republic => "Republic Day",
            Self::BlackConsciousness => "Zumbi and Black Consciousness Day",
            Self::Christmas => "Christmas Day",
        }
    }

    /// When it is in this year of the Gregorian calendar; `None` before the law that made it, and before 1951.
    #[must_use]
    pub fn date(self, year: i32) -> Option<NaiveDate> {
        // 21 April has been among them since Lei 1.266/1950.
        const SINCE: i32 = 1951;
        match self.rule() {
            Rule::Fixed { month, day, since } => {
                (year >= since.max(SINCE)).then(|| NaiveDate::from_ymd_opt(year, month, day))?
            }
            Rule::Movable { days_from_easter } => {
                let sunday = (year >= SINCE).then(|| easter(year))??;
                let days = Days::new(days_from_easter.unsigned_abs());
                if days_from_easter < 0 {
                    sunday.checked_sub_days(days)
                } else {
                    sunday.checked_add_days(days)
                }
            }
        }
    }

    const fn rule(self) -> Rule {
        let (month, day, since) = match self {
            Self::CarnivalMonday => {
                return Rule::Movable {
                    days_from_easter: -48,
                };
            }
            Self::CarnivalTuesday => {
                return Rule::Movable {
                    days_from_easter: -47,
                };
            }
            Self::GoodFriday => return Rule::Movable { days_from_easter: -2 },
            Self::CorpusChristi => return Rule::Movable { days_from_easter: 60 },
            Self::NewYear => (1, 1, 0),
            Self::Tiradentes => (4, 21, 0),
            Self::LabourDay => (5, 1, 0),
            Self::Independence => (9, 7, 0),
            Self::Aparecida => (10, 12, 1980),
            Self::AllSouls => (11, 2, 2003),
            Self::Republic => (11, 15, 0),
            Self::BlackConsciousness => (11, 20, 2024),
            Self::Christmas => (12, 25, 0),
        };
        Rule::Fixed { month, day, since }
    }
}

/// Easter Sunday of a year from 1583 to 9999 of the Gregorian calendar, by the computus of Meeus, Jones and Butcher
/// (Meeus, Astronomical Algorithms, chapter 8).
#[must_use]
pub fn easter(year: i32) -> Option<NaiveDate> {
    if !(1_583..=9_999).contains(&year) {
        return None;
    }
    let a = year % 19;
    let (b, c) = (year / 100, year % 100);
    let (d, e) = (b / 4, b % 4);
    let f = (b + 8) / 25;
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let sum = h + l - 7 * m + 114;
    let month = u32::try_from(sum / 31).ok()?;
    let day = u32::try_from(sum % 31 + 1).ok()?;
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    debug_assert_eq!(date.weekday(), chrono::Weekday::Sun);
    Some(date)
}
