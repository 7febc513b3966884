//! Posts the letters that wait.

use std::time::Duration;

use aurora_alerts::{Letter, Letters};

use crate::state::AppState;

/// Pauses before the second attempt and before the third.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(20)];
/// How long the letters that wait get when the app stops.
const AT_STOP: Duration = Duration::from_secs(2);

/// Posts until nobody writes any more, which is after the last request and not when the server begins to stop.
pub(super) async fn run(state: &AppState) {
    let (Some(letters), Some(mut waiting)) = (state.mail.letters(), state.mail.waiting()) else {
        return;
    };
    loop {
        tokio::select! {
            biased;
            () = state.mail.closed() => break,
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
    use aurora_core::config::Loader;

    use crate::App;
    use crate::http::testing::{mail_server, within};
    use crate::mail::Matter;

    #[tokio::test]
    async fn letters_that_are_written_while_the_server_stops_are_sent() {
        let (port, told) = mail_server().await;
        let settings = [
            ("database.url", "sqlite::memory:".to_owned()),
            ("email.host", "127.0.0.1".to_owned()),
            ("email.port", port.to_string()),
            ("email.encryption", "none".to_owned()),
            ("email.from", "aurora@example.com".to_owned()),
        ];
        let loaded = Loader::new().overrides(settings).load().unwrap();
        let app = App::build(loaded.settings().clone()).await.unwrap();
        let state = app.state().clone();
        let job = tokio::spawn({
            let state = state.clone();
            async move { super::run(&state).await }
        });
        state.stop.cancel();
        tokio::task::yield_now().await;
        let write = |to| state.mail.write(to, "en", &Matter::Reset, &"t".into());
        assert!(write("ana@example.com"), "a request that runs still writes");
        state.mail.close();
        within(job).await.unwrap();
        let told = told.lock().unwrap().join("\n");
        assert!(told.contains("ana@example.com"), "{told}");
        assert!(!write("bia@example.com"), "nobody is there to post it");
    }
}
