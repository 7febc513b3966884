use std::time::Duration;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);
const HOUR: Duration = Duration::from_secs(3_600);
const SECRET: &str = "correct horse battery staple, 32+ bytes";
const OTHER: &str = "another secret that is long enough, too";

fn links() -> AckLinks {
    AckLinks::new("https://app.example.com/ack", SECRET).unwrap()
}

fn token(url: &str) -> &str {
    url.split_once("token=").unwrap().1
}

fn subjects() -> [AckSubject; 3] {
    [
        AckSubject::Alerts(vec![Fingerprint::from_u64(1), Fingerprint::from_u64(u64::MAX)]),
        AckSubject::Group("ops/{zone=\"ação\"}".to_owned()),
        AckSubject::Alerts(Vec::new()),
    ]
}

#[test]
fn what_was_signed_is_read_back_until_it_expires() {
    for subject in subjects() {
        let url = links().sign(&subject, NOW + HOUR).unwrap();
        let read = links().verify(token(&url), NOW).unwrap();
        assert_eq!((read.subject, read.expires_at), (subject, NOW + HOUR));
        let last = NOW + HOUR - Duration::from_micros(1);
        assert!(links().verify(token(&url), last).is_ok());
        assert!(links().verify(token(&url), NOW + HOUR).is_err());
    }
}

#[test]
fn the_token_is_the_one_that_the_description_gives() {
    // Computed apart with Python: hmac.new(secret, b"aurora-alerts acknowledge\0" + payload, "sha256") over
    // payload = b"\x01" + (1767229200).to_bytes(8, "big") + b"\x01" + (0xcbf29ce484222325).to_bytes(8, "big").
    let alert = Fingerprint::from_u64(0xcbf2_9ce4_8422_2325);
    let url = links()
        .sign(&AckSubject::Alerts(vec![alert]), NOW + HOUR)
        .unwrap();
    assert_eq!(
        url,
        "https://app.example.com/ack?token=AQAAAABpVccQAcvynOSEIiMlLttDjVC7smcDujkpHN1GB0oGgY0XDW9hqAvX8JTSE9M"
    );
}

#[test]
fn a_change_of_any_byte_or_length_makes_it_invalid() {
    let url = links().sign(&subjects()[0], NOW + HOUR).unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(token(&url)).unwrap();
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[index] ^= 1 << bit;
            let changed = URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(
                links().verify(&changed, NOW),
                Err(InvalidAckToken),
                "byte {index}"
            );
        }
        let cut = URL_SAFE_NO_PAD.encode(&bytes[..index]);
        assert_eq!(links().verify(&cut, NOW), Err(InvalidAckToken), "cut at {index}");
    }
    for odd in [
        "",
        "%%%",
        "====",
        &format!("{}A", token(&url)),
        &"A".repeat(100_000),
    ] {
        assert_eq!(links().verify(odd, NOW), Err(InvalidAckToken));
    }
}

#[test]
fn a_former_secret_is_taken_only_where_it_is_named() {
    let subject = AckSubject::Group("g".to_owned());
    let old = links().sign(&subject, NOW + HOUR).unwrap();
    let renewed = AckLinks::new("https://app.example.com/ack", OTHER).unwrap();
    assert!(renewed.verify(token(&old), NOW).is_err());
    let both = renewed.accepting(SECRET).unwrap();
    assert!(both.verify(token(&old), NOW).is_ok());
    let new = both.sign(&subject, NOW + HOUR).unwrap();
    assert!(
        links().verify(token(&new), NOW).is_err(),
        "signed with the present secret"
    );
}

#[test]
fn links_stay_short_enough_to_be_followed() {
    let alerts = |count| AckSubject::Alerts(vec![Fingerprint::from_u64(7); count]);
    let longest = links().sign(&alerts(125), NOW + HOUR).unwrap();
    assert!(longest.len() < 2_000 && links().verify(token(&longest), NOW).is_ok());
    assert_eq!(links().sign(&alerts(126), NOW + HOUR), None);
    assert_eq!(
        links().sign(&AckSubject::Group("g".repeat(1_001)), NOW + HOUR),
        None
    );
}

#[test]
fn an_address_with_a_query_is_continued_and_a_wrong_one_is_refused_without_secrets() {
    let links = AckLinks::new("http://localhost:1/ack?tenant=a", SECRET).unwrap();
    let url = links.sign(&subjects()[2], NOW).unwrap();
    assert!(url.starts_with("http://localhost:1/ack?tenant=a&token="));
    assert!(!format!("{links:?}").contains("horse"));
    for bad in [
        "",
        "ftp://a",
        "https://",
        "https:///a",
        "https://a/#b",
        "https://a b",
        "javascript:alert(1)",
    ] {
        let error = AckLinks::new(bad, "short").unwrap_err();
        assert_eq!(error.problems().len(), 2, "{bad}: {error}");
        assert!(!error.to_string().contains("\"short\""));
    }
    assert!(
        AckLinks::new("https://a", SECRET)
            .unwrap()
            .accepting("short")
            .is_err()
    );
}
