/// How many series and samples an engine keeps. Beyond it samples are refused or the oldest are lost; both are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesLimits {
    /// Label sets per metric; default 1,000.
    pub per_metric: usize,
    /// Series of all metrics together; default 200,000.
    pub total: usize,
    /// Samples per series, at least 2; default 4,096, which is a window of an hour at one sample a second.
    pub samples: usize,
}

impl Default for SeriesLimits {
    fn default() -> Self {
        Self {
            per_metric: 1_000,
            total: 200_000,
            samples: 4_096,
        }
    }
}

/// Why a sample was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// NaN or infinite.
    NotFinite,
    /// The metric, or all metrics together, already have as many label sets as they may have.
    TooManySeries,
    /// The engine was shut down.
    Closed,
}

impl Refusal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NotFinite => "not_finite",
            Self::TooManySeries => "too_many_series",
            Self::Closed => "closed",
        }
    }
}
