//! A core that is killed at any point and taken up again says what one says that runs on.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::time::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::labels::Labels;
use crate::matcher::{Matcher, Matchers};
use crate::notification::{DeliveryId, Notification};
use crate::notifier::{Limits, NotifyError, NotifyErrorKind, Receipt};
use crate::pipeline::{Acknowledgement, Bounds, ChannelSetup, RuleSetup, Tree, patient};
use crate::posted::PostedAlert;
use crate::route::{InhibitRule, Receiver, Route, Routing};
use crate::rule::Escalation;
use crate::series::SeriesLimits;
use crate::silence::Silence;

const SECOND: Duration = Duration::from_secs(1);

/// What happens at one instant.
#[derive(Debug, Clone)]
enum Happens {
    Fires(u8),
    Ends(u8),
    Sample(u8),
    Acknowledged(u8),
    Silenced(u8, u16),
    Nothing,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        6 => (0..6_u8).prop_map(Happens::Fires),
        4 => (0..6_u8).prop_map(Happens::Ends),
        4 => (0..40_u8).prop_map(Happens::Sample),
        1 => (0..6_u8).prop_map(Happens::Acknowledged),
        1 => (0..6_u8, 1..200_u16).prop_map(|(alert, lasts)| Happens::Silenced(alert, lasts)),
        2 => Just(Happens::Nothing),
    ]
}

/// Seconds that pass, and what happens then.
fn histories() -> impl Strategy<Value = Vec<(u16, Happens)>> {
    prop::collection::vec((1..90_u16, happens()), 1..60)
}

fn labels(alert: u8) -> Labels {
    let severity = ["info", "warning", "critical"][usize::from(alert % 3)];
    let team = ["x", "y"][usize::from(alert % 2)];
    let name = format!("a{alert}");
    Labels::from([
        ("alertname", name.as_str()),
        ("severity", severity),
        ("team", team),
    ])
}

fn rules() -> Vec<Rule> {
    let rule = Rule::new("r").metric("m").above(20.0).for_(SECOND * 40);
    vec![
        rule.keep_firing_for(SECOND * 30)
            .cooldown(SECOND * 100)
            .label("team", "x")
            .build()
            .unwrap(),
    ]
}

fn setup() -> Setup {
    let channels = ["one", "two", "page"].map(|name| ChannelSetup {
        name: name.to_owned(),
        targets: if name == "two" {
            vec!["left".to_owned(), "right".to_owned()]
        } else {
            vec![String::new()]
        },
        limits: Limits::default().alerts(3),
    });
    let names: Vec<String> = channels.iter().map(|channel| channel.name.clone()).collect();
    let routing = Routing {
        root: Some(
            Route::to("all")
                .group_by(["team"])
                .group_wait(SECOND * 20)
                .group_interval(SECOND * 50)
                .repeat_interval(SECOND * 600)
                .escalation(Escalation::new().step(SECOND * 120, "page").repeat(1))
                .child(
                    Route::to("one")
                        .when("severity", "critical")
                        .each_alert()
                        .and_continue(),
                ),
        ),
        receivers: vec![Receiver {
            name: "all".to_owned(),
            channels: vec!["one".to_owned(), "two".to_owned()],
        }],
        inhibit: vec![InhibitRule {
            source: [Matcher::equal("alertname", "a2")].into_iter().collect(),
            target: [Matcher::equal("severity", "info")].into_iter().collect(),
            equal: vec![],
        }],
        times: Vec::new(),
    };
    Setup {
        tree: Tree::new(&routing, &names, &mut Vec::new()),
        inhibit: routing.inhibit.clone(),
        channels: channels.to_vec(),
        fallback: None,
        rules: rules()
            .iter()
            .map(|rule| {
                let setup = RuleSetup {
                    escalation: None,
                    flapping: rule.flapping().copied(),
                };
                (rule.name().to_owned(), setup)
            })
            .collect(),
        retry: patient(),
        random: Random::seeded(1),
        links: None,
        resolve_timeout: SECOND * 100_000,
        bounds: Bounds {
            alerts: 100,
            silences: 100,
        },
    }
}

/// A store, as plain maps.
#[derive(Debug, Default)]
struct Shelf {
    state: BTreeMap<StateKey, String>,
    outbox: BTreeMap<DeliveryId, crate::store::OutboxRow>,
    history: Vec<Record>,
}

impl Shelf {
    fn write(&mut self, batch: Batch) {
        for key in &batch.deletes {
            self.state.remove(key);
        }
        self.state.extend(batch.puts);
        self.history.extend(batch.history);
        for id in &batch.dequeue {
            self.outbox.remove(id);
        }
        for row in batch.enqueue {
            let same = |other: &crate::store::OutboxRow| other.dedup == row.dedup && other.id != row.id;
            assert!(!self.outbox.values().any(same), "told twice: {row:?}");
            self.outbox.insert(row.id, row);
        }
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            state: self.state.clone().into_iter().collect(),
            outbox: self.outbox.values().cloned().collect(),
            version: 0,
        }
    }
}

/// How the receivers behave.
#[derive(Debug, Clone, Copy)]
enum Weather {
    Fair,
    /// They answer nothing for a while, now and then, and some of what they do not answer they have taken.
    Foul(u64),
}

struct World {
    core: Core,
    shelf: Shelf,
    now: Timestamp,
    weather: Weather,
    random: Random,
    /// What receivers have taken, in their order.
    taken: Vec<(Timestamp, String, Notification)>,
}

impl World {
    fn new(weather: Weather) -> Self {
        Self {
            core: Self::core(),
            shelf: Shelf::default(),
            now: Timestamp::from_secs(1_767_225_600),
            weather,
            random: Random::seeded(match weather {
                Weather::Fair => 0,
                Weather::Foul(seed) => seed,
            }),
            taken: Vec::new(),
        }
    }

    fn core() -> Core {
        Core::new(rules(), setup(), SeriesStore::new(SeriesLimits::default()))
    }

    fn kill(&mut self) {
        self.core = Self::core();
        self.core.restore(self.shelf.snapshot());
        assert_eq!(self.core.unreadable(), 0);
    }

    fn happen(&mut self, happens: &Happens) {
        let command = match *happens {
            Happens::Fires(alert) => Command::Post {
                alerts: vec![PostedAlert::new(labels(alert))],
            },
            Happens::Ends(alert) => Command::Post {
                alerts: vec![PostedAlert::new(labels(alert)).ends_at(self.now)],
            },
            Happens::Sample(value) => {
                let series = self.core.evaluator.series();
                series
                    .record("m", Labels::new(), f64::from(value), self.now)
                    .unwrap();
                return;
            }
            Happens::Acknowledged(alert) => Command::Acknowledge {
                alerts: vec![labels(alert).fingerprint()],
                acknowledgement: Acknowledgement {
                    by: "ana".to_owned(),
                    comment: String::new(),
                    at: self.now,
                    until: Some(self.now + SECOND * 300),
                },
            },
            Happens::Silenced(alert, lasts) => {
                let name = format!("a{alert}");
                let matchers: Matchers = [Matcher::equal("alertname", name)].into_iter().collect();
                let ends_at = self.now + SECOND * u32::from(lasts);
                Command::Silence {
                    silence: Box::new(Silence::new(matchers, self.now, ends_at)),
                    after: None,
                }
            }
            Happens::Nothing => return,
        };
        self.core.step(Input::Command(command), self.now);
    }

    /// A turn, and all the deliveries that follow. `dies` kills it while it sends.
    fn turn(&mut self, mut dies: bool) {
        self.core.step(Input::Tick, self.now);
        loop {
            self.shelf.write(self.core.take_batch());
            let sendings = self.core.claim();
            if sendings.is_empty() {
                return;
            }
            for sending in sendings {
                let (id, lane) = (sending.notification.id, sending.lane);
                let (takes, answers) = self.mood();
                if takes {
                    let channel = lane.channel.to_string();
                    self.taken.push((self.now, channel, sending.notification));
                }
                if std::mem::take(&mut dies) {
                    return self.kill();
                }
                let result = if answers {
                    Ok(Receipt::new())
                } else {
                    let kind = if takes {
                        NotifyErrorKind::Timeout
                    } else {
                        NotifyErrorKind::Server
                    };
                    Err(NotifyError::new(kind, "foul weather"))
                };
                self.core.step(
                    Input::Outcome {
                        lane,
                        id,
                        result,
                        took: SECOND,
                    },
                    self.now,
                );
            }
            self.core.step(Input::Wake, self.now);
        }
    }

    /// Whether a receiver takes what it is sent, and whether it says so.
    fn mood(&self) -> (bool, bool) {
        match self.weather {
            Weather::Fair => (true, true),
            Weather::Foul(_) => match self.random.below(4) {
                0 => (false, false),
                1 => (true, false),
                _ => (true, true),
            },
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.now = self.now + SECOND * u32::try_from(seconds).unwrap();
    }

    /// What was told, without ids; the order of groups within one instant says nothing.
    fn told(&self) -> Vec<String> {
        let line = |(at, channel, told): &(Timestamp, String, Notification)| {
            let alerts: Vec<String> = told
                .alerts
                .iter()
                .map(|alert| format!("{} {} {:?}", alert.rule, alert.status, alert.changes))
                .collect();
            format!(
                "{at} {channel} {} {:?} {} {}",
                told.target,
                told.reason,
                alerts.join(", "),
                told.others_firing
            )
        };
        let mut told: Vec<String> = self.taken.iter().map(line).collect();
        told.sort();
        told
    }

    /// What happened, without ids of deliveries.
    fn happened(&self) -> Vec<String> {
        let line = |record: &Record| {
            format!(
                "{} {:?} {:?} {}",
                record.at,
                record.rule,
                record.channel,
                record.entry.kind()
            )
        };
        let mut happened: Vec<String> = self.shelf.history.iter().map(line).collect();
        happened.sort();
        happened
    }

    /// What was sent to a channel, for whoever looks at a failure.
    fn sent_to(&self, channel: &str) -> String {
        let there = self
            .taken
            .iter()
            .filter(|(_, name, _)| channel.starts_with(name.as_str()));
        let line = |(at, _, told): &(Timestamp, String, Notification)| {
            let alerts: Vec<String> = told
                .alerts
                .iter()
                .map(|alert| {
                    let seqs: Vec<u64> = alert.changes.iter().map(|change| change.seq).collect();
                    format!("{}={} {seqs:?}", alert.rule, alert.status)
                })
                .collect();
            format!(
                "{at} {} {:?}#{} {}",
                told.id,
                told.reason,
                told.attempt,
                alerts.join(", ")
            )
        };
        there.map(line).collect::<Vec<_>>().join("\n")
    }

    /// Every change that was told to each target, by distinct delivery.
    fn mentions(&self) -> BTreeMap<(String, String, Fingerprint, u64, Timestamp), BTreeSet<DeliveryId>> {
        let mut mentions: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (_, channel, told) in &self.taken {
            for alert in &told.alerts {
                for change in &alert.changes {
                    let key = (
                        format!("{channel} {}", told.group_key),
                        told.target.clone(),
                        alert.fingerprint,
                        change.seq,
                        // Numbers begin anew for an alert that was over, told and forgotten.
                        change.at,
                    );
                    mentions.entry(key).or_default().insert(told.id);
                }
            }
        }
        mentions
    }
}

/// A row without what is kept up to date only when the row is written for another reason: the instants of old changes,
/// and the last value of an alert that did not change.
fn lasting(row: &str) -> serde_json::Value {
    let mut row: serde_json::Value = serde_json::from_str(row).unwrap();
    if let Some(flap) = row.get_mut("flap").and_then(serde_json::Value::as_object_mut) {
        flap.remove("recent");
    }
    if let Some(alert) = row.get_mut("alert").and_then(serde_json::Value::as_object_mut) {
        alert.remove("value");
    }
    if let Some(row) = row.as_object_mut() {
        row.remove("value");
    }
    row
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_core_that_is_killed_between_turns_tells_what_one_tells_that_runs_on(
        history in histories(),
        kills in prop::collection::vec(any::<bool>(), 60),
    ) {
        let (mut whole, mut broken) = (World::new(Weather::Fair), World::new(Weather::Fair));
        for ((seconds, happens), kill) in history.iter().zip(kills) {
            for world in [&mut whole, &mut broken] {
                world.pass(u64::from(*seconds));
                world.happen(happens);
                world.turn(false);
            }
            if kill {
                broken.kill();
            }
            prop_assert_eq!(whole.told(), broken.told());
        }
        for _ in 0..40 {
            for world in [&mut whole, &mut broken] {
                world.pass(60);
                world.turn(false);
            }
            broken.kill();
        }
        prop_assert_eq!(whole.told(), broken.told());
        prop_assert_eq!(whole.happened(), broken.happened());
        for (key, row) in &whole.shelf.state {
            // Ids of silences are drawn anew for each world.
            if key.0 != StateKind::Silence {
                let other = broken.shelf.state.get(key).map(|row| lasting(row));
                prop_assert_eq!(Some(lasting(row)), other, "{:?}", key);
            }
        }
        prop_assert_eq!(whole.shelf.state.len(), broken.shelf.state.len());
        prop_assert!(broken.shelf.outbox.is_empty());
    }

    #[test]
    fn whatever_is_killed_and_whoever_answers_not_no_change_is_told_under_two_ids(
        history in histories(),
        deaths in prop::collection::vec(any::<bool>(), 60),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(Weather::Foul(seed));
        for ((seconds, happens), dies) in history.iter().zip(deaths) {
            world.pass(u64::from(*seconds));
            world.happen(happens);
            world.turn(dies);
        }
        world.weather = Weather::Fair;
        for _ in 0..60 {
            world.pass(60);
            world.turn(false);
        }
        for (change, ids) in world.mentions() {
            prop_assert_eq!(ids.len(), 1, "{:?}\n{}", change, world.sent_to(&change.0));
        }
        prop_assert!(world.shelf.outbox.is_empty(), "{:?}", world.shelf.outbox);
    }
}
