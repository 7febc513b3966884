use aurora_core::time::Timestamp;
use proptest::prelude::*;

use super::*;

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000) + Duration::from_secs(secs)
}

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn sample(rule: &Rule, value: f64) -> Observation {
    Observation::Judged(rule.threshold().unwrap().verdict(value), Some(value))
}

/// Runs samples (`Some`) and bare time (`None`) and gives every decision with its second.
fn run(rule: &Rule, steps: &[(u64, Option<f64>)]) -> Vec<(u64, Decision)> {
    let mut state = AlertState::default();
    let mut decisions = Vec::new();
    for (second, value) in steps {
        let observation = value.map_or(Observation::Unchanged, |value| sample(rule, value));
        let (next, decision) = state.step(rule, observation, at(*second));
        state = next;
        decisions.extend(decision.map(|decision| (*second, decision)));
    }
    decisions
}

#[test]
fn fires_at_once_without_for_and_resolves() {
    let rule = Rule::new("r").metric("m").above(20.0).build().unwrap();
    let decisions = run(
        &rule,
        &[
            (0, Some(20.0)),
            (1, Some(20.5)),
            (2, Some(99.0)),
            (3, None),
            (4, Some(20.0)),
        ],
    );
    assert_eq!(decisions, [(1, Decision::Fired), (4, Decision::Resolved)]);
}

#[test]
fn for_is_reached_at_its_last_instant_by_a_sample_or_by_time() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .for_(secs(60))
        .build()
        .unwrap();
    let by_time = run(&rule, &[(0, Some(30.0)), (59, None), (60, None)]);
    assert_eq!(by_time, [(0, Decision::Pending), (60, Decision::Fired)]);
    let interrupted = run(
        &rule,
        &[
            (0, Some(30.0)),
            (30, Some(1.0)),
            (31, Some(30.0)),
            (90, None),
            (91, Some(30.0)),
        ],
    );
    assert_eq!(
        interrupted,
        [
            (0, Decision::Pending),
            (30, Decision::Cleared),
            (31, Decision::Pending),
            (91, Decision::Fired)
        ]
    );
}

#[test]
fn hysteresis_holds_a_firing_alert_but_not_a_pending_one() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .recovery(15.0)
        .for_(secs(10))
        .build()
        .unwrap();
    let decisions = run(
        &rule,
        &[
            (0, Some(21.0)),
            (1, Some(17.0)),
            (2, Some(21.0)),
            (12, None),
            (13, Some(16.0)),
            (14, Some(15.0)),
            (15, Some(17.0)),
        ],
    );
    assert_eq!(
        decisions,
        [
            (0, Decision::Pending),
            (1, Decision::Cleared),
            (2, Decision::Pending),
            (12, Decision::Fired),
            (14, Decision::Resolved),
        ]
    );
}

#[test]
fn a_firing_within_the_cooldown_is_quiet_and_so_is_its_end() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .cooldown(secs(100))
        .build()
        .unwrap();
    let decisions = run(
        &rule,
        &[
            (0, Some(30.0)),
            (10, Some(1.0)),
            (50, Some(30.0)),
            (60, Some(1.0)),
            (100, Some(30.0)),
        ],
    );
    assert_eq!(
        decisions,
        [
            (0, Decision::Fired),
            (10, Decision::Resolved),
            (50, Decision::FiredQuietly { until: at(100) }),
            (60, Decision::ResolvedQuietly),
            (100, Decision::Fired),
        ]
    );
}

#[test]
fn a_firing_that_outlasts_the_cooldown_is_notified_when_it_ends() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .cooldown(secs(100))
        .build()
        .unwrap();
    let decisions = run(
        &rule,
        &[
            (0, Some(30.0)),
            (10, Some(1.0)),
            (50, Some(30.0)),
            (99, None),
            (100, None),
            (101, Some(1.0)),
        ],
    );
    assert_eq!(
        decisions[2..],
        [
            (50, Decision::FiredQuietly { until: at(100) }),
            (100, Decision::CooldownOver),
            (101, Decision::Resolved),
        ]
    );
}

#[test]
fn a_missing_series_clears_and_resolves_and_only_a_sample_begins_again() {
    let rule = Rule::new("r").metric("m").above(20.0).build().unwrap();
    let (state, _) = AlertState::default().step(&rule, sample(&rule, 30.0), at(0));
    let (state, decision) = state.step(&rule, Observation::Missing, at(300));
    assert_eq!(decision, Some(Decision::Resolved));
    let expected = Phase::Resolved {
        active_since: at(0),
        fired_at: at(0),
        resolved_at: at(300),
        reason: ResolveReason::NoData,
    };
    assert_eq!(state.phase, expected);
    let (state, decision) = state.step(&rule, Observation::Unchanged, at(301));
    assert_eq!((state.phase, decision), (expected, None));
    let (state, _) = state.step(&rule, Observation::Unchanged, at(300 + 900));
    assert_eq!(state.phase, Phase::Inactive, "resolved is shown for 15 minutes");
}

#[test]
fn a_clock_set_back_makes_no_wait_endless() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .for_(secs(10))
        .cooldown(secs(50))
        .build()
        .unwrap();
    let decisions = run(
        &rule,
        &[
            (9_000, Some(30.0)),
            (100, None),
            (110, None),
            (111, Some(1.0)),
            (5, Some(30.0)),
            (15, None),
        ],
    );
    let fired: Vec<_> = decisions
        .iter()
        .filter(|(_, decision)| *decision == Decision::Fired)
        .collect();
    assert_eq!(fired.len(), 2, "{decisions:?}");
}

#[test]
fn state_survives_being_stored() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .for_(secs(10))
        .build()
        .unwrap();
    let mut state = AlertState::default();
    for (second, value) in [(0, 30.0), (10, 31.0), (11, 3.0), (12, 30.0)] {
        (state, _) = state.step(&rule, sample(&rule, value), at(second));
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(
            serde_json::from_str::<AlertState>(&text).unwrap(),
            state,
            "{text}"
        );
    }
}

#[test]
fn a_firing_alert_fires_on_after_its_condition_has_ended() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .recovery(15.0)
        .keep_firing_for(secs(60))
        .build()
        .unwrap();
    let decisions = run(
        &rule,
        &[
            (0, Some(30.0)),
            (10, Some(1.0)),
            (50, Some(21.0)), // reappears: it never ended
            (100, Some(1.0)),
            (110, Some(17.0)), // between is no new breach
            (159, None),
            (160, None),
        ],
    );
    assert_eq!(decisions, [(0, Decision::Fired), (160, Decision::Resolved)]);
}

#[test]
fn while_it_fires_on_the_reason_of_its_end_is_remembered() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .keep_firing_for(secs(60))
        .build()
        .unwrap();
    let (state, _) = AlertState::default().step(&rule, sample(&rule, 30.0), at(0));
    let (state, decision) = state.step(&rule, Observation::Missing, at(10));
    assert_eq!((state.clear_since, decision), (Some(at(10)), None));
    let (state, decision) = state.step(&rule, Observation::Unchanged, at(70));
    assert_eq!(decision, Some(Decision::Resolved));
    assert!(
        matches!(
            state.phase,
            Phase::Resolved {
                reason: ResolveReason::NoData,
                ..
            }
        ),
        "{state:?}"
    );
    assert_eq!((state.clear_since, state.clear_reason), (None, None));
}

#[test]
fn missing_data_can_count_as_a_breach() {
    let rule = Rule::new("r")
        .metric("m")
        .above(20.0)
        .for_(secs(30))
        .stale_after(secs(60))
        .no_data(NoData::Fire)
        .build()
        .unwrap();
    let (state, decision) = AlertState::default().step(&rule, Observation::Missing, at(0));
    assert_eq!(decision, Some(Decision::Pending));
    let (state, decision) = state.step(&rule, Observation::Missing, at(30));
    assert_eq!(decision, Some(Decision::Fired));
    let (_, decision) = state.step(&rule, sample(&rule, 1.0), at(31));
    assert_eq!(decision, Some(Decision::Resolved));
}

#[test]
fn states_of_older_versions_can_be_read() {
    let text =
        r#"{"phase":"pending","active_since":"2026-01-01T00:00:00Z","value":1.5,"last_notified_at":null}"#;
    let state: AlertState = serde_json::from_str(text).unwrap();
    assert_eq!((state.value, state.clear_since), (Some(1.5), None));
}

#[derive(Debug, Clone)]
struct History {
    rule: Rule,
    steps: Vec<(u64, Observation)>,
}

fn rules() -> impl Strategy<Value = Rule> {
    let parts = (
        0..30_u64,
        0..60_u64,
        0..40_u64,
        0..10_i32,
        any::<bool>(),
        any::<bool>(),
    );
    parts.prop_map(|(for_, cooldown, keep, gap, above, fire)| {
        let rule = Rule::new("r")
            .metric("m")
            .for_(secs(for_))
            .cooldown(secs(cooldown))
            .keep_firing_for(secs(keep.saturating_sub(20)))
            .stale_after(secs(1))
            .no_data(if fire { NoData::Fire } else { NoData::Resolve });
        let gap = f64::from(gap);
        let rule = if above {
            rule.above(20.0).recovery(20.0 - gap)
        } else {
            rule.at_most(20.0).recovery(20.0 + gap)
        };
        rule.build().unwrap()
    })
}

fn histories() -> impl Strategy<Value = History> {
    #[derive(Debug, Clone, Copy)]
    enum Step {
        Sample(f64),
        Unchanged,
        Missing,
    }
    let step = prop_oneof![
        6 => (0..40_i32).prop_map(|value| Step::Sample(f64::from(value))),
        3 => Just(Step::Unchanged),
        1 => Just(Step::Missing),
    ];
    (rules(), prop::collection::vec((0..40_u64, step), 1..120)).prop_map(|(rule, gaps)| {
        let mut now = 0;
        let steps = gaps.into_iter().map(|(gap, step)| {
            now += gap;
            let observation = match step {
                Step::Sample(value) => sample(&rule, value),
                Step::Unchanged => Observation::Unchanged,
                Step::Missing => Observation::Missing,
            };
            (now, observation)
        });
        let steps = steps.collect();
        History { rule, steps }
    })
}

proptest! {
    #[test]
    fn notifications_pair_up_and_keep_the_cooldown(History { rule, steps } in histories()) {
        let mut state = AlertState::default();
        let mut open = false;
        let mut last_firing: Option<Timestamp> = None;
        let end = steps.last().map_or(0, |(second, _)| *second) + 1_000;
        let good = if rule.threshold().unwrap().is_recovered(-100.0) { -100.0 } else { 100.0 };
        let ending = [(end, sample(&rule, good)), (end + 1_000, Observation::Unchanged)];
        let mut resolved = 0;
        let mut fired = 0;
        for (second, observation) in steps.into_iter().chain(ending) {
            let now = at(second);
            let (next, decision) = state.step(&rule, observation, now);
            state = next;
            match decision.and_then(Decision::notice) {
                Some(Status::Firing) => {
                    prop_assert!(!open, "two firing notifications without a resolve between");
                    if let Some(last) = last_firing {
                        prop_assert!(now.since(last) >= rule.cooldown(), "told again within the cooldown");
                    }
                    (open, last_firing) = (true, Some(now));
                    fired += 1;
                }
                Some(Status::Resolved) => {
                    prop_assert!(open, "an end without its beginning");
                    open = false;
                    resolved += 1;
                }
                None => {}
            }
        }
        prop_assert!(!open, "recovered, but nobody was told");
        prop_assert_eq!(fired, resolved);
    }

    #[test]
    fn a_history_cut_anywhere_and_taken_up_again_goes_on_as_it_would_have(
        History { rule, steps } in histories(),
        cut in 0..120_usize,
    ) {
        let mut whole = AlertState::default();
        let mut taken_up = AlertState::default();
        for (number, (second, observation)) in steps.into_iter().enumerate() {
            if number == cut {
                let text = serde_json::to_string(&taken_up).unwrap();
                taken_up = serde_json::from_str(&text).unwrap();
            }
            let now = at(second);
            let (first, second) = (whole.step(&rule, observation, now), taken_up.step(&rule, observation, now));
            prop_assert_eq!(&first, &second);
            (whole, taken_up) = (first.0, second.0);
        }
    }

    #[test]
    fn only_legal_transitions_happen(History { rule, steps } in histories()) {
        let mut state = AlertState::default();
        for (second, observation) in steps {
            let now = at(second);
            let (next, decision) = state.step(&rule, observation, now);
            let legal = match (state.phase, next.phase, decision) {
                (Phase::Inactive | Phase::Resolved { .. }, Phase::Pending { active_since }, Some(Decision::Pending)) => {
                    active_since == now && !rule.for_().is_zero()
                }
                (
                    Phase::Inactive | Phase::Resolved { .. },
                    Phase::Firing { active_since, fired_at, .. },
                    Some(Decision::Fired | Decision::FiredQuietly { .. }),
                ) => active_since == now && fired_at == now && rule.for_().is_zero(),
                (
                    Phase::Pending { active_since: before },
                    Phase::Firing { active_since, fired_at, .. },
                    Some(Decision::Fired | Decision::FiredQuietly { .. }),
                ) => before == active_since && fired_at == now && now.since(active_since) >= rule.for_(),
                (Phase::Pending { .. }, Phase::Inactive, Some(Decision::Cleared)) => true,
                (Phase::Firing { notified: false, .. }, Phase::Firing { notified: true, .. }, Some(Decision::CooldownOver)) => true,
                (Phase::Firing { notified: true, .. }, Phase::Resolved { .. }, Some(Decision::Resolved)) => true,
                (Phase::Firing { notified: false, .. }, Phase::Resolved { .. }, Some(Decision::ResolvedQuietly)) => true,
                (Phase::Resolved { resolved_at, .. }, Phase::Inactive, None) => now.since(resolved_at) >= RESOLVED_SHOWN,
                (before, after, None) => before == after,
                _ => false,
            };
            prop_assert!(legal, "{:?} -> {:?} by {:?} with {:?}", state.phase, next.phase, observation, decision);
            if let Phase::Pending { active_since } = next.phase {
                prop_assert!(now.since(active_since) < rule.for_(), "pending beyond its time");
            }
            state = next;
        }
    }
}
