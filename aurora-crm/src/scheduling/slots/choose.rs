//! Which of all free times are told, and with whom.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::starts::{Person, Sought, Start, Starts};
use super::{PartOfDay, Spread};

/// Which are told.
#[derive(Debug, Clone, Copy)]
pub(in crate::scheduling) struct Choice {
    pub(in crate::scheduling) spread: Spread,
    /// Those of each professional, and not one for each time.
    pub(in crate::scheduling) each: bool,
    pub(in crate::scheduling) most: usize,
}

/// Free times in order, each with the index of who is free. Of those who are free at one time whoever has been named least is
/// named; among those who is booked least; among those another one each day, so that nobody is first for being first in a
/// list.
pub(in crate::scheduling) fn choose(
    sought: &Sought,
    people: &[Person],
    choice: Choice,
) -> Vec<(usize, Start)> {
    let mut queue = Queue {
        starts: people.iter().map(|person| Starts::new(sought, person)).collect(),
        pending: vec![None; people.len()],
        heap: BinaryHeap::with_capacity(people.len()),
    };
    (0..people.len()).for_each(|index| queue.advance(index));
    let mut chosen = Chosen::new(people, choice);
    loop {
        let free = queue.next_time();
        if free.is_empty() || chosen.take(free.clone()) {
            return chosen.all;
        }
        free.iter().for_each(|(index, _)| queue.advance(*index));
    }
}

/// The free times of several people, in order of time.
struct Queue<'a> {
    starts: Vec<Starts<'a>>,
    /// The next of each.
    pending: Vec<Option<Start>>,
    heap: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Queue<'_> {
    /// Finds the next time of one.
    fn advance(&mut self, index: usize) {
        let next = self.starts.get_mut(index).and_then(Iterator::next);
        if let Some(start) = next {
            self.heap.push(Reverse((start.at, index)));
        }
        if let Some(pending) = self.pending.get_mut(index) {
            *pending = next;
        }
    }

    /// Everybody who is free at the next time at which somebody is.
    fn next_time(&mut self) -> Vec<(usize, Start)> {
        let mut free: Vec<(usize, Start)> = Vec::new();
        while let Some(Reverse((at, index))) = self.heap.peek().copied() {
            if free.first().is_some_and(|(_, first)| first.at != at) {
                break;
            }
            self.heap.pop();
            let start = self.pending.get(index).copied().flatten();
            free.extend(start.map(|start| (index, start)));
        }
        free
    }
}

struct Chosen<'a> {
    people: &'a [Person],
    choice: Choice,
    all: Vec<(usize, Start)>,
    named: Vec<usize>,
    told: HashMap<(Option<usize>, i64, Option<PartOfDay>), u8>,
}

impl<'a> Chosen<'a> {
    fn new(people: &'a [Person], choice: Choice) -> Self {
        Self {
            people,
            choice,
            all: Vec::new(),
            named: vec![0; people.len()],
            told: HashMap::new(),
        }
    }

    /// Takes of those who are free at one time; whether there are enough now.
    fn take(&mut self, mut free: Vec<(usize, Start)>) -> bool {
        free.sort_by_key(|(index, start)| self.rank(*index, start));
        for (index, start) in free {
            if self.all.len() >= self.choice.most {
                return true;
            }
            if !self.is_wanted(index, &start) {
                continue;
            }
            self.all.push((index, start));
            if let Some(named) = self.named.get_mut(index) {
                *named += 1;
            }
            if !self.choice.each {
                break;
            }
        }
        self.all.len() >= self.choice.most
    }

    fn rank(&self, index: usize, start: &Start) -> (usize, i64, usize) {
        let named = self.named.get(index).copied().unwrap_or(0);
        let booked = self.people.get(index).map_or(0, |person| person.booked);
        let people = self.people.len().max(1);
        let turn = usize::try_from(start.day.rem_euclid(i64::try_from(people).unwrap_or(1))).unwrap_or(0);
        (named, booked, (index + turn) % people)
    }

    /// Whether its day, or part of it, has not got all that it may have.
    fn is_wanted(&mut self, index: usize, start: &Start) -> bool {
        let (most, part) = match self.choice.spread {
            Spread::Dense => return true,
            Spread::PerDay(most) => (most, None),
            Spread::PerPart(most) => (most, Some(start.part)),
        };
        let told = self
            .told
            .entry((self.choice.each.then_some(index), start.day, part))
            .or_default();
        let is_wanted = *told < most;
        if is_wanted {
            *told += 1;
        }
        is_wanted
    }
}
