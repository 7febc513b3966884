use std::time::Duration;

use aurora_core::time::Timestamp;

use super::super::states::{Question, correction};
use super::super::{Actor, AppointmentPolicy, AppointmentStatus};
use crate::error::Error;
use crate::leads::OwnerId;

use AppointmentStatus::{
    Cancelled, CheckedIn, Completed, Confirmed, Expired, Held, InProgress, NoShow, Rejected, Requested,
};

const HOUR: Duration = Duration::from_secs(3_600);

/// All that is legal; written down here once more, apart from the program.
const LEGAL: [(AppointmentStatus, AppointmentStatus); 17] = [
    (Held, Requested),
    (Held, Confirmed),
    (Held, Cancelled),
    (Held, Expired),
    (Requested, Confirmed),
    (Requested, Cancelled),
    (Requested, Rejected),
    (Requested, Expired),
    (Confirmed, CheckedIn),
    (Confirmed, InProgress),
    (Confirmed, Cancelled),
    (Confirmed, NoShow),
    (CheckedIn, InProgress),
    (CheckedIn, Completed),
    (CheckedIn, Cancelled),
    (CheckedIn, NoShow),
    (InProgress, Completed),
];

fn person() -> Actor {
    Actor::Staff(OwnerId::new(Timestamp::UNIX_EPOCH))
}

fn actors() -> [Actor; 4] {
    [Actor::Client, person(), Actor::Calendar, Actor::Clock]
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> &'static str {
    outcome.unwrap_err().code().unwrap()
}

/// Asked 48 hours before the beginning, where the notice is 24 hours.
fn question(policy: &AppointmentPolicy, status: AppointmentStatus, actor: Actor) -> Question<'_> {
    let starts_at = Timestamp::from_secs(1_800_000_000);
    Question {
        status,
        starts_at,
        hold_expires_at: (status == Held).then(|| starts_at - 47 * HOUR),
        actor,
        now: starts_at - 48 * HOUR,
        policy,
        confirms_itself: false,
    }
}

#[test]
fn of_a_hundred_pairs_seventeen_are_legal() {
    let mut legal = Vec::new();
    for from in AppointmentStatus::ALL {
        for to in AppointmentStatus::ALL {
            assert_eq!(from.may_become(to), LEGAL.contains(&(from, to)), "{from} to {to}");
            legal.extend(from.may_become(to).then_some((from, to)));
        }
    }
    assert_eq!(legal.len(), 17);
    let moves: Vec<_> = AppointmentStatus::ALL
        .into_iter()
        .filter(|status| status.may_move())
        .collect();
    assert_eq!(moves, [Requested, Confirmed]);
    for status in AppointmentStatus::ALL {
        let follows = AppointmentStatus::ALL.iter().any(|to| status.may_become(*to));
        assert_eq!(follows, !status.is_terminal(), "{status}");
        assert_eq!(status.as_str().parse(), Ok(status));
    }
}

#[test]
fn every_pair_and_actor_is_answered_and_what_is_not_legal_is_told_as_such() {
    let policy = AppointmentPolicy::default();
    // Who may, of the legal pairs, as long as the time is right.
    let clients = [
        (Held, Requested),
        (Held, Cancelled),
        (Requested, Cancelled),
        (Confirmed, Cancelled),
    ];
    for from in AppointmentStatus::ALL {
        for to in AppointmentStatus::ALL {
            for actor in actors() {
                let mut asked = question(&policy, from, actor);
                match to {
                    Expired => asked.now = asked.starts_at,
                    NoShow => asked.now = asked.starts_at,
                    _ => {}
                }
                let may = match actor {
                    Actor::Client => clients.contains(&(from, to)),
                    Actor::Staff(_) => true,
                    Actor::Calendar => to == Cancelled,
                    Actor::Clock => to == Expired,
                };
                let outcome = asked.step(to);
                let told = outcome.as_ref().err().and_then(Error::code);
                let expected = match (LEGAL.contains(&(from, to)), may) {
                    (false, _) => Some("illegal_transition"),
                    (true, false) => Some("not_allowed"),
                    (true, true) => None,
                };
                assert_eq!(told, expected, "{from} to {to} by {actor:?}");
            }
        }
    }
}

#[test]
fn a_client_confirms_a_hold_where_the_service_confirms_itself_and_only_in_time() {
    let policy = AppointmentPolicy::default();
    let mut asked = question(&policy, Held, Actor::Client);
    assert_eq!(code(asked.step(Confirmed)), "not_allowed");
    asked.confirms_itself = true;
    asked.step(Confirmed).unwrap();
    asked.now = asked.hold_expires_at.unwrap();
    assert_eq!(code(asked.step(Confirmed)), "too_late");
    asked.actor = person();
    assert_eq!(code(asked.step(Confirmed)), "too_late");
    asked.actor = Actor::Clock;
    asked.step(Expired).unwrap();
    asked.now = asked.now - HOUR;
    assert_eq!(code(asked.step(Expired)), "too_early");
}

#[test]
fn a_client_cancels_and_moves_up_to_the_notice_time_and_people_at_any_time() {
    let policy = AppointmentPolicy::default();
    let mut asked = question(&policy, Confirmed, Actor::Client);
    asked.now = asked.starts_at - 24 * HOUR;
    asked.step(Cancelled).unwrap();
    assert_eq!(
        asked.reschedule().unwrap(),
        Requested,
        "a person has to agree again"
    );
    asked.confirms_itself = true;
    assert_eq!(asked.reschedule().unwrap(), Confirmed);
    asked.now = asked.now + Duration::from_micros(1);
    assert_eq!(code(asked.step(Cancelled)), "too_late");
    assert_eq!(code(asked.reschedule()), "too_late");
    asked.status = Requested;
    asked.step(Cancelled).unwrap();
    assert_eq!(asked.reschedule().unwrap(), Requested);
    for actor in [person(), Actor::Calendar] {
        let late = Question {
            actor,
            status: Confirmed,
            ..asked
        };
        late.step(Cancelled).unwrap();
        assert_eq!(late.reschedule().unwrap(), Confirmed);
    }
    let clock = Question {
        actor: Actor::Clock,
        ..asked
    };
    assert_eq!(code(clock.reschedule()), "not_allowed");
    for status in AppointmentStatus::ALL
        .into_iter()
        .filter(|status| !status.may_move())
    {
        let outcome = question(&policy, status, person()).reschedule();
        assert_eq!(code(outcome), "illegal_transition", "{status}");
    }
}

#[test]
fn nobody_is_missed_before_the_beginning() {
    let policy = AppointmentPolicy::default();
    for status in [Confirmed, CheckedIn] {
        let mut asked = question(&policy, status, person());
        asked.now = asked.starts_at - Duration::from_micros(1);
        assert_eq!(code(asked.step(NoShow)), "too_early");
        asked.now = asked.starts_at;
        asked.step(NoShow).unwrap();
    }
}

#[test]
fn who_books_what() {
    let first = |actor, held, itself| Question::first(actor, held, itself).ok();
    for (actor, may_book, confirmed) in [(Actor::Client, true, false), (person(), true, true)] {
        assert_eq!(first(actor, true, true).is_some(), may_book);
        assert_eq!(first(actor, true, true), Some(Held));
        assert_eq!(first(actor, false, true), Some(Confirmed));
        let expected = if confirmed { Confirmed } else { Requested };
        assert_eq!(first(actor, false, false), Some(expected));
    }
    for actor in [Actor::Calendar, Actor::Clock] {
        assert_eq!(first(actor, false, true), None);
    }
}

#[test]
fn what_is_over_is_corrected_and_nothing_else() {
    for from in AppointmentStatus::ALL {
        for to in AppointmentStatus::ALL {
            let is_over = matches!(from, Completed | Cancelled | NoShow | Rejected | Expired);
            let expected = is_over && from != to && !matches!(to, Held | Expired);
            assert_eq!(correction(from, to).is_ok(), expected, "{from} to {to}");
        }
    }
}
