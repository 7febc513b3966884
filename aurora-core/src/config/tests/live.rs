//! Settings that change while they are in use.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use async_trait::async_trait;

use super::*;
use crate::time::{Clock, ManualClock, Timestamp};

const INTERVAL: Duration = Duration::from_secs(2);

/// A clock of which is known how often somebody began to wait.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    clock: ManualClock,
    waits: Arc<AtomicUsize>,
}

#[async_trait]
impl Clock for Counted {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.waits.fetch_add(1, Ordering::SeqCst);
        self.clock.sleep(duration).await;
    }
}

impl Counted {
    /// Lets `run` look so many times, each look at its end before the next begins.
    pub(super) async fn looks(&self, times: usize) {
        for _ in 0..times {
            until("it waits", || self.clock.sleepers() == 1).await;
            let waits = self.waits.load(Ordering::SeqCst);
            self.clock.advance(INTERVAL);
            until("it looked", || self.waits.load(Ordering::SeqCst) > waits).await;
        }
    }
}

pub(super) fn folder_with(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aurora.toml");
    fs::write(&path, text).unwrap();
    (folder, path)
}

pub(super) fn live(folder: &Path, clock: &Counted) -> Live {
    let builder = Live::builder(Loader::new().folder(folder)).clock(clock.clone());
    builder.interval(INTERVAL).build().unwrap()
}

fn port(live: &Live) -> u16 {
    live.current().settings().server.port
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..100_000 {
        if holds() {
            return;
        }
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
    panic!("never: {what}");
}

/// Runs `act` beside the watching.
pub(super) async fn watched<F: Future<Output = ()>>(live: &Live, act: F) {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = live.run(async {
        drop(stopped.await);
    });
    let acting = async {
        act.await;
        drop(stop);
    };
    let both = async { tokio::join!(running, acting) };
    let (ended, ()) = tokio::time::timeout(Duration::from_secs(60), both).await.unwrap();
    ended.unwrap();
}

#[test]
fn a_call_replaces_what_is_valid_and_keeps_the_old_before_what_is_not() {
    let (folder, path) = folder_with("[server]\nport = 1\n");
    let live = Live::builder(Loader::new().folder(folder.path()))
        .build()
        .unwrap();
    let kept = live.current();
    assert!(live.reload().unwrap().is_empty());
    fs::write(&path, "[server]\nport = 2\n[log]\nlevel = \"warn\"\n").unwrap();
    assert_eq!(live.reload().unwrap(), ["log.level", "server.port"]);
    assert_eq!(port(&live), 2);
    assert_eq!(
        kept.settings().server.port,
        1,
        "who asked once keeps what fits together"
    );
    fs::write(&path, "[server]\nport = 3\nprot = 4\n").unwrap();
    let error = live.reload().unwrap_err();
    assert!(
        error.to_string().contains("aurora.toml:3:1") && error.to_string().contains("did you mean"),
        "{error}"
    );
    assert_eq!((port(&live), live.refused()), (2, Some(error)));
    fs::write(&path, "[server]\nport = 5\n[log]\nlevel = \"warn\"\n").unwrap();
    assert_eq!(live.reload().unwrap(), ["server.port"]);
    assert_eq!(live.refused(), None);
}

#[test]
fn the_same_value_written_otherwise_is_no_change() {
    let (folder, path) = folder_with("limits.request_timeout = \"60s\"\n");
    let live = Live::builder(Loader::new().folder(folder.path()))
        .build()
        .unwrap();
    fs::write(&path, "# one minute\nlimits.request_timeout = \"1m\"\n").unwrap();
    assert!(live.reload().unwrap().is_empty());
    let origin = live
        .current()
        .origin_of("limits.request_timeout")
        .unwrap()
        .to_string();
    assert!(origin.ends_with(":2:26"), "{origin}");
}

#[test]
fn an_interval_out_of_range_is_refused_with_everything_else() {
    let loader = Loader::new().overrides([("server.port", "x")]);
    let error = Live::builder(loader)
        .interval(Duration::ZERO)
        .build()
        .unwrap_err();
    assert_eq!(error.problems().len(), 2, "{error}");
}

/// Two settings are always written with the same number; nobody may ever see two numbers.
#[test]
fn readers_never_see_a_mix_of_two_snapshots() {
    let text = |number: u64| {
        format!(
            "server.port = {number}\nlimits.body_bytes = {}\n",
            10_000 + number
        )
    };
    let (folder, path) = folder_with(&text(1));
    let live = Live::builder(Loader::new().folder(folder.path()))
        .build()
        .unwrap();
    let done = AtomicBool::new(false);
    let seen: Vec<u64> = std::thread::scope(|scope| {
        let read = || {
            let mut seen = 0;
            let mut last = 0;
            while !done.load(Ordering::Relaxed) {
                let current = live.current();
                let settings = current.settings();
                assert_eq!(
                    u64::from(settings.server.port) + 10_000,
                    settings.limits.body_bytes
                );
                assert!(settings.server.port >= last, "never back");
                seen += u64::from(settings.server.port != last);
                last = settings.server.port;
            }
            seen
        };
        let readers: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
        for number in 2..300 {
            fs::write(&path, text(number)).unwrap();
            live.reload().unwrap();
        }
        done.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().unwrap()).collect()
    });
    assert!(seen.iter().any(|seen| *seen > 1), "nobody saw a change: {seen:?}");
}

#[tokio::test]
async fn subscribers_are_told_what_changed_even_when_they_are_slow() {
    let (folder, path) = folder_with("server.port = 1\n");
    let live = Live::builder(Loader::new().folder(folder.path()))
        .build()
        .unwrap();
    let mut changes = live.subscribe();
    fs::write(&path, "server.port = 2\n").unwrap();
    live.reload().unwrap();
    fs::write(&path, "server.port = 3\ndebug = true\n").unwrap();
    live.reload().unwrap();
    let change = changes.next().await.unwrap();
    assert_eq!(change.keys, ["debug", "server.port"]);
    assert_eq!(change.loaded.settings().server.port, 3);
    drop(live);
    assert!(changes.next().await.is_none(), "over with the last handle");
}

#[tokio::test]
async fn a_changed_file_counts_once_it_is_still() {
    let (folder, path) = folder_with("server.port = 1\n");
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    watched(&live, async {
        clock.looks(3).await;
        assert_eq!(port(&live), 1);
        // Half of what somebody is writing is valid too.
        fs::write(&path, "debug = true\n").unwrap();
        clock.looks(1).await;
        fs::write(&path, "debug = true\nserver.port = 2\n").unwrap();
        clock.looks(1).await;
        assert!(!live.current().settings().debug, "still being written");
        clock.looks(1).await;
        assert_eq!((port(&live), live.current().settings().debug), (2, true));
    })
    .await;
}

#[tokio::test]
async fn a_half_written_file_is_refused_and_its_end_accepted() {
    let (folder, path) = folder_with("server.port = 1\n");
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    watched(&live, async {
        fs::write(&path, "server.port = 2\n[log]\nlev").unwrap();
        clock.looks(2).await;
        assert!(live.refused().is_some() && port(&live) == 1);
        fs::write(&path, "server.port = 2\n[log]\nlevel = \"warn\"\n").unwrap();
        clock.looks(2).await;
        assert!(live.refused().is_none() && port(&live) == 2);
    })
    .await;
}

#[tokio::test]
async fn an_editors_renaming_and_a_new_file_are_seen() {
    let (folder, path) = folder_with("server.port = 1\n");
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    watched(&live, async {
        let other = folder.path().join("aurora.toml~");
        fs::write(&other, "server.port = 2\n").unwrap();
        fs::rename(&other, &path).unwrap();
        clock.looks(2).await;
        assert_eq!(port(&live), 2);
        fs::write(folder.path().join("aurora.development.toml"), "server.port = 3\n").unwrap();
        clock.looks(2).await;
        assert_eq!(port(&live), 3);
        fs::write(folder.path().join(".env"), "DASHBOARD_PORT=4\n").unwrap();
        clock.looks(2).await;
        assert_eq!(port(&live), 4);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_file_turns_nothing_back_to_defaults() {
    let (folder, path) = folder_with("server.port = 1\n");
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    watched(&live, async {
        fs::remove_file(&path).unwrap();
        clock.looks(2).await;
        assert_eq!(port(&live), 1);
        let report = live.refused().unwrap().to_string();
        assert!(
            report.contains("aurora.toml") && report.contains("the file is gone"),
            "{report}"
        );
        fs::write(&path, "server.port = 1\n").unwrap();
        clock.looks(2).await;
        assert!(live.refused().is_none() && port(&live) == 1);
    })
    .await;
}

/// Kubernetes mounts a `ConfigMap` as `aurora.toml -> ..data/aurora.toml` and `..data -> ..2026_07_01`, and swaps the
/// second link; the times of the files say nothing.
#[cfg(unix)]
#[tokio::test]
async fn a_swapped_symbolic_link_is_seen() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for (version, port) in [("..one", 1), ("..two", 2)] {
        fs::create_dir(at(version)).unwrap();
        fs::write(at(version).join("aurora.toml"), format!("server.port = {port}\n")).unwrap();
    }
    symlink("..one", at("..data")).unwrap();
    symlink("..data/aurora.toml", at("aurora.toml")).unwrap();
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    watched(&live, async {
        assert_eq!(port(&live), 1);
        symlink("..two", at("..data_tmp")).unwrap();
        fs::rename(at("..data_tmp"), at("..data")).unwrap();
        fs::remove_dir_all(at("..one")).unwrap();
        clock.looks(2).await;
        assert_eq!(port(&live), 2);
    })
    .await;
}

#[tokio::test]
async fn a_new_secret_in_its_file_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    fs::write(&path, "sk-one\n").unwrap();
    let clock = Counted::default();
    let loader = Loader::new().environment([("OPENAI_API_KEY_FILE", path.to_str().unwrap())]);
    let live = Live::builder(loader)
        .clock(clock.clone())
        .interval(INTERVAL)
        .build()
        .unwrap();
    let mut changes = live.subscribe();
    watched(&live, async {
        fs::write(&path, "sk-two\n").unwrap();
        clock.looks(2).await;
        let change = changes.next().await.unwrap();
        assert_eq!(change.keys, ["llm.openai_api_key"]);
        let key = change.loaded.settings().llm.openai_api_key.clone().unwrap();
        assert_eq!(key.expose(), "sk-two");
        fs::remove_file(&path).unwrap();
        clock.looks(2).await;
        assert!(live.refused().is_some());
    })
    .await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_real_hangup_reads_the_settings_anew() {
    let (folder, path) = folder_with("server.port = 1\n");
    // The clock stands still, so nothing but the signal can have done it.
    let builder = Live::builder(Loader::new().folder(folder.path())).clock(ManualClock::default());
    let live = builder.on_hangup().build().unwrap();
    // Without a listener the signal would end the test.
    let hangup = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup());
    let _listens = hangup.unwrap();
    let mut changes = live.subscribe();
    watched(&live, async {
        fs::write(&path, "server.port = 2\n").unwrap();
        let me = std::process::id().to_string();
        let send = || {
            std::process::Command::new("sh")
                .args(["-c", &format!("kill -HUP {me}")])
                .status()
        };
        assert!(send().unwrap().success());
        assert_eq!(changes.next().await.unwrap().keys, ["server.port"]);
        fs::write(&path, "server.port = \"x\"\n").unwrap();
        assert!(send().unwrap().success());
        until("it is refused", || live.refused().is_some()).await;
        assert_eq!(port(&live), 2);
    })
    .await;
}
