//! What must not allocate. The allocator of this test program counts, per thread.

#![expect(clippy::panic, reason = "a test fails by it")]

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aurora_core::resilience::limiter::{Kind, Limiter, MemoryLimiter, Policies, Policy, Subject, Verdict};

fn allocations(work: impl FnOnce()) -> u64 {
    allocation_counter::measure(work).count_total
}

fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn the_counter_counts() {
    assert!(allocations(|| drop(std::hint::black_box(vec![1_u8; 10]))) > 0);
}

#[test]
fn checking_a_known_key_allocates_nothing() {
    let sets = [
        vec![Policy::per_minute("auth", 5)],
        vec![Policy::per_minute("api", 1_000)],
        vec![
            Policy::new("log", 100, Duration::from_millis(1)),
            Policy::per_day("small", 128),
            Policy::per_hour("bucket", 100_000).kind(Kind::Gcra).burst(300),
        ],
    ];
    for policies in sets {
        let policies = Policies::new(policies).unwrap();
        let (store, limiter) = (MemoryLimiter::new(), Limiter::in_process());
        let subject = Subject::new("api").principal("usr_17").ip([192, 0, 2, 7].into());
        let check = |verdict: Verdict| u32::from(verdict.is_allowed());
        // The first one keeps the key, and takes the handles of the metrics.
        assert_eq!(check(store.check(&subject, &policies, 1)), 1);
        assert_eq!(check(at_once(limiter.check(&subject, &policies, 1))), 1);
        let (mut passed, mut asked) = (0, 0);
        let counted = allocations(|| {
            for cost in [0, 1, 2, 1_000_000].into_iter().cycle().take(1_000) {
                passed += check(store.check(&subject, &policies, cost));
                passed += check(at_once(limiter.check(&subject, &policies, cost)));
                asked += 2;
            }
        });
        assert_eq!(counted, 0, "{policies:?}");
        assert!(passed > 0 && passed < asked, "{passed} of {asked}");
    }
}

/// What [`MemoryLimiter`] says about its memory: 300 bytes a key, 100 for each further policy, 8 for each unit of a log.
#[test]
fn a_flood_of_keys_takes_no_more_memory_than_is_said() {
    let sets = [
        (vec![Policy::per_hour("api", 1_000)], 300),
        (
            vec![Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)],
            300 + 100 + 8 * 105,
        ),
    ];
    for (policies, each) in sets {
        let policies = Policies::new(policies).unwrap();
        let limiter = MemoryLimiter::builder().max_keys(5_000).build().unwrap();
        let used = allocation_counter::measure(|| {
            for n in 0..15_000 {
                let user = format!("usr_{n:016}");
                let subject = Subject::new("api").principal(&user).ip([192, 0, 2, 7].into());
                assert!(limiter.check(&subject, &policies, 1).is_allowed());
            }
        });
        let keys = u64::try_from(limiter.keys()).unwrap();
        assert!(keys > 4_000);
        assert!(used.bytes_max <= keys * each, "{} a key", used.bytes_max / keys);
    }
}
