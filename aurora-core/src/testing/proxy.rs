//! A line to a real server that fails when it is told to.
#![cfg_attr(
    not(feature = "redis"),
    expect(dead_code, reason = "only Redis is tried in all weathers")
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::time::{Clock as _, SystemClock};

/// What the line does to what is said on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weather {
    Clear,
    /// Answers arrive later.
    Slow(Duration),
    /// Nothing arrives in either direction; connections stay open, and new ones are accepted.
    BlackHole,
    /// Questions arrive, answers do not, and the connection breaks when one is due.
    ResetAtAnswer,
    /// Connections break, and new ones break as soon as they are made.
    Down,
}

pub(crate) struct Proxy {
    pub(crate) url: String,
    weather: watch::Sender<Weather>,
    pub(crate) accepted: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Before the server at `url`, whose user and database are kept.
    pub(crate) async fn before(url: &str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (user, rest) = rest
            .rsplit_once('@')
            .map_or(("", rest), |(user, rest)| (user, rest));
        let (server, path) = rest.split_once('/').unwrap_or((rest, ""));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap();
        let at = if user.is_empty() { "" } else { "@" };
        let (weather, seen) = watch::channel(Weather::Clear);
        let accepted = Arc::new(AtomicUsize::new(0));
        let (server, count) = (server.to_owned(), Arc::clone(&accepted));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut lines = JoinSet::new();
            loop {
                let (client, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                while lines.try_join_next().is_some() {}
                if *seen.borrow() != Weather::Down {
                    let server = TcpStream::connect(&server).await.unwrap();
                    lines.spawn(carry(client, server, seen.clone()));
                }
            }
        });
        Self {
            url: format!("{scheme}://{user}{at}{own}/{path}"),
            weather,
            accepted,
            _tasks: tasks,
        }
    }

    pub(crate) fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

async fn carry(client: TcpStream, server: TcpStream, weather: watch::Receiver<Weather>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let mut down = weather.clone();
    tokio::select! {
        () = copy(from_client, to_server, weather.clone(), false) => {}
        () = copy(from_server, to_client, weather, true) => {}
        _ = down.wait_for(|weather| *weather == Weather::Down) => {}
    }
}

async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    answers: bool,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let now = *weather.borrow_and_update();
        match now {
            Weather::Slow(by) if answers => SystemClock.sleep(by).await,
            Weather::ResetAtAnswer if answers => return,
            // What is lost stays lost: this line never speaks again.
            Weather::BlackHole => std::future::pending().await,
            _ => {}
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
