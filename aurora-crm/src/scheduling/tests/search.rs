//! The fast search against the one that looks at each minute.

use std::collections::{BTreeMap, BTreeSet};

use aurora_core::time::Timestamp;
use proptest::prelude::*;

use super::oracle::{Case, MINUTE, cases, gathered, naive, on_the_wall, query};
use crate::scheduling::slots::Taken;
use crate::scheduling::{Slot, Spread};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn the_fast_search_finds_what_looking_at_each_minute_finds(case in cases()) {
        let (gathered, _, service, rooms) = gathered(&case);
        let query = query(&case, &service);
        let begins = query.begins(&service, Timestamp::from_secs(1_500_000_000));
        let found = gathered.slots(&query, begins);
        let told: Vec<_> = found.iter().map(|slot| (slot.starts_at, slot.room_id)).collect();
        let expected: Vec<_> = naive(&case, &rooms).into_iter().take(500).collect();
        prop_assert_eq!(told, expected);
    }

    #[test]
    fn several_are_told_fairly_and_only_when_they_are_free(
        all in prop::collection::vec(cases(), 1..5),
        spread in prop::sample::select(vec![Spread::Dense, Spread::PerDay(1), Spread::PerPart(2)]),
        each: bool,
    ) {
        // one service, one time that is searched, and people with hours and appointments of their own
        let plain = |case: &Case| Case {
            weekly: case.weekly.clone(),
            busy: case.busy.clone(),
            own: None,
            house: None,
            holiday: None,
            rooms: Vec::new(),
            parts: Vec::new(),
            weekdays: Vec::new(),
            ..all[0].clone()
        };
        let (mut together, _, service, _) = gathered(&plain(&all[0]));
        together.people.clear();
        together.taken = Taken::default();
        let mut alone = BTreeMap::new();
        for case in all.iter().map(plain) {
            let (other, professional, ..) = gathered(&case);
            together.weeks.extend(other.weeks);
            together.taken.people.extend(other.taken.people);
            together.taken.elsewhere.extend(other.taken.elsewhere);
            alone.insert(professional.id, (naive(&case, &[]), case));
            together.people.push(professional);
        }
        let mut query = query(&plain(&all[0]), &service);
        query.spread = spread;
        query.each_professional = each;
        let begins = query.begins(&service, Timestamp::from_secs(1_500_000_000));
        let slots = together.slots(&query, begins);
        prop_assert!(slots.is_sorted_by_key(|slot| slot.starts_at));
        let times: BTreeSet<_> = slots.iter().map(|slot| slot.starts_at).collect();
        prop_assert!(each || times.len() == slots.len(), "one for each time");
        let mut per_day: BTreeMap<_, usize> = BTreeMap::new();
        for slot in &slots {
            let (free, case) = &alone[&slot.professional_id];
            prop_assert!(free.contains(&(slot.starts_at, None)), "{slot:?}");
            let minute = (slot.starts_at.as_micros() - case.midnight()) / MINUTE;
            let (day, of_day) = on_the_wall(case, minute);
            let part = usize::from(of_day >= 720) + usize::from(of_day >= 1_080);
            let who = each.then_some(slot.professional_id);
            match spread {
                Spread::PerDay(_) => *per_day.entry((who, day, 0)).or_default() += 1,
                _ => *per_day.entry((who, day, part)).or_default() += 1,
            }
        }
        let all: usize = alone.values().map(|(free, _)| free.len()).sum();
        if spread == Spread::Dense && all <= 500 {
            let free: BTreeSet<_> = alone.values().flat_map(|(free, _)| free.iter().map(|it| it.0)).collect();
            prop_assert_eq!(slots.len(), if each { all } else { free.len() });
            prop_assert_eq!(times, free);
        }
        let most = match spread { Spread::Dense => usize::MAX, Spread::PerDay(n) | Spread::PerPart(n) => n.into() };
        prop_assert!(per_day.values().all(|count| *count <= most));
    }
}

/// Three who are always free share the times between them; who is booked already comes last.
#[test]
fn nobody_is_named_twice_before_everybody_is_named_once() {
    let case = Case {
        place: 2,
        duration: 60,
        before: 0,
        after: 0,
        step: 60,
        from: 0,
        length: 1_440,
        weekly: vec![(0, 480, 360)],
        own: None,
        house: None,
        holiday: None,
        busy: Vec::new(),
        rooms: Vec::new(),
        parts: Vec::new(),
        weekdays: Vec::new(),
    };
    let (mut together, first, service, _) = gathered(&case);
    for _ in 0..2 {
        let (other, professional, ..) = gathered(&case);
        together.people.push(professional);
        together.weeks.extend(other.weeks);
    }
    // two hours in the afternoon, where nothing is open
    together
        .taken
        .people
        .push((first.id, case.instant(1_200), case.instant(1_320)));
    let query = query(&case, &service);
    let slots: Vec<Slot> = together.slots(
        &query,
        query.begins(&service, Timestamp::from_secs(1_500_000_000)),
    );
    assert_eq!(slots.len(), 6);
    for round in slots.chunks(3) {
        let named: BTreeSet<_> = round.iter().map(|slot| slot.professional_id).collect();
        assert_eq!(named.len(), 3);
        assert_eq!(
            round[2].professional_id, first.id,
            "who is booked most comes last"
        );
    }
}
