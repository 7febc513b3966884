//! Who waits for what, in the order of arrival.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Mutex as Turns, Notify, OwnedMutexGuard};

use super::error::{Error, ErrorKind};
use super::subject::Subject;

/// A bounded number of waiters, in one line per subject.
#[derive(Debug)]
pub(super) struct Lanes {
    most: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiters: usize,
    lanes: HashMap<Subject, Line>,
}

#[derive(Debug, Default)]
struct Line {
    /// The first in line holds it; it is handed on in the order of arrival.
    turns: Arc<Turns<()>>,
    /// For the first in line: units were put back.
    freed: Arc<Notify>,
    waiters: usize,
}

/// A place in a line, given up when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    lanes: &'a Lanes,
    subject: &'a Subject,
    turns: Arc<Turns<()>>,
    freed: Arc<Notify>,
}

impl Lanes {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            state: Mutex::default(),
        }
    }

    pub(super) fn is_waited_for(&self, subject: &Subject) -> bool {
        self.lock().lanes.contains_key(subject)
    }

    pub(super) fn enter<'a>(&'a self, subject: &'a Subject) -> Result<Place<'a>, Error> {
        let mut state = self.lock();
        if state.waiters >= self.most {
            return Err(Error::new(ErrorKind::TooManyWaiters));
        }
        state.waiters += 1;
        let line = state.lanes.entry(subject.clone()).or_default();
        line.waiters += 1;
        Ok(Place {
            lanes: self,
            subject,
            turns: Arc::clone(&line.turns),
            freed: Arc::clone(&line.freed),
        })
    }

    /// Units of `subject` were put back: the first in line, if there is one, asks again.
    pub(super) fn free(&self, subject: &Subject) {
        if let Some(line) = self.lock().lanes.get(subject) {
            line.freed.notify_one();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits until nobody is before.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turns).lock_owned().await
    }

    /// Waits until units are put back. To be asked by the one whose turn it is.
    pub(super) async fn freed(&self) {
        self.freed.notified().await;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = self.lanes.lock();
        state.waiters -= 1;
        if let Some(line) = state.lanes.get_mut(self.subject) {
            line.waiters -= 1;
            if line.waiters == 0 {
                state.lanes.remove(self.subject);
            }
        }
    }
}
