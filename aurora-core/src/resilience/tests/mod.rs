//! Tests of the mechanisms, apart from their files so that the model checks can take those as they are.

mod breaker;
mod breaker_states;
mod budget;
mod bulkhead;
mod call;
mod concurrency;
mod deadline;
mod hedge;
mod retry;
mod throttle;
mod window;

use std::task::{Context, Poll, Waker};

use crate::failure::{Failure, FailureClass};

/// A failure of any class.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("failed as {0:?}")]
struct Failed(FailureClass);

impl Failure for Failed {
    fn class(&self) -> FailureClass {
        self.0
    }
}

/// Polls what `make` gives `polls` times, then drops it; whether it ended by then.
fn poll_then_drop<F: Future>(polls: usize, make: impl FnOnce() -> F) -> bool {
    let mut future = Box::pin(make());
    let mut context = Context::from_waker(Waker::noop());
    (0..polls).any(|_| future.as_mut().poll(&mut context).is_ready())
}

/// A future that is ready at its `polls`-th poll.
fn ready_after<T: Unpin>(polls: usize, value: T) -> impl Future<Output = T> {
    let (mut left, mut value) = (polls, Some(value));
    std::future::poll_fn(move |context| {
        left = left.saturating_sub(1);
        context.waker().wake_by_ref();
        match left {
            0 => Poll::Ready(value.take().expect("polled after its end")),
            _ => Poll::Pending,
        }
    })
}
