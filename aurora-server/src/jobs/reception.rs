//! What the reception does by itself: takes in what WhatsApp brought, sends, reminds, answers, keeps calendars alike.
//!
//! Everything leaves through the outbox, so that any number of servers on one database share the work. A worker that is told to
//! stop lets what it does end within its grace and gives the rest back.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock as _;
use aurora_crm::Error;
use aurora_crm::appointments::ConversationNotices;
use aurora_crm::channels::Messenger;
use tokio_util::sync::WaitForCancellationFutureOwned;

use crate::state::AppState;

/// How long a job that has failed is left alone.
const PAUSE: Duration = Duration::from_secs(5);

pub(super) async fn run(state: &AppState) {
    let (reception, crm) = (&state.reception, &state.crm);
    let messengers: [Arc<dyn Messenger>; 2] = [
        Arc::new(reception.whatsapp.messenger()),
        Arc::new(reception.web_chat.messenger()),
    ];
    let intake = reception.whatsapp.intake();
    let sender = crm.conversations().sender(messengers);
    let notices = ConversationNotices::new(crm.conversations().clone());
    let appointments = crm.appointments().worker(notices);
    let answers = async {
        // Without a model nobody answers: turns wait for a server that has one.
        if let Some(assistant) = &reception.assistant {
            keep(state, "assistant", |stop| assistant.run(stop)).await;
        }
    };
    tokio::join!(
        Box::pin(keep(state, "whatsapp intake", |stop| intake.run(stop))),
        Box::pin(keep(state, "messages", |stop| sender.run(stop))),
        Box::pin(keep(state, "appointments", |stop| appointments.run(stop))),
        Box::pin(answers),
        Box::pin(keep(state, "calendars", |stop| async {
            reception.calendar.worker()?.run(stop).await;
            Ok(())
        })),
    );
}

/// Runs a job until the app stops. One that fails begins again after a pause.
async fn keep<F, R>(state: &AppState, name: &'static str, mut job: F)
where
    F: FnMut(WaitForCancellationFutureOwned) -> R + Send,
    R: Future<Output = Result<(), Error>> + Send,
{
    while !state.stop.is_cancelled() {
        match job(state.stop.clone().cancelled_owned()).await {
            Ok(()) if state.stop.is_cancelled() => return,
            Ok(()) => tracing::error!(job = name, "a job has ended by itself; it begins again"),
            Err(error) => tracing::error!(job = name, %error, "a job has failed; it begins again"),
        }
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(PAUSE) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::http::testing::{Server, within};

    #[tokio::test]
    async fn a_job_that_fails_begins_again_and_ends_with_the_app() {
        let server = Server::with([]).await;
        let clock = aurora_core::time::ManualClock::default();
        let state = server.state.with(|parts| parts.clock = Arc::new(clock.clone()));
        let runs = Arc::new(AtomicUsize::new(0));
        let job = {
            let runs = Arc::clone(&runs);
            move |stop: WaitForCancellationFutureOwned| {
                let run = runs.fetch_add(1, Ordering::Relaxed);
                async move {
                    if run == 0 {
                        return Err(Error::not_found("job"));
                    }
                    stop.await;
                    Ok(())
                }
            }
        };
        let kept = tokio::spawn({
            let state = state.clone();
            async move { keep(&state, "test", job).await }
        });
        within(async {
            while clock.sleepers() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        clock.advance(PAUSE);
        crate::http::testing::eventually(|| runs.load(Ordering::Relaxed) == 2).await;
        server.stop().await.unwrap();
        within(kept).await.unwrap();
    }
}
