//! What is measured of settings that are followed, and files that can be read only once.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

use super::live::{Counted, folder_with, live, watched};
use super::*;

/// Every series with its labels; what was counted since the last time.
fn measured(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let series = snapshotter.snapshot().into_vec().into_iter();
    let named = series.map(|(key, _, _, value)| {
        let labels = key.key().labels().map(|label| format!(" {}", label.value()));
        let name = format!("{}{}", key.key().name(), labels.collect::<String>());
        let value = match value {
            DebugValue::Counter(count) => f64::from(u32::try_from(count).unwrap()),
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(_) => panic!("{name} is no number"),
        };
        (name, value)
    });
    named.collect()
}

#[tokio::test]
async fn it_is_measured_whether_the_sources_are_followed() {
    let (folder, path) = folder_with("llm.openai_api_key = \"canary\"\n");
    let clock = Counted::default();
    let live = live(folder.path(), &clock);
    // Whoever measures begins after the settings were read, for the settings tell how to.
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let _recording = metrics::set_default_local_recorder(&recorder);
    watched(&live, clock.looks(1)).await;
    assert_eq!(
        measured(&snapshotter),
        BTreeMap::from([(UP_TO_DATE.to_owned(), 1.0)])
    );
    let outcome = |name: &str| format!("{RELOADS} {name}");
    std::fs::write(&path, "llm.openai_api_key = \"canary two\"\n").unwrap();
    live.reload().unwrap_err();
    let expected = [(UP_TO_DATE.to_owned(), 0.0), (outcome("refused"), 1.0)];
    assert_eq!(measured(&snapshotter), BTreeMap::from(expected));
    std::fs::write(&path, "llm.openai_api_key = \"canary-two\"\n").unwrap();
    live.reload().unwrap();
    live.reload().unwrap();
    let expected = [
        (UP_TO_DATE.to_owned(), 1.0),
        (outcome("refused"), 0.0),
        (outcome("applied"), 1.0),
        (outcome("unchanged"), 1.0),
    ];
    assert_eq!(measured(&snapshotter), BTreeMap::from(expected));
}

/// Old snapshots hold secrets; the last who has one decides how long.
#[tokio::test]
async fn snapshots_that_nobody_holds_are_freed() {
    let (folder, path) = folder_with("server.port = 1\n");
    let live = live(folder.path(), &Counted::default());
    let mut changes = live.subscribe();
    let mut old = Vec::new();
    for port in 2..20 {
        old.push(live.current().weak());
        std::fs::write(&path, format!("server.port = {port}\n")).unwrap();
        live.reload().unwrap();
    }
    let held = |old: &[std::sync::Weak<_>]| old.iter().filter(|one| one.strong_count() > 0).count();
    assert_eq!(held(&old), 1, "the one that the subscriber compares with");
    drop(changes.next().await);
    assert_eq!(held(&old), 0);
}

#[cfg(unix)]
mod pipes {
    use std::path::Path;
    use std::process::Command;
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn pipe(path: &Path) {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }

    fn of_key(path: &Path) -> LiveBuilder {
        let variable = [("OPENAI_API_KEY_FILE", path.to_str().unwrap())];
        Live::builder(Loader::new().environment(variable))
    }

    #[test]
    fn what_came_out_of_a_pipe_is_kept_and_a_file_in_its_place_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        pipe(&path);
        let key = |live: &Live| {
            let key = live.current().settings().llm.openai_api_key.clone();
            key.unwrap().expose().to_owned()
        };
        let (told, hears) = channel();
        let reading = path.clone();
        thread::spawn(move || {
            let live = of_key(&reading).build().unwrap();
            // Nobody writes any more: whoever opened it again would wait for ever.
            let outcomes = [live.reload(), live.reload()];
            told.send((live, outcomes)).unwrap();
        });
        std::fs::write(&path, "sk-one\n").unwrap();
        let (live, outcomes) = hears.recv_timeout(PATIENCE).expect("it waits for the pipe");
        assert_eq!(outcomes, [Ok(Vec::new()), Ok(Vec::new())]);
        assert_eq!(key(&live), "sk-one");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "sk-two\n").unwrap();
        assert_eq!(live.reload().unwrap(), ["llm.openai_api_key"]);
        assert_eq!(key(&live), "sk-two");
    }

    #[test]
    fn a_file_that_does_not_answer_holds_up_nobody_who_only_asks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "sk-one\n").unwrap();
        let live = of_key(&path).build().unwrap();
        std::fs::remove_file(&path).unwrap();
        pipe(&path);
        let reloading = live.clone();
        let reload = thread::spawn(move || reloading.reload());
        let (told, hears) = channel();
        let asking = live.clone();
        let release = path.clone();
        thread::spawn(move || {
            // Opening for writing waits until the reload has opened it.
            let file = std::fs::OpenOptions::new().write(true).open(release).unwrap();
            told.send((asking.current(), asking.refused())).unwrap();
            drop(file);
        });
        let (_, refused) = hears.recv_timeout(PATIENCE).expect("the reload is in the way");
        assert_eq!(refused, None);
        assert!(reload.join().unwrap().is_err(), "the pipe was empty");
    }
}
