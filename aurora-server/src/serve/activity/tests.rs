use aurora_core::time::ManualClock;

use super::*;

const LIMITS: Limits = Limits::new(Duration::from_secs(10), Duration::ZERO);

async fn judged_after(clock: &ManualClock, activity: &Activity, seconds: u64) -> Option<Verdict> {
    clock.advance(Duration::from_secs(seconds));
    tokio::select! {
        biased;
        verdict = activity.judge(&LIMITS) => Some(verdict),
        () = tokio::task::yield_now() => None,
    }
}

#[tokio::test]
async fn each_phase_has_its_limit() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    assert_eq!(judged_after(&clock, &activity, 9).await, None);
    let (first, second) = (activity.begin(false), activity.begin(false));
    assert_eq!(
        judged_after(&clock, &activity, 3_600).await,
        None,
        "requests run as long as they like"
    );
    drop(first);
    assert_eq!(
        judged_after(&clock, &activity, 3_600).await,
        None,
        "one still runs"
    );
    drop(second);
    assert_eq!(judged_after(&clock, &activity, 59).await, None);
    activity.received();
    assert_eq!(judged_after(&clock, &activity, 9).await, None);
    assert_eq!(judged_after(&clock, &activity, 1).await, Some(Verdict::TooSlow));
}

#[tokio::test]
async fn a_new_connection_must_say_something_soon() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    assert_eq!(judged_after(&clock, &activity, 10).await, Some(Verdict::TooSlow));
}

#[tokio::test]
async fn pings_of_a_multiplexed_connection_are_no_head() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    drop(activity.begin(true));
    activity.received();
    assert_eq!(judged_after(&clock, &activity, 59).await, None);
    assert_eq!(judged_after(&clock, &activity, 1).await, Some(Verdict::Idle));
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_is_let_go() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    let _running = activity.begin(false);
    activity.sent(true);
    assert_eq!(judged_after(&clock, &activity, 59).await, None);
    activity.sent(false);
    activity.sent(true);
    assert_eq!(
        judged_after(&clock, &activity, 59).await,
        None,
        "a little was taken"
    );
    assert_eq!(judged_after(&clock, &activity, 1).await, Some(Verdict::TooSlow));
}

#[tokio::test]
async fn who_leaves_no_room_for_answers_is_let_go() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    let (mut slow, mut other) = (activity.begin(true), activity.begin(true));
    slow.pass(Turn::Theirs);
    assert_eq!(
        judged_after(&clock, &activity, 3_600).await,
        None,
        "a handler works"
    );
    other.pass(Turn::Theirs);
    assert_eq!(judged_after(&clock, &activity, 59).await, None);
    other.pass(Turn::Theirs);
    assert_eq!(
        judged_after(&clock, &activity, 59).await,
        None,
        "one is asked for more"
    );
    other.pass(Turn::Ours);
    assert_eq!(
        judged_after(&clock, &activity, 3_600).await,
        None,
        "it has nothing yet"
    );
    other.pass(Turn::Theirs);
    assert_eq!(judged_after(&clock, &activity, 59).await, None);
    drop(other);
    assert_eq!(judged_after(&clock, &activity, 1).await, Some(Verdict::TooSlow));
}

#[tokio::test]
async fn an_answer_over_a_plain_connection_is_judged_by_its_socket() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    let mut running = activity.begin(false);
    running.pass(Turn::Theirs);
    assert_eq!(judged_after(&clock, &activity, 3_600).await, None);
}

#[tokio::test]
async fn a_wait_that_has_begun_learns_of_a_shorter_limit() {
    let clock = ManualClock::default();
    let activity = Activity::new(Arc::new(clock.clone()));
    drop(activity.begin(false));
    let judging = {
        let activity = Arc::clone(&activity);
        tokio::spawn(async move { activity.judge(&LIMITS).await })
    };
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    activity.received();
    clock.advance(Duration::from_secs(10));
    assert_eq!(judging.await.unwrap(), Verdict::TooSlow);
}
