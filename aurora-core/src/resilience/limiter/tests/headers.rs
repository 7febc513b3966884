//! The header fields, byte by byte.

use super::{one, secs};
use crate::resilience::limiter::{Headers, MemoryLimiter, Policies, Policy, Subject};
use crate::time::ManualClock;

#[test]
fn a_refusal_says_when_to_come_again() {
    let clock = ManualClock::default();
    let limiter = MemoryLimiter::builder().clock(clock.clone()).build().unwrap();
    let auth = Policies::new([Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)]).unwrap();
    let who = Subject::new("login");
    assert!(limiter.check(&who, &auth, 5).is_allowed());
    clock.advance(secs(22) + std::time::Duration::from_micros(500_001));
    let fields: Vec<_> = Headers::of(&limiter.check(&who, &auth, 1))
        .unwrap()
        .fields()
        .collect();
    let expected = [
        ("RateLimit-Policy", r#""auth";q=5;w=60, "auth-h";q=100;w=3600"#),
        ("RateLimit", r#""auth";r=0;t=38"#),
        ("Retry-After", "38"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name, value.to_owned())));
    // Who comes back then is not refused again.
    clock.advance(secs(38));
    assert!(limiter.check(&who, &auth, 1).is_allowed());
}

#[test]
fn names_are_escaped_and_shadow_policies_are_not_told() {
    let policies = Policies::new([
        Policy::per_second(r#"a "b" \c"#, 10),
        Policy::per_second("trial", 1).shadow(),
    ])
    .unwrap();
    let headers = Headers::of(&MemoryLimiter::new().check(&Subject::new("s"), &policies, 4)).unwrap();
    assert_eq!(headers.policy, r#""a \"b\" \\c";q=10;w=1"#);
    assert_eq!(headers.limit, r#""a \"b\" \\c";r=6;t=1"#);
    let shadow = one(Policy::per_second("trial", 1).shadow());
    assert_eq!(
        Headers::of(&MemoryLimiter::new().check(&Subject::new("s"), &shadow, 4)),
        None
    );
}

#[test]
fn what_never_passes_is_not_asked_to_come_again() {
    let verdict = MemoryLimiter::new().check(&Subject::new("s"), &one(Policy::per_minute("p", 5)), 6);
    let headers = Headers::of(&verdict).unwrap();
    assert_eq!(
        (headers.limit.as_str(), headers.retry_after),
        (r#""p";r=5;t=0"#, None)
    );
}
