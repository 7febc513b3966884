//! Four processes share one limit.
//!
//! The test runs itself as children, which ask as fast as they can, and print the time, by the clock of Redis, of all
//! that pass.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::redis::Redis;
use crate::resilience::limiter::{Kind, Policies, Policy, RateLimiter as _, RedisLimiter, Subject};
use crate::secret::Secret;
use crate::testing::{self, provided};

const PREFIX: &str = "AURORA_LIMITER_TEST_PREFIX";
const PROCESSES: usize = 4;
const REQUESTS: usize = 2_500;
const PERIOD: Duration = Duration::from_millis(400);
const LOG: u32 = 100;
const BUCKET: u32 = 200;
const BURST: u32 = 60;

fn shared() -> [(Subject, Policies); 2] {
    let policies = |policy| Policies::new([policy]).unwrap();
    [
        (Subject::new("log"), policies(Policy::new("p", LOG, PERIOD))),
        (
            Subject::new("bucket"),
            policies(Policy::new("p", BUCKET, PERIOD).kind(Kind::Gcra).burst(BURST)),
        ),
    ]
}

#[tokio::test]
async fn four_processes_pass_no_more_than_one() {
    let Some(redis) = testing::redis().await else {
        return;
    };
    let children: Vec<_> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "--ignored", "--nocapture"])
                .arg("resilience::limiter::tests::redis::processes::child_asks_as_fast_as_it_can")
                .env(PREFIX, redis.prefix())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut passed = [Vec::new(), Vec::new()];
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout)
        );
        let mut own = 0;
        for line in String::from_utf8(output.stdout).unwrap().lines() {
            if let Some((which, at)) = line.strip_prefix("passed ").and_then(|line| line.split_once(' ')) {
                passed[which.parse::<usize>().unwrap()].push(at.parse::<u64>().unwrap());
                own += 1;
            }
        }
        assert!(own > 0, "each has its part");
    }
    let [mut log, mut bucket] = passed;
    log.sort_unstable();
    bucket.sort_unstable();
    let period = u64::try_from(PERIOD.as_micros()).unwrap();
    let most = usize::try_from(LOG).unwrap();
    // The one after a full window comes a whole period after the first of it.
    assert!(log.len() > most, "more than one window was filled: {}", log.len());
    for window in log.windows(most + 1) {
        assert!(
            window[most] - window[0] >= period,
            "{} in less than a period",
            most + 1
        );
    }
    let unit = period / u64::from(BUCKET);
    assert!(bucket.len() > usize::try_from(BURST).unwrap());
    for (first, start) in bucket.iter().enumerate() {
        for (last, end) in bucket.iter().enumerate().skip(first) {
            let units = u64::try_from(last - first + 1).unwrap();
            assert!(
                units <= u64::from(BURST) + (end - start + 1) / unit,
                "{units} in {}",
                end - start
            );
        }
    }
}

/// Not a test of its own: a child process of the test above.
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do"
)]
#[tokio::test]
#[ignore = "started by four_processes_pass_no_more_than_one"]
async fn child_asks_as_fast_as_it_can() {
    let url = provided("redis", "AURORA_TEST_REDIS_URL").unwrap();
    let redis = Redis::builder(&Secret::new(url))
        .prefix(std::env::var(PREFIX).unwrap())
        .command_timeout(Duration::from_secs(10))
        .connect()
        .await
        .unwrap();
    let store = RedisLimiter::new(&redis);
    println!();
    for _ in 0..REQUESTS {
        for (which, (subject, policies)) in shared().iter().enumerate() {
            let verdict = store.check(subject, policies, 1).await.unwrap();
            if let Some(taken) = verdict.taken()[0] {
                println!("passed {which} {}", taken.at);
            }
        }
    }
}
