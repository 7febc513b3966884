//! Google Calendar as it answers: tokens, events, changes since, channels and what goes wrong, on a real socket.
//!
//! Written from Google's documentation of the API, for tests of what talks to it. People who change the calendar by hand
//! are [`FakeGoogle::add`], [`move_to`](FakeGoogle::move_to), [`remove`](FakeGoogle::remove) and others.

#![expect(
    clippy::indexing_slicing,
    reason = "what a JSON value does not have reads as null"
)]

mod accounts;
mod calendars;
mod channels;
mod events;
mod faults;
mod free_busy;
mod listing;
mod people;
mod resource;
mod routes;
mod server;
mod wire;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aurora_core::http::Egress;
use aurora_core::time::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::accounts::{CLIENT_ID, CLIENT_SECRET};
pub use self::channels::Notification;
pub use self::faults::{Fault, Operation};
pub use self::wire::Recorded;
use super::{Google, GoogleBuilder, OAuthApp};
use accounts::Accounts;
use calendars::Calendar;
use channels::Channels;
use faults::Faults;

/// Where people come back to with their code.
const REDIRECT: &str = "https://crm.example/google/callback";

/// Google on a free port of the local host; it answers until it is dropped.
pub struct FakeGoogle {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

pub(super) struct Shared {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    accounts: Accounts,
    calendars: std::collections::BTreeMap<String, Calendar>,
    channels: Channels,
    faults: Faults,
    recorded: Vec<Recorded>,
    page_size: usize,
    may_revive: bool,
}

impl FakeGoogle {
    /// Google with no calendar yet, whose time is that of `clock`.
    ///
    /// # Errors
    /// When the local host has no free port, or no key can be made.
    pub async fn start(clock: impl Clock) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            clock: Arc::new(clock),
            state: Mutex::new(State {
                accounts: Accounts::new(format!("http://{address}/token"))?,
                calendars: std::collections::BTreeMap::new(),
                channels: Channels::default(),
                faults: Faults::default(),
                recorded: Vec::new(),
                page_size: 250,
                may_revive: true,
            }),
        });
        let serving = tokio::spawn(server::serve(listener, Arc::clone(&shared)));
        Ok(Self {
            address,
            shared,
            serving,
        })
    }

    /// Settings that lead here, with the application that people give access to. Time is that of this Google.
    pub fn settings(&self) -> GoogleBuilder {
        let settings = Google::builder()
            .endpoints(
                format!("http://{}/calendar/v3", self.address),
                format!("http://{}/token", self.address),
                format!("http://{}/o/oauth2/v2/auth", self.address),
            )
            .egress(Egress::Any)
            .clock(Arc::clone(&self.shared.clock));
        match OAuthApp::new(CLIENT_ID, CLIENT_SECRET, REDIRECT) {
            Ok(app) => settings.app(app),
            Err(_) => settings,
        }
    }

    /// Gives at most so many events a page, whatever is asked for.
    pub fn page_size(&self, events: usize) {
        self.shared.state().page_size = events.max(1);
    }

    /// Refuses to bring deleted events back to life (403), as Google does with some.
    pub fn refuse_revival(&self) {
        self.shared.state().may_revive = false;
    }

    /// Lets the next call of this kind fail; several of one kind happen in their order.
    pub fn fail_next(&self, operation: Operation, fault: Fault) {
        self.shared.state().faults.plan(operation, fault);
    }

    /// The calls that came, the oldest first; of those that were lost on the way too.
    #[must_use]
    pub fn calls(&self) -> Vec<Recorded> {
        self.shared.state().recorded.clone()
    }

    /// How many calls of a kind came.
    #[must_use]
    pub fn count(&self, operation: Operation) -> usize {
        let state = self.shared.state();
        state
            .recorded
            .iter()
            .filter(|call| call.operation == operation)
            .count()
    }
}

impl Drop for FakeGoogle {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FakeGoogle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FakeGoogle")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
