//! Ctrl-C and SIGTERM: the first one stops in order, the second one in a hurry.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::sync::Mutex;

use crate::error::{Error, ErrorKind};

/// Two futures: the first is ready at the first signal, the second at the second. The second listens only once the
/// first has had its signal.
///
/// # Errors
/// `Internal` when the system does not let us listen.
pub(super) fn listen() -> Result<(impl Future<Output = ()> + Send, impl Future<Output = ()> + Send), Error> {
    let signals = Signals::new()
        .map_err(|error| Error::new(ErrorKind::Internal, "signals cannot be listened to").caused_by(error))?;
    let signals = Arc::new(Mutex::new(signals));
    let later = Arc::clone(&signals);
    let stop = async move {
        signals.lock().await.next().await;
        tracing::info!("stopping");
    };
    let hurry = async move {
        later.lock().await.next().await;
        tracing::warn!("stopping in a hurry");
    };
    Ok((stop, hurry))
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
