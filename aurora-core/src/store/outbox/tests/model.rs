//! Random operations against a naive model: a list in memory that is searched from the front.

use super::super::{DeadReason, Delivery, Failed, Message, Outcome, State};
use super::{LEASE, SECOND, open};
use crate::failure::FailureClass;
use crate::rng::Random;
use crate::testing::each_database;
use crate::time::{Clock as _, Timestamp};

struct Model {
    key: Option<u64>,
    due: Timestamp,
    attempts: u32,
    /// Until when it is leased, and to which delivery.
    lease: Option<(Timestamp, Delivery)>,
    finished: Option<State>,
}

const MAX_ATTEMPTS: u32 = 4;
const STEPS: usize = 400;

/// What a claim must give now, in order.
fn claimable(model: &mut [Model], now: Timestamp) -> Vec<usize> {
    for message in &mut *model {
        if message.lease.as_ref().is_some_and(|lease| lease.0 <= now) {
            message.lease = None;
            if message.attempts >= MAX_ATTEMPTS {
                message.finished = Some(State::Dead);
            }
        }
    }
    let is_first = |n: usize| {
        let key = model[n].key;
        key.is_none()
            || !model[..n]
                .iter()
                .any(|other| other.key == key && other.finished.is_none())
    };
    let mut due: Vec<usize> = (0..model.len())
        .filter(|n| {
            let message = &model[*n];
            message.finished.is_none() && message.lease.is_none() && message.due <= now && is_first(*n)
        })
        .collect();
    due.sort_by_key(|n| (model[*n].due, *n));
    due
}

#[tokio::test]
async fn random_operations_do_what_a_list_in_memory_does() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let random = Random::seeded(20_261_120);
        let mut model: Vec<Model> = Vec::new();
        let mut held: Vec<(usize, Delivery)> = Vec::new();
        for step in 0..STEPS {
            let now = clock.now();
            match random.below(10) {
                0..=2 => {
                    let key = (random.below(3) > 0).then(|| random.below(4));
                    let delay = SECOND * u32::try_from(random.below(3) * 20).unwrap();
                    let message = Message::new("q", model.len().to_string());
                    let message = message.delay(delay).max_attempts(MAX_ATTEMPTS);
                    let message = match key {
                        Some(key) => message.ordering_key(key),
                        None => message,
                    };
                    outbox.enqueue(&message).await.unwrap();
                    model.push(Model {
                        key,
                        due: now + delay,
                        attempts: 0,
                        lease: None,
                        finished: None,
                    });
                }
                3..=5 => {
                    let most = 1 + random.below(4);
                    let mut expected = claimable(&mut model, now);
                    expected.truncate(usize::try_from(most).unwrap());
                    let claimed = outbox
                        .claim("q", u32::try_from(most).unwrap(), LEASE)
                        .await
                        .unwrap();
                    let numbers: Vec<usize> = claimed
                        .iter()
                        .map(|delivery| super::text(delivery).parse().unwrap())
                        .collect();
                    assert_eq!(numbers, expected, "step {step}");
                    for (n, delivery) in numbers.into_iter().zip(claimed) {
                        model[n].attempts += 1;
                        assert_eq!(delivery.attempt, model[n].attempts);
                        model[n].lease = Some((now + LEASE, delivery.clone()));
                        held.push((n, delivery));
                    }
                }
                6..=8 if !held.is_empty() => {
                    let at = usize::try_from(random.below(u64::try_from(held.len()).unwrap())).unwrap();
                    let (n, delivery) = held.swap_remove(at);
                    let failed = || Failed::again(FailureClass::Transient, "no");
                    let outcome = match random.below(5) {
                        0 => Outcome::Retry(SECOND * 15, failed()),
                        1 => Outcome::Dead(DeadReason::Rejected, failed()),
                        2 => Outcome::Release,
                        _ => Outcome::Done,
                    };
                    let lost = outbox
                        .settle(&[(delivery.clone(), outcome.clone())])
                        .await
                        .unwrap();
                    let message = &mut model[n];
                    let is_held = message
                        .lease
                        .as_ref()
                        .is_some_and(|(until, own)| *until > now && own.fence == delivery.fence);
                    assert_eq!(lost.is_empty(), is_held, "step {step}");
                    if is_held {
                        message.lease = None;
                        match outcome {
                            Outcome::Retry(wait, _) => message.due = now + wait,
                            Outcome::Dead(..) => message.finished = Some(State::Dead),
                            Outcome::Release => message.attempts -= 1,
                            Outcome::Done => message.finished = Some(State::Done),
                        }
                    }
                }
                _ => clock.advance(SECOND * u32::try_from(random.below(40)).unwrap()),
            }
        }
        let finished = model.iter().filter(|message| message.finished.is_some()).count();
        assert!(finished > 20, "{finished} of {}", model.len());
    })
    .await;
}
