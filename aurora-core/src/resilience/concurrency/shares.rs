//! Who gets a slot under an adaptive limit, and who is sent away.

use std::collections::VecDeque;
use std::time::Duration;

use super::Class;
use super::vegas::Vegas;
use crate::resilience::gate::Rule;
use crate::resilience::shed::{Shed, ShedReason};

#[derive(Debug)]
pub(super) struct Shares {
    pub(super) vegas: Vegas,
    queue: usize,
    max_wait: Duration,
    reserved: u32,
    reserved_in_use: u32,
    interactive: Line,
    batch: Line,
    /// When nobody waited last.
    empty_at: Duration,
}

#[derive(Debug)]
struct Line {
    share: f64,
    under_way: u32,
    waiting: VecDeque<(u64, Duration)>,
}

impl Line {
    const fn new(share: f64) -> Self {
        Self {
            share,
            under_way: 0,
            waiting: VecDeque::new(),
        }
    }

    fn use_of_share(&self) -> f64 {
        f64::from(self.under_way) / self.share
    }
}

impl Shares {
    pub(super) const fn new(vegas: Vegas, queue: usize, max_wait: Duration, reserved: u32) -> Self {
        Self {
            vegas,
            queue,
            max_wait,
            reserved,
            reserved_in_use: 0,
            interactive: Line::new(0.9),
            batch: Line::new(0.1),
            empty_at: Duration::ZERO,
        }
    }

    pub(super) const fn under_way(&self) -> u32 {
        self.interactive.under_way + self.batch.under_way
    }

    pub(super) fn waiting(&self) -> usize {
        self.interactive.waiting.len() + self.batch.waiting.len()
    }

    const fn line(&mut self, class: Class) -> Option<&mut Line> {
        match class {
            Class::Interactive => Some(&mut self.interactive),
            Class::Batch => Some(&mut self.batch),
            Class::Reserved => None,
        }
    }

    fn has_slot(&self) -> bool {
        f64::from(self.under_way()) + 1.0 <= self.vegas.limit()
    }

    fn shed(&self, reason: ShedReason) -> Shed {
        Shed::new(reason, self.max_wait)
    }
}

impl Rule for Shares {
    type Key = Class;

    fn has_room(&self, class: &Class) -> bool {
        match class {
            Class::Reserved => self.reserved_in_use < self.reserved,
            Class::Interactive | Class::Batch => self.has_slot(),
        }
    }

    fn arrive(&mut self, now: Duration, class: &Class, id: u64) -> Option<Result<(), Shed>> {
        let (room, nobody, queue) = (self.has_room(class), self.waiting() == 0, self.queue);
        let full = self.shed(ShedReason::QueueFull);
        let Some(line) = self.line(*class) else {
            self.reserved_in_use += u32::from(room);
            return Some(room.then_some(()).ok_or(full));
        };
        if room {
            line.under_way += 1;
            return Some(Ok(()));
        }
        if line.waiting.len() >= queue {
            return Some(Err(full));
        }
        line.waiting.push_back((id, now));
        if nobody {
            self.empty_at = now;
        }
        None
    }

    fn leave(&mut self, _now: Duration, class: &Class) {
        match self.line(*class) {
            Some(line) => line.under_way = line.under_way.saturating_sub(1),
            None => self.reserved_in_use = self.reserved_in_use.saturating_sub(1),
        }
    }

    fn abandon(&mut self, id: u64, class: &Class) {
        if let Some(line) = self.line(*class) {
            line.waiting.retain(|(waiting, _)| *waiting != id);
        }
    }

    fn next(&mut self, now: Duration) -> Option<(u64, Result<(), Shed>)> {
        if self.waiting() == 0 {
            self.empty_at = now;
            return None;
        }
        // A queue that does not get empty is no buffer but a delay: who waited long is not worth serving any more.
        let overloaded = now.saturating_sub(self.empty_at) > self.max_wait;
        let oldest = if overloaded {
            self.max_wait / 5
        } else {
            self.max_wait
        };
        let late = self.shed(ShedReason::WaitedTooLong);
        for line in [&mut self.interactive, &mut self.batch] {
            if line
                .waiting
                .front()
                .is_some_and(|(_, since)| now.saturating_sub(*since) > oldest)
            {
                return line.waiting.pop_front().map(|(id, _)| (id, Err(late)));
            }
        }
        if !self.has_slot() {
            return None;
        }
        let batch_first = self.interactive.waiting.is_empty()
            || (!self.batch.waiting.is_empty()
                && self.batch.use_of_share() < self.interactive.use_of_share());
        let line = if batch_first {
            &mut self.batch
        } else {
            &mut self.interactive
        };
        // The newest has the best chance that somebody still waits for the answer.
        let next = if overloaded {
            line.waiting.pop_back()
        } else {
            line.waiting.pop_front()
        };
        let (id, _) = next?;
        line.under_way += 1;
        Some((id, Ok(())))
    }
}
