//! What systemd is told: that the service is ready, that it stops, and now and then that it is alive (`sd_notify(3)`).

use std::future::pending;
use std::time::Duration;

use aurora_core::time::Clock;

/// The wire to whoever started this process; `None` where nobody listens there.
#[derive(Debug)]
pub(super) struct Supervisor {
    #[cfg(unix)]
    wire: unix::Wire,
    /// How often it must hear from us.
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// What the environment says of one.
    #[cfg(unix)]
    #[expect(
        clippy::disallowed_methods,
        reason = "systemd sets these for this process; they are no settings of Aurora"
    )]
    pub(super) fn of_process() -> Option<Self> {
        let socket = std::env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty())?;
        let wire = match unix::Wire::to(&socket) {
            Ok(wire) => wire,
            Err(error) => {
                tracing::warn!(%error, "NOTIFY_SOCKET is set and cannot be written to");
                return None;
            }
        };
        let is_ours = std::env::var("WATCHDOG_PID").map_or(true, |pid| pid == std::process::id().to_string());
        let micros = std::env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|text| text.parse().ok());
        let watchdog = micros
            .filter(|micros| is_ours && *micros > 0)
            .map(Duration::from_micros);
        Some(Self { wire, watchdog })
    }

    #[cfg(not(unix))]
    pub(super) const fn of_process() -> Option<Self> {
        None
    }

    /// Requests are answered from now on.
    pub(super) fn ready(&self, status: &str) {
        self.tell(&format!("READY=1\nSTATUS={status}"));
    }

    /// No further ones are taken soon.
    pub(super) fn stopping(&self) {
        self.tell("STOPPING=1\nSTATUS=stopping");
    }

    /// Tells twice as often as it must that this process is alive. Never ends.
    pub(super) async fn live(&self, clock: &dyn Clock) {
        let Some(limit) = self.watchdog else {
            return pending().await;
        };
        loop {
            clock.sleep(limit / 2).await;
            // A task has to come to its end: a runtime whose threads are all held up lets none.
            if tokio::spawn(tokio::task::yield_now()).await.is_ok() {
                self.tell("WATCHDOG=1");
            }
        }
    }

    fn tell(&self, state: &str) {
        #[cfg(unix)]
        if let Err(error) = self.wire.send(state) {
            tracing::warn!(%error, "systemd cannot be told");
        }
        #[cfg(not(unix))]
        drop(state);
    }
}

#[cfg(unix)]
mod unix {
    use std::ffi::OsStr;
    use std::io;
    use std::os::unix::ffi::OsStrExt as _;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    #[derive(Debug)]
    pub(super) struct Wire {
        socket: UnixDatagram,
        address: SocketAddr,
    }

    impl Wire {
        /// To a path, or with `@` before it to a name of Linux that is in no folder.
        pub(super) fn to(name: &OsStr) -> io::Result<Self> {
            let address = match name.as_bytes().split_first() {
                Some((b'@', name)) => of_name(name)?,
                _ => SocketAddr::from_pathname(name)?,
            };
            let socket = UnixDatagram::unbound()?;
            socket.set_nonblocking(true)?; // nobody who does not read may hold the server up
            Ok(Self { socket, address })
        }

        pub(super) fn send(&self, state: &str) -> io::Result<()> {
            self.socket
                .send_to_addr(state.as_bytes(), &self.address)
                .map(drop)
        }
    }

    #[cfg(target_os = "linux")]
    fn of_name(name: &[u8]) -> io::Result<SocketAddr> {
        use std::os::linux::net::SocketAddrExt as _;
        SocketAddr::from_abstract_name(name)
    }

    #[cfg(not(target_os = "linux"))]
    fn of_name(_name: &[u8]) -> io::Result<SocketAddr> {
        Err(io::Error::other(
            "names that are in no folder exist on Linux alone",
        ))
    }
}
