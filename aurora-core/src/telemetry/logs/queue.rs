//! Lines on their way to a stream or a file, written by a thread of their own.

use std::io::Write;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread;
use std::time::Duration;

use super::error::{Error, ErrorKind};

/// Lines that were lost, by `sink` and `reason` (`full`, `io`, `closed`).
pub(super) const LOST: &str = "aurora_log_lines_lost_total";

/// Most lines that wait.
const MAX_LINES: usize = 16 * 1024;

/// Most bytes that wait.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Why a line was lost.
#[derive(Debug, Clone, Copy)]
enum Reason {
    /// Too many wait: the disk or the reader is too slow.
    Full,
    /// The system refused it: the disk is full, the reader went away.
    Io,
    /// The log has ended.
    Closed,
}

/// The sending end. It never waits.
#[derive(Debug)]
pub(super) struct Queue {
    sender: RwLock<Option<SyncSender<Vec<u8>>>>,
    /// Nothing is ever sent here: it ends when the thread does.
    ended: Mutex<Option<Receiver<()>>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: &'static str,
    waiting: AtomicUsize,
    lost: AtomicU64,
}

impl Queue {
    /// Starts the thread.
    pub(super) fn start(name: &'static str, mut out: Box<dyn Write + Send>) -> Result<Self, Error> {
        let (sender, receiver) = sync_channel::<Vec<u8>>(MAX_LINES);
        let (end, ended) = sync_channel(0);
        let shared = Arc::new(Shared {
            name,
            waiting: AtomicUsize::new(0),
            lost: AtomicU64::new(0),
        });
        let of_thread = Arc::clone(&shared);
        let work = move || {
            for line in receiver {
                of_thread.waiting.fetch_sub(line.len(), Ordering::Relaxed);
                if out.write_all(&line).is_err() {
                    of_thread.lose(Reason::Io);
                }
            }
            if out.flush().is_err() {
                of_thread.lose(Reason::Io);
            }
            drop(end);
        };
        thread::Builder::new()
            .name(format!("log-{name}"))
            .spawn(work)
            .map_err(|source| {
                Error::new(ErrorKind::Thread, "no thread for the log can be started").caused_by(source)
            })?;
        Ok(Self {
            sender: RwLock::new(Some(sender)),
            ended: Mutex::new(Some(ended)),
            shared,
        })
    }

    /// Puts a line in, or counts it as lost.
    pub(super) fn push(&self, line: Vec<u8>) {
        let sender = self.sender.read().unwrap_or_else(PoisonError::into_inner);
        let Some(sender) = sender.as_ref() else {
            self.shared.lose(Reason::Closed);
            return;
        };
        let bytes = line.len();
        let before = self.shared.waiting.fetch_add(bytes, Ordering::Relaxed);
        let sent = if before + bytes > MAX_BYTES {
            Err(Reason::Full)
        } else {
            sender.try_send(line).map_err(|error| match error {
                TrySendError::Full(_) => Reason::Full,
                TrySendError::Disconnected(_) => Reason::Closed,
            })
        };
        if let Err(reason) = sent {
            self.shared.waiting.fetch_sub(bytes, Ordering::Relaxed);
            self.shared.lose(reason);
        }
    }

    /// Takes no more lines. Those that wait are still written.
    pub(super) fn close(&self) {
        drop(self.sender.write().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Waits after [`close`](Self::close) until everything is written, at most for `limit`.
    pub(super) fn wait(&self, limit: Duration) {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            // Either the thread has ended, or the limit is over and what still waits is lost with the process.
            let _ended = ended.recv_timeout(limit).is_err();
        }
    }

    pub(super) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lose(&self, reason: Reason) {
        let reason = match reason {
            Reason::Full => "full",
            Reason::Io => "io",
            Reason::Closed => "closed",
        };
        self.lost.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(LOST, "sink" => self.name, "reason" => reason).increment(1);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::*;

    /// A writer that waits for a permit per line.
    struct Slow {
        permits: mpsc::Receiver<()>,
        written: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Without a sender there is no need for permits.
            let _permitted = self.permits.recv().is_ok();
            self.written.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow() -> (Queue, mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (permit, permits) = mpsc::channel();
        let written = Arc::default();
        let out = Slow {
            permits,
            written: Arc::clone(&written),
        };
        (Queue::start("test", Box::new(out)).unwrap(), permit, written)
    }

    #[test]
    fn a_disk_that_stands_still_costs_lines_and_never_a_caller() {
        let recorder = metrics_util::debugging::DebuggingRecorder::new();
        let (queue, permit, written) = slow();
        metrics::with_local_recorder(&recorder, || {
            for _ in 0..MAX_LINES + 1_000 {
                queue.push(b"line\n".to_vec());
            }
            assert!((999..=1_000).contains(&queue.lost()), "{}", queue.lost());
            let before = queue.lost();
            queue.push(vec![b'x'; MAX_BYTES]);
            assert_eq!(queue.lost(), before + 1, "bytes are limited too");
        });
        let lost = queue.lost();
        let counted = recorder.snapshotter().snapshot().into_vec();
        let (key, _, _, value) = &counted[0];
        assert_eq!(key.key().name(), LOST);
        assert_eq!(*value, metrics_util::debugging::DebugValue::Counter(lost));
        drop(permit);
        queue.close();
        queue.wait(Duration::from_secs(30));
        let lines = written.lock().unwrap().len() / 5;
        assert_eq!(
            lines as u64 + lost,
            MAX_LINES as u64 + 1_001,
            "every line is written or counted"
        );
    }

    #[test]
    fn what_waits_at_the_end_is_written_and_what_comes_later_is_counted() {
        let (queue, permit, written) = slow();
        for _ in 0..100 {
            queue.push(b"line\n".to_vec());
        }
        drop(permit);
        queue.close();
        queue.wait(Duration::from_secs(30));
        assert_eq!(written.lock().unwrap().len(), 500);
        queue.push(b"late\n".to_vec());
        assert_eq!(queue.lost(), 1);
    }

    #[test]
    fn an_end_that_does_not_come_is_not_waited_for() {
        let (queue, permit, _) = slow();
        queue.push(b"line\n".to_vec());
        queue.close();
        queue.wait(Duration::from_millis(20));
        drop(permit);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_loses_lines_with_a_count() {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let queue = Queue::start("test", Box::new(full)).unwrap();
        for _ in 0..10 {
            queue.push(b"line\n".to_vec());
        }
        queue.close();
        queue.wait(Duration::from_secs(30));
        assert_eq!(queue.lost(), 10);
    }
}
