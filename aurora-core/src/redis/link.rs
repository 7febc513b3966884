//! The connection itself: begun again for as long as somebody holds the handle.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fred::clients::Client;
use fred::interfaces::ClientLike;
use fred::types::{Builder, ConnectHandle};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::error::{Error, ErrorKind};
use super::settings::Settings;
use crate::rng::Random;
use crate::time::{Clock as _, SystemClock};

/// After how many unanswered commands in a row a connection is given up.
const PATIENCE: u32 = 3;

/// How often a new client is asked whether it is up, in case that its own message was missed.
const LOOK: Duration = Duration::from_millis(20);

/// A client of the library and the background task that carries it, which ends with the connection.
pub(super) struct Line {
    pub(super) client: Client,
    pub(super) task: ConnectHandle,
}

/// A line that commands are sent on.
pub(super) struct Live {
    pub(super) client: Client,
    given_up: Notify,
    unanswered: AtomicU32,
}

/// Holds the line that is up, if one is, and the task that brings up the next.
pub(super) struct Link {
    live: watch::Receiver<Option<Arc<Live>>>,
    _task: JoinSet<()>,
}

/// How long to wait before the next attempt: at first hardly, then 300 to 600 ms, never in step with other replicas.
pub(super) struct Pause {
    random: Random,
    attempts: u32,
}

impl Line {
    /// One attempt to connect.
    ///
    /// # Errors
    /// When the library refuses the settings, or the connection does not come about within its limits.
    pub(super) async fn connect(builder: &Builder, limit: Duration) -> Result<Self, Error> {
        let client = builder
            .build()
            .map_err(|_| Error::new(ErrorKind::InvalidSettings))?;
        let line = Self {
            task: client.connect(),
            client,
        };
        let up = async {
            while !line.client.is_connected() && !line.task.is_finished() {
                // What it says is seen in the state as well.
                drop(tokio::time::timeout(LOOK, line.client.wait_for_connect()).await);
            }
        };
        let unavailable = || Error::new(ErrorKind::Unavailable);
        tokio::time::timeout(limit, up).await.map_err(|_| unavailable())?;
        if line.task.is_finished() {
            Err(unavailable())
        } else {
            Ok(line)
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        // The task holds the client, and the client the channel that the task reads: it would never end. It can also
        // hang in a write to a server that has stopped reading.
        self.task.abort();
    }
}

impl Live {
    /// Counts a command without an answer; after a few in a row the connection is given up.
    ///
    /// The library's own detection of a silent connection does not see one that is written to all the time.
    pub(super) fn unanswered(&self) {
        if self.unanswered.fetch_add(1, Ordering::Relaxed) + 1 == PATIENCE {
            self.give_up();
        }
    }

    pub(super) fn answered(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
    }

    /// Lets the link look for another connection.
    pub(super) fn give_up(&self) {
        self.given_up.notify_one();
    }
}

impl Link {
    pub(super) fn start(settings: &Settings) -> Self {
        let (sender, live) = watch::channel(None);
        let (builder, limit) = (settings.for_commands(), settings.attempt_limit());
        let mut task = JoinSet::new();
        task.spawn(keep_up(builder, limit, sender));
        Self { live, _task: task }
    }

    /// The line that is up.
    pub(super) fn live(&self) -> Option<Arc<Live>> {
        self.live
            .borrow()
            .clone()
            .filter(|live| live.client.is_connected())
    }

    /// Waits until a line is up.
    pub(super) async fn up(&self) {
        let mut live = self.live.clone();
        if live.wait_for(Option::is_some).await.is_err() {
            // The task ends with the runtime alone.
            std::future::pending::<()>().await;
        }
    }
}

async fn keep_up(builder: Builder, limit: Duration, sender: watch::Sender<Option<Arc<Live>>>) {
    let mut pause = Pause::new();
    loop {
        if let Ok(mut line) = Line::connect(&builder, limit).await {
            let live = Arc::new(Live {
                client: line.client.clone(),
                given_up: Notify::new(),
                unanswered: AtomicU32::new(0),
            });
            sender.send_replace(Some(Arc::clone(&live)));
            let up_since = SystemClock.elapsed();
            tokio::select! {
                _ = &mut line.task => {}
                () = live.given_up.notified() => {}
            }
            sender.send_replace(None);
            if SystemClock.elapsed().saturating_sub(up_since) > Duration::from_secs(1) {
                pause.reset();
            }
        }
        pause.wait().await;
    }
}

impl Pause {
    pub(super) fn new() -> Self {
        Self {
            random: Random::system(),
            attempts: 0,
        }
    }

    pub(super) fn reset(&mut self) {
        self.attempts = 0;
    }

    pub(super) async fn wait(&mut self) {
        let longest = (50_u64 << self.attempts.min(4)).min(600);
        self.attempts = self.attempts.saturating_add(1);
        let wait = longest / 2 + self.random.below(longest / 2);
        SystemClock.sleep(Duration::from_millis(wait)).await;
    }
}
