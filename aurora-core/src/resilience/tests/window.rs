use std::time::Duration;

use proptest::prelude::*;

use crate::resilience::window::{CallWindow, SecondWindow, Tally, Window};

fn count<'a>(outcomes: impl Iterator<Item = &'a (bool, bool)>) -> Tally {
    let mut tally = Tally::default();
    for (failed, slow) in outcomes {
        tally.calls += 1;
        tally.failed += u64::from(*failed);
        tally.slow += u64::from(*slow);
    }
    tally
}

proptest! {
    #[test]
    fn a_count_window_equals_a_count_over_the_last_outcomes(
        capacity in 1_usize..20, outcomes in proptest::collection::vec(any::<(bool, bool)>(), 0..100),
    ) {
        let mut window = Window::Calls(CallWindow::new(capacity));
        for (failed, slow) in &outcomes {
            window.push(Duration::ZERO, *failed, *slow);
        }
        let last = &outcomes[outcomes.len().saturating_sub(capacity)..];
        prop_assert_eq!(window.tally(Duration::ZERO), count(last.iter()));
        window.clear();
        prop_assert_eq!(window.tally(Duration::ZERO), Tally::default());
    }

    #[test]
    fn a_time_window_equals_a_count_over_the_live_seconds(
        seconds in 1_usize..8,
        steps in proptest::collection::vec((0_u64..4_000, any::<(bool, bool)>()), 0..100),
        idle in 0_u64..12_000,
    ) {
        let mut window = Window::Seconds(SecondWindow::new(seconds));
        let (mut now, mut seen) = (0, Vec::new());
        for (step, outcome) in steps {
            now += step;
            seen.push((now / 1_000, outcome));
            window.push(Duration::from_millis(now), outcome.0, outcome.1);
        }
        now += idle;
        let live = |second: &u64| second + seconds as u64 > now / 1_000;
        let naive = count(seen.iter().filter(|(second, _)| live(second)).map(|(_, outcome)| outcome));
        prop_assert_eq!(window.tally(Duration::from_millis(now)), naive);
    }
}
