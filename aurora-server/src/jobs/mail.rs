//! Posts the letters that wait.

use std::time::Duration;

use aurora_alerts::{Letter, Letters};

use crate::state::AppState;

/// Pauses before the second attempt and before the third.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(20)];
/// How long the letters that wait get when the app stops.
const AT_STOP: Duration = Duration::from_secs(2);

pub(super) async fn run(state: &AppState) {
    let (Some(letters), Some(mut waiting)) = (state.mail.letters(), state.mail.waiting()) else {
        return;
    };
    loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => break,
            letter = waiting.recv() => match letter {
                Some(letter) => deliver(state, letters, &letter).await,
                None => return,
            },
        }
    }
    let rest = async {
        while let Ok(letter) = waiting.try_recv() {
            if let Err(error) = letters.post(&letter).await {
                tracing::error!(%error, "a letter was not sent");
            }
        }
    };
    tokio::select! {
        biased;
        () = rest => {}
        () = state.clock.sleep(AT_STOP) => tracing::error!("letters were not sent, because the server stops"),
    }
}

/// Posts one letter in up to three attempts.
async fn deliver(state: &AppState, letters: &Letters, letter: &Letter) {
    let mut pauses = PAUSES.into_iter();
    loop {
        let Err(error) = letters.post(letter).await else {
            return;
        };
        let pause = pauses
            .next()
            .filter(|_| error.is_retryable() && !state.stop.is_cancelled());
        let Some(pause) = pause else {
            tracing::error!(%error, "a letter was not sent");
            return;
        };
        tracing::warn!(%error, "a letter could not be sent yet");
        tokio::select! {
            () = state.stop.cancelled() => {}
            () = state.clock.sleep(pause.max(error.retry_after().unwrap_or_default())) => {}
        }
    }
}
