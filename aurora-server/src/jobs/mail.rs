//! Posts the letters that wait.

use std::future::Future;
use std::time::Duration;

use aurora_alerts::{Letter, Letters};
use tokio::sync::mpsc::Receiver;

use crate::state::AppState;

/// Pauses before the second attempt and before the third.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(20)];
/// How long letters get when the app stops, with the one that is under way.
const AT_STOP: Duration = Duration::from_secs(2);

/// Posts until nobody writes any more, which is after the last request and not when the server begins to stop. From then on
/// it takes no longer than [`AT_STOP`], and ends once `hurry` is ready.
pub(super) async fn run(state: &AppState, hurry: impl Future<Output = ()> + Send) {
    let (Some(letters), Some(mut waiting)) = (state.mail.letters(), state.mail.waiting()) else {
        return;
    };
    let posting = async {
        while let Some(letter) = next(state, &mut waiting).await {
            deliver(state, letters, &letter).await;
        }
    };
    let over = async {
        state.mail.closed().await;
        tokio::select! {
            () = state.clock.sleep(AT_STOP) => {}
            () = hurry => {}
        }
    };
    tokio::select! {
        biased;
        () = posting => {}
        () = over => tracing::error!("letters were not sent, because the server stops"),
    }
}

/// The letter that has waited longest; `None` when there is none and nobody writes any more.
async fn next(state: &AppState, waiting: &mut Receiver<Letter>) -> Option<Letter> {
    tokio::select! {
        biased;
        letter = waiting.recv() => letter,
        () = state.mail.closed() => None,
    }
}

/// Posts one letter in up to three attempts.
async fn deliver(state: &AppState, letters: &Letters, letter: &Letter) {
    let mut pauses = PAUSES.into_iter();
    let mut is_last = false;
    loop {
        let Err(error) = letters.post(letter).await else {
            return;
        };
        let pause = pauses.next().filter(|_| error.is_retryable() && !is_last);
        let Some(pause) = pause else {
            tracing::error!(%error, "a letter was not sent");
            return;
        };
        tracing::warn!(%error, "a letter could not be sent yet");
        tokio::select! {
            biased;
            // Once more, and not again.
            () = state.mail.closed() => is_last = true,
            () = state.clock.sleep(pause.max(error.retry_after().unwrap_or_default())) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use aurora_alerts::AlertEngine;
    use aurora_core::config::Loader;
    use aurora_core::store::Database;
    use aurora_core::time::ManualClock;
    use aurora_crm::Crm;
    use tokio::net::TcpListener;

    use super::*;
    use crate::App;
    use crate::http::testing::{eventually, mail_server, within};
    use crate::mail::Matter;

    /// An app that writes to a mail server at this port of loopback.
    async fn state(port: u16, clock: &ManualClock) -> AppState {
        let settings = [
            ("email.host", "127.0.0.1".to_owned()),
            ("email.port", port.to_string()),
            ("email.encryption", "none".to_owned()),
            ("email.from", "aurora@example.com".to_owned()),
        ];
        let loaded = Loader::new().overrides(settings).load().unwrap();
        let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
        let crm = Crm::builder(database).build().await.unwrap();
        let alerts = AlertEngine::builder().build().unwrap();
        let app = App::builder(crm, alerts).unwrap().clock(clock.clone());
        let app = app.settings(loaded.settings().clone()).build().await.unwrap();
        app.state().clone()
    }

    fn write(state: &AppState, to: &str) -> bool {
        state.mail.write(to, "en", &Matter::Reset, &"t".into())
    }

    #[tokio::test]
    async fn letters_that_are_written_while_the_server_stops_are_sent() {
        let (port, told) = mail_server().await;
        let state = state(port, &ManualClock::default()).await;
        let job = tokio::spawn({
            let state = state.clone();
            async move { run(&state, pending()).await }
        });
        state.stop.cancel();
        tokio::task::yield_now().await;
        assert!(
            write(&state, "ana@example.com"),
            "a request that runs still writes"
        );
        state.mail.close();
        within(job).await.unwrap();
        let told = told.lock().unwrap().join("\n");
        assert!(told.contains("ana@example.com"), "{told}");
        assert!(!write(&state, "bia@example.com"), "nobody is there to post it");
    }

    #[tokio::test]
    async fn a_mail_server_that_hangs_holds_the_end_up_for_two_seconds_and_for_none_in_a_hurry() {
        for is_hurried in [false, true] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let clock = ManualClock::default();
            let state = state(listener.local_addr().unwrap().port(), &clock).await;
            let job = tokio::spawn({
                let state = state.clone();
                async move {
                    match is_hurried {
                        true => run(&state, ready(())).await,
                        false => run(&state, pending()).await,
                    }
                }
            });
            assert!(write(&state, "ana@example.com") && write(&state, "bia@example.com"));
            let _hanging = within(listener.accept()).await.unwrap();
            let before = clock.sleepers();
            state.mail.close();
            if !is_hurried {
                eventually(|| clock.sleepers() > before).await;
                clock.advance(AT_STOP);
            }
            within(job).await.unwrap();
        }
    }
}
