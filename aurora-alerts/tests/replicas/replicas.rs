//! The processes, as those see them who post.

use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock};

use crate::child;
use crate::processes::{Killer, Process};

/// Longer than anything can take; nothing is measured by it.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// Looks again and again until it is so.
pub(crate) async fn until<F: Future<Output = bool> + Send>(what: &str, is_so: impl Fn() -> F + Send + Sync) {
    let looking = async {
        while !is_so().await {
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = looking => {}
        () = SystemClock.sleep(LIMIT) => panic!("not before the limit: {what}"),
    }
}

/// One of them, or its place while it is dead.
#[derive(Debug)]
struct Replica {
    process: tokio::sync::Mutex<Option<Process>>,
    killer: Mutex<Killer>,
}

#[derive(Debug)]
pub(crate) struct Replicas {
    all: Vec<Replica>,
    settings: [String; 3],
    number: AtomicU64,
    again: AtomicU64,
}

impl Replicas {
    pub(crate) async fn start(count: usize, database: &str, urls: &[String; 2]) -> Self {
        let settings = [database.to_owned(), urls[0].clone(), urls[1].clone()];
        let mut all = Vec::new();
        for _ in 0..count {
            let process = open(&settings).await;
            all.push(Replica {
                killer: Mutex::new(process.killer()),
                process: tokio::sync::Mutex::new(Some(process)),
            });
        }
        Self {
            all,
            settings,
            number: AtomicU64::new(1),
            again: AtomicU64::new(0),
        }
    }

    pub(crate) const fn count(&self) -> usize {
        self.all.len()
    }

    /// How many requests were made again because they got no answer.
    pub(crate) fn again(&self) -> u64 {
        self.again.load(Ordering::Relaxed)
    }

    /// Asks one of them; none when it is dead or dies meanwhile.
    pub(crate) async fn ask(&self, at: usize, command: &str) -> Option<Result<String, String>> {
        let mut place = self.all[at].process.lock().await;
        let process = place.as_mut()?;
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        process.tell(&format!("{number} {command}"));
        loop {
            match process.answer().await {
                None => break,
                Some((answered, done, text)) if answered == number => {
                    return Some(if done { Ok(text) } else { Err(text) });
                }
                Some(_) => {} // of somebody who no longer waited
            }
        }
        let process = place.take()?;
        assert!(!process.ended().success(), "nobody ended it");
        self.again.fetch_add(1, Ordering::Relaxed);
        None
    }

    /// Asks one that is known to live.
    pub(crate) async fn must(&self, at: usize, command: &str) -> String {
        self.ask(at, command).await.unwrap().unwrap()
    }

    /// Who leads; waits until somebody does.
    pub(crate) async fn leader(&self) -> usize {
        self.leader_other_than(usize::MAX).await
    }

    /// Who leads; waits until somebody else does.
    pub(crate) async fn leader_other_than(&self, other: usize) -> usize {
        let found = Mutex::new(None);
        until("somebody leads", || async {
            for at in (0..self.count()).filter(|at| *at != other) {
                if self.ask(at, "who").await == Some(Ok("leads".to_owned())) {
                    *found.lock().unwrap() = Some(at);
                    return true;
                }
            }
            false
        })
        .await;
        found.into_inner().unwrap().unwrap()
    }

    pub(crate) fn kill(&self, at: usize) {
        self.all[at].killer.lock().unwrap().kill();
    }

    pub(crate) async fn kill_leader(&self) -> usize {
        let leader = self.leader().await;
        self.kill(leader);
        leader
    }

    /// Starts one anew that was killed.
    pub(crate) async fn revive(&self, at: usize) {
        let mut place = self.all[at].process.lock().await;
        if let Some(process) = place.take() {
            assert!(!process.ended().success(), "it was not killed");
        }
        let process = open(&self.settings).await;
        *self.all[at].killer.lock().unwrap() = process.killer();
        *place = Some(process);
    }

    /// Lets all of them deliver what is left and end.
    pub(crate) async fn drain(&self) {
        for replica in &self.all {
            let mut process = replica.process.lock().await.take().unwrap();
            process.tell("drain");
            while let Some((number, _, text)) = process.answer().await {
                assert_eq!((number, text.split(' ').next()), (0, Some("left")));
            }
            assert!(process.ended().success());
        }
    }
}

async fn open(settings: &[String; 3]) -> Process {
    let mut process = child::spawn(settings);
    let first = process.answer().await.unwrap();
    assert_eq!(first, (0, true, "open".to_owned()));
    process
}
