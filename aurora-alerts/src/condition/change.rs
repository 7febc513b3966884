use aurora_core::time::Timestamp;

/// How the change of a value is measured, from the first to the last sample of the window.
///
/// It takes two samples; with one there is no data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChangeMeasure {
    /// Last less first of the window.
    #[default]
    Absolute,
    /// The same per second between the two.
    PerSecond,
    /// The same in percent of the size of the first, so that the sign is that of the change; nothing is judged where the
    /// first is zero.
    Percent,
}

impl ChangeMeasure {
    /// The change over samples, oldest first.
    pub(crate) fn of(self, samples: &[(Timestamp, f64)]) -> Option<f64> {
        let [(first_at, first), .., (last_at, last)] = samples else {
            return None;
        };
        let change = last - first;
        let value = match self {
            Self::Absolute => change,
            Self::PerSecond => change / last_at.since(*first_at).as_secs_f64(),
            Self::Percent => change / first.abs() * 100.0,
        };
        // Where the divisor is zero nothing is judged.
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_those_reckoned_by_hand() {
        let at = Timestamp::from_secs;
        let falling = [(at(0), -8.0), (at(10), 50.0), (at(40), -10.0)];
        assert_eq!(ChangeMeasure::Absolute.of(&falling), Some(-2.0));
        assert_eq!(ChangeMeasure::PerSecond.of(&falling), Some(-0.05));
        assert_eq!(ChangeMeasure::Percent.of(&falling), Some(-25.0));
        assert_eq!(ChangeMeasure::Absolute.of(&falling[..1]), None);
        assert_eq!(ChangeMeasure::Percent.of(&[(at(0), 0.0), (at(1), 5.0)]), None);
        assert_eq!(ChangeMeasure::Percent.of(&[(at(0), 0.0), (at(1), 0.0)]), None);
        assert_eq!(ChangeMeasure::PerSecond.of(&[(at(1), 0.0), (at(1), 5.0)]), None);
    }
}
