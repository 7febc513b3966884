//! What waits to be taken in: commands of the application, and outcomes of deliveries.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use crate::core::{Command, Input, Reply, Sample};
use crate::error::{Error, ErrorKind};

/// The most commands that wait.
const MOST_COMMANDS: usize = 10_000;
/// The most samples that wait to be handed to the replica that judges them.
const MOST_SAMPLES: usize = 100_000;

/// What one turn takes in.
#[derive(Debug, Default)]
pub(super) struct Intake {
    pub(super) commands: Vec<Order>,
    /// Outcomes and settings; they never wait for a store and are never handed to another.
    pub(super) own: Vec<Input>,
}

/// A command and whoever waits for what becomes of it.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) command: Command,
    pub(super) reply: oneshot::Sender<Result<Reply, Error>>,
}

#[derive(Debug, Default)]
struct Waiting {
    commands: VecDeque<Order>,
    own: Vec<Input>,
    samples: VecDeque<Sample>,
    lost_samples: u64,
}

/// Filled by many, emptied by whoever has the turn.
#[derive(Debug, Default)]
pub(super) struct Desk {
    waiting: Mutex<Waiting>,
    filled: Notify,
}

impl Desk {
    /// Puts a command down; what becomes of it comes through the receiver.
    pub(super) fn order(&self, command: Command) -> Result<oneshot::Receiver<Result<Reply, Error>>, Error> {
        let (reply, receiver) = oneshot::channel();
        {
            let mut waiting = self.lock();
            if waiting.commands.len() >= MOST_COMMANDS {
                return Err(Error::new(ErrorKind::Full, "engine", "too many requests wait"));
            }
            waiting.commands.push_back(Order { command, reply });
        }
        self.filled.notify_one();
        Ok(receiver)
    }

    pub(super) fn put(&self, input: Input) {
        self.lock().own.push(input);
        self.filled.notify_one();
    }

    /// Keeps a sample for the replica that judges it; the oldest are lost where there are too many.
    pub(super) fn sample(&self, sample: Sample) {
        let mut waiting = self.lock();
        if waiting.samples.len() >= MOST_SAMPLES {
            waiting.samples.pop_front();
            waiting.lost_samples = waiting.lost_samples.saturating_add(1);
        }
        waiting.samples.push_back(sample);
    }

    pub(super) fn take(&self) -> Intake {
        let mut waiting = self.lock();
        Intake {
            commands: std::mem::take(&mut waiting.commands).into(),
            own: std::mem::take(&mut waiting.own),
        }
    }

    pub(super) fn take_samples(&self) -> Vec<Sample> {
        std::mem::take(&mut self.lock().samples).into()
    }

    /// Samples that could not be handed on wait before those that came meanwhile.
    pub(super) fn put_back(&self, samples: Vec<Sample>) {
        let mut waiting = self.lock();
        let later = std::mem::replace(&mut waiting.samples, samples.into());
        waiting.samples.extend(later);
        while waiting.samples.len() > MOST_SAMPLES {
            waiting.samples.pop_front();
            waiting.lost_samples = waiting.lost_samples.saturating_add(1);
        }
    }

    /// Nobody will judge what waits; it counts as lost.
    pub(super) fn forget_samples(&self) {
        let mut waiting = self.lock();
        let count = u64::try_from(waiting.samples.len()).unwrap_or(u64::MAX);
        waiting.samples.clear();
        waiting.lost_samples = waiting.lost_samples.saturating_add(count);
    }

    pub(super) fn lost_samples(&self) -> u64 {
        self.lock().lost_samples
    }

    /// Waits until something was put down since the last look.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future.
    pub(super) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
