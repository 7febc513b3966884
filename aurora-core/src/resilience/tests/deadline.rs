use std::time::Duration;

use proptest::prelude::*;

use crate::resilience::{Deadline, Overdue};
use crate::time::ManualClock;

const LONGEST: Duration = Duration::from_secs(30);

#[test]
fn the_earlier_deadline_wins_and_none_is_never() {
    let clock = ManualClock::default();
    let near = Deadline::after(&clock, Duration::from_secs(1));
    let far = Deadline::after(&clock, Duration::from_secs(2));
    assert_eq!(near.earlier(far), near);
    assert_eq!(Deadline::NONE.earlier(far), far);
    assert_eq!(Deadline::NONE.remaining(&clock), None);
    assert!(Deadline::NONE.allows(&clock, Duration::MAX));
}

#[test]
fn a_passed_deadline_allows_nothing() {
    let clock = ManualClock::default();
    let deadline = Deadline::after(&clock, Duration::from_secs(1));
    clock.advance(Duration::from_secs(5));
    assert!(deadline.is_past(&clock));
    assert!(!deadline.allows(&clock, Duration::ZERO));
}

fn read(value: &str) -> Duration {
    let clock = ManualClock::default();
    Deadline::from_header(&clock, Some(value), LONGEST)
        .remaining(&clock)
        .unwrap()
}

#[test]
fn a_header_is_relative_and_capped_and_nonsense_is_no_header() {
    for (value, wait) in [
        ("1500", Duration::from_millis(1_500)),
        (" 250m ", Duration::from_millis(250)),
        ("2S", Duration::from_secs(2)),
        ("7u", Duration::from_micros(7)),
        ("7n", Duration::from_nanos(7)),
        ("0", Duration::ZERO),
        ("99999999H", LONGEST),
    ] {
        assert_eq!(read(value), wait, "{value}");
    }
    for nonsense in ["", "-1", "1.5", "S", "1x", "1mm", "999999999", "NaN", "1 S", "٣"] {
        assert_eq!(read(nonsense), LONGEST, "{nonsense}");
    }
}

#[test]
fn what_is_sent_is_never_more_than_what_is_left() {
    let clock = ManualClock::default();
    let deadline = Deadline::after(&clock, Duration::from_micros(1_999));
    assert_eq!(deadline.to_header(&clock).as_deref(), Some("1"));
    clock.advance(LONGEST);
    assert_eq!(deadline.to_header(&clock).as_deref(), Some("0"));
    assert_eq!(Deadline::NONE.to_header(&clock), None);
}

#[tokio::test]
async fn a_future_is_run_until_the_deadline_and_not_begun_after_it() {
    let clock = ManualClock::default();
    let deadline = Deadline::after(&clock, LONGEST);
    assert_eq!(deadline.run(&clock, async { 7 }).await, Ok(7));
    let run = deadline.run(&clock, std::future::pending::<()>());
    let (outcome, ()) = futures::future::join(run, async { clock.advance(LONGEST) }).await;
    assert_eq!(outcome, Err(Overdue));
    assert_eq!(
        deadline.run(&clock, async { panic!("polled") }).await,
        Err::<(), _>(Overdue)
    );
    assert_eq!(Deadline::NONE.run(&clock, async { 7 }).await, Ok(7));
}

proptest! {
    #[test]
    fn any_header_gives_a_deadline_within_the_cap(value in "\\PC{0,20}|[0-9]{0,12}[HMSmunx]?") {
        prop_assert!(read(&value) <= LONGEST);
    }

    #[test]
    fn a_header_comes_back_as_it_was_sent(ms in 0_u64..30_000) {
        let clock = ManualClock::default();
        let sent = Deadline::after(&clock, Duration::from_millis(ms)).to_header(&clock).unwrap();
        prop_assert_eq!(read(&sent), Duration::from_millis(ms));
    }
}
