use proptest::prelude::*;

use super::*;

struct Session;
impl IdKind for Session {
    const PREFIX: &'static str = "ses";
}

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn session() -> Id<Session> {
    Id::from_uuid(Uuid::from_u128(0x0190_a8b0_c0de_7000_8000_0000_0000_000a))
}

fn key() -> RefreshKey {
    RefreshKey::from_bytes([7; 32])
}

fn genuine(counter: u64) -> Genuine {
    let token = encode(session(), counter, &key());
    Presented::parse(token.expose())
        .unwrap()
        .authenticate(&key())
        .unwrap()
}

fn after(seconds: u64, behind: u64, reuse: Reuse) -> Decision {
    let state = SessionState {
        counter: 10,
        refreshed_at: NOW,
    };
    decide(
        reuse,
        state,
        genuine(10 - behind),
        NOW + Duration::from_secs(seconds),
    )
}

#[test]
fn the_newest_token_moves_the_session_on_at_any_time() {
    for seconds in [0, 29, 31, 86_400] {
        assert_eq!(
            after(seconds, 0, Reuse::default()),
            Decision::Rotate { counter: 11 }
        );
    }
}

#[test]
fn an_older_token_gets_the_newest_within_the_interval_and_ends_the_session_after_it() {
    for behind in [1, 2, 9] {
        let repeat = Decision::Repeat { counter: 10 };
        assert_eq!(after(30, behind, Reuse::default()), repeat);
        assert_eq!(after(31, behind, Reuse::default()), Decision::Reused, "{behind}");
    }
}

#[test]
fn the_previous_token_is_met_leniently_only_where_that_was_asked_for() {
    let lenient = Reuse {
        lenient_previous: true,
        ..Reuse::default()
    };
    assert_eq!(after(86_400, 1, lenient), Decision::Repeat { counter: 10 });
    assert_eq!(after(86_400, 2, lenient), Decision::Reused);
}

#[test]
fn a_counter_from_the_future_is_forged() {
    let state = SessionState {
        counter: 10,
        refreshed_at: NOW,
    };
    assert_eq!(
        decide(Reuse::default(), state, genuine(11), NOW),
        Decision::Forged
    );
}

#[test]
fn a_clock_set_back_does_not_keep_the_interval_open() {
    let state = SessionState {
        counter: 10,
        refreshed_at: NOW + Duration::from_secs(3_600),
    };
    assert_eq!(decide(Reuse::default(), state, genuine(9), NOW), Decision::Reused);
}

#[test]
fn a_counter_that_cannot_grow_ends_the_session() {
    let state = SessionState {
        counter: u64::MAX,
        refreshed_at: NOW,
    };
    assert_eq!(
        decide(Reuse::default(), state, genuine(u64::MAX), NOW),
        Decision::Reused
    );
}

/// Of 100 refreshes at once, one moves the session on and 99 get the very same token.
#[test]
fn a_hundred_refreshes_of_one_token_get_one_answer() {
    let mut state = SessionState {
        counter: 4,
        refreshed_at: NOW,
    };
    let mut rotations = 0;
    let answers: std::collections::BTreeSet<String> = (0..100)
        .map(|_| {
            let counter = match decide(Reuse::default(), state, genuine(4), NOW) {
                Decision::Rotate { counter } => {
                    rotations += 1;
                    state = SessionState {
                        counter,
                        refreshed_at: NOW,
                    };
                    counter
                }
                Decision::Repeat { counter } => counter,
                other => panic!("{other:?}"),
            };
            encode(session(), counter, &key()).expose().to_owned()
        })
        .collect();
    assert_eq!((rotations, answers.len()), (1, 1));
}

#[test]
fn another_key_has_not_signed_it() {
    let token = encode(session(), 3, &key());
    let presented = Presented::parse(token.expose()).unwrap();
    assert_eq!(presented.authenticate(&RefreshKey::from_bytes([8; 32])), None);
}

/// A token that is changed and given a checksum that fits is well formed, and still not ours.
#[test]
fn a_checksum_proves_nothing() {
    let mut bytes = from_base64url(encode(session(), 3, &key()).expose()).unwrap();
    bytes.truncate(bytes.len() - CHECKSUM);
    bytes[17] = 4; // the counter
    let checksum = entropy::sha256(&[&bytes]);
    bytes.extend(&checksum[..CHECKSUM]);
    let presented = Presented::parse(&to_base64url(&bytes)).unwrap();
    assert_eq!(presented.authenticate(&key()), None);
}

#[test]
fn longer_forms_of_a_counter_are_refused() {
    assert_eq!(read_uvarint(&[0x80, 0x00]), None);
    assert_eq!(read_uvarint(&[0x81]), None);
    assert_eq!(read_uvarint(&[]), None);
    assert_eq!(
        read_uvarint(&[0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02]),
        None
    );
}

#[test]
fn nothing_of_it_shows() {
    let shown = format!(
        "{:?} {:?} {:?}",
        encode(session(), 3, &key()),
        Presented::parse(encode(session(), 3, &key()).expose()).unwrap(),
        RefreshKey::from_bytes([7; 32]),
    );
    assert_eq!(shown, "[redacted] Presented { .. } RefreshKey([redacted])");
}

proptest! {
    #[test]
    fn what_is_encoded_is_read_back(counter: u64) {
        let token = encode(session(), counter, &key());
        prop_assert!(token.expose().len() <= LONGEST);
        let presented = Presented::parse(token.expose()).unwrap();
        prop_assert_eq!(presented.session::<Session>(), session());
        prop_assert_eq!(presented.authenticate(&key()).unwrap().counter, counter);
    }

    #[test]
    fn a_token_with_one_changed_byte_is_not_ours(counter: u64, at: prop::sample::Index, mask in 1_u8..) {
        let mut bytes = from_base64url(encode(session(), counter, &key()).expose()).unwrap();
        let at = at.index(bytes.len());
        bytes[at] ^= mask;
        prop_assert!(Presented::parse(&to_base64url(&bytes)).is_none());
    }

    #[test]
    fn any_text_is_refused_quietly(text in "\\PC{0,80}") {
        prop_assert!(Presented::parse(&text).is_none());
    }
}
