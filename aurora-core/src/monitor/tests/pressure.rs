use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::monitor::histogram::BUCKETS;

#[test]
fn names_without_end_share_one_record() {
    let monitor = Monitor::builder()
        .names(50)
        .clock(ManualClock::default())
        .build()
        .unwrap();
    for n in 0..100 {
        monitor.record(&n.to_string(), Ok(()), Duration::ZERO);
    }
    assert_eq!(monitor.summaries().len(), 51);
    assert_eq!(monitor.summary(OTHER).unwrap().total, 50);
    let unknown = Monitor::new(ManualClock::default());
    unknown.record(&"n".repeat(257), Ok(()), Duration::ZERO);
    unknown.record(&"n".repeat(256), Ok(()), Duration::ZERO);
    assert_eq!(
        unknown.summary(OTHER).unwrap().total,
        1,
        "a name that is too long"
    );
    monitor.record("7", Ok(()), Duration::ZERO);
    assert_eq!(
        monitor.summary("7").unwrap().total,
        2,
        "a known name keeps its record"
    );
}

/// Every allocation of a series is a slice of fixed length: this is their sum, with the export's labels on top.
#[test]
fn a_target_takes_less_than_thirty_kilobytes() {
    let series = Series::new(&Monitor::new(ManualClock::default()).inner.spans, None);
    let busy = series.bytes() + 13 * BUCKETS * 4;
    assert!(series.bytes() < 6 * 1_024, "idle: {} bytes", series.bytes());
    assert!(busy < 30 * 1_024, "busy: {busy} bytes");
    for second in 0..200 {
        series.record(
            Duration::from_secs(second),
            &spans(),
            Ok(()).into(),
            Some(millis(second)),
        );
    }
    assert_eq!(series.bytes(), busy, "however long it is used");
}

fn spans() -> Spans {
    Monitor::new(ManualClock::default()).inner.spans
}

/// Recorders make the same progress whether somebody reads all the time or not; each call is counted, whatever the
/// readers and the moving clock do meanwhile.
#[test]
fn a_reader_in_a_loop_stops_no_recorder_and_no_call_is_lost() {
    const THREADS: u64 = 4;
    const CALLS: u64 = 20_000;
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0_u64;
            while !done.load(Ordering::Acquire) {
                let performance = monitor.performance();
                assert!(performance.overall.total <= THREADS * CALLS);
                reads += 1;
            }
            reads
        });
        let recorders: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (monitor, clock) = (&monitor, &clock);
                scope.spawn(move || {
                    for call in 0..CALLS {
                        let outcome = if call % 5 == 0 {
                            Err(FailureClass::Transient)
                        } else {
                            Ok(())
                        };
                        monitor.record("a", outcome, millis(call % 100));
                        if thread == 0 && call % 5_000 == 0 {
                            clock.advance(Duration::from_secs(5)); // rows turn under everybody's hands
                        }
                    }
                })
            })
            .collect();
        for recorder in recorders {
            recorder.join().unwrap();
        }
        done.store(true, Ordering::Release);
        assert!(reader.join().unwrap() > 0);
    });
    let summary = monitor.summary("a").unwrap();
    assert_eq!(
        (summary.total, summary.failed),
        (THREADS * CALLS, THREADS * CALLS / 5)
    );
    assert_eq!(
        summary.requests,
        THREADS * CALLS,
        "all of it was within the window"
    );
}

/// A reader that never ends must not be able to hold a recorder: nothing that a reader holds is asked for by one.
#[test]
fn a_reading_holds_nothing_that_recording_needs() {
    let clock = ManualClock::default();
    let monitor = Monitor::new(clock.clone());
    monitor.record("a", Ok(()), millis(1));
    let series = monitor.series("a");
    let mut history = series.history(clock.elapsed(), &monitor.inner.spans);
    history.next().unwrap();
    clock.advance(MINUTE);
    monitor.record("a", Ok(()), millis(1)); // while the iterator is alive
    assert_eq!(monitor.summary("a").unwrap().total, 2);
    drop(history);
}
