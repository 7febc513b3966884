use super::*;

#[test]
fn limits_out_of_their_range_are_told() {
    let fine = Limits::default()
        .requests_per_minute(1)
        .tokens_per_minute(60_000_000)
        .concurrency(1);
    assert_eq!(fine.problem(), None);
    for wrong in [
        Limits::default().requests_per_minute(0),
        Limits::default().tokens_per_minute(60_000_001),
        Limits::default().concurrency(0),
    ] {
        assert!(wrong.problem().is_some(), "{wrong:?}");
    }
}

#[test]
fn a_limit_without_anything_left_lets_the_key_rest_but_not_for_long() {
    let head = |status: u16, pairs: &[(&'static str, &'static str)]| {
        let headers = pairs.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                http::HeaderValue::from_static(value),
            )
        });
        ResponseHead::new(status, headers.collect())
    };
    let now = Timestamp::UNIX_EPOCH;
    let empty = [
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ];
    assert_eq!(learned(&head(200, &empty), now), Some(LONGEST_REST));
    assert_eq!(learned(&head(429, &empty), now), Some(LONGEST_REST));
    let told = [empty[0], empty[1], ("retry-after", "2")];
    assert_eq!(
        learned(&head(429, &told), now),
        None,
        "it said itself for how long"
    );
    assert_eq!(
        learned(
            &head(200, &[("x-ratelimit-remaining-tokens", "1"), empty[1]]),
            now
        ),
        None
    );
}
