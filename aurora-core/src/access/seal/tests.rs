use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::FutureExt as _;
use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::access::{Error, ErrorKind};
use crate::secret::Secret;
use crate::time::ManualClock;

fn place() -> Place {
    Place::new("second_factor", "wsp_1", "usr_1", "secret")
}

fn now<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("local keys answer at once")
}

#[test]
fn what_is_sealed_opens_in_its_place_alone() {
    let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
    let sealed = now(sealer.seal(&place(), b"canary")).unwrap();
    assert_eq!(now(sealer.open(&place(), &sealed)).unwrap().as_slice(), b"canary");
    for elsewhere in [
        Place::new("second_facto", "rwsp_1", "usr_1", "secret"),
        Place::new("second_factor", "wsp_2", "usr_1", "secret"),
        Place::new("second_factor", "wsp_1", "usr_2", "secret"),
        Place::new("second_factor", "wsp_1", "usr_1", "secret2"),
        Place::new("second_factor", "wsp_1usr_1", "", "secret"),
    ] {
        let error = now(sealer.open(&elsewhere, &sealed)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Corrupt, "{elsewhere:?}");
        assert!(now(sealer.rewrap(&elsewhere, &sealed)).is_err());
    }
    let shown = format!(
        "{sealer:?} {sealed:?} {:?}",
        now(sealer.open_text(&place(), &sealed))
    );
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn two_seals_of_one_text_have_nothing_in_common() {
    let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
    let (a, b) = (
        now(sealer.seal(&place(), b"same")),
        now(sealer.seal(&place(), b"same")),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_ne!(a.message, b.message);
    assert_ne!(a.wrapped, b.wrapped);
}

#[test]
fn a_new_key_wraps_anew_and_leaves_the_record() {
    let old = LocalKeys::generate("k1").unwrap();
    let sealed = now(Sealer::new(old.clone()).seal(&place(), b"text")).unwrap();
    let both = Sealer::new(LocalKeys::generate("k2").unwrap().also(&old).unwrap());
    assert!(both.needs_rotation(&sealed));
    let new = now(both.rewrap(&place(), &sealed)).unwrap();
    assert_eq!((new.key(), new.message == sealed.message), ("k2", true));
    assert!(!both.needs_rotation(&new));
    assert_eq!(now(both.open(&place(), &new)).unwrap().as_slice(), b"text");

    let error = now(Sealer::new(old).open(&place(), &new)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "without the new key");
}

/// The name of the key is part of what is authenticated: the same key under another name opens nothing.
#[test]
fn a_key_under_another_name_does_not_unwrap() {
    let text = |name: &str| Secret::new(format!("{name}={}", STANDARD.encode([7; 32])));
    let sealed = now(Sealer::new(LocalKeys::parse(&text("k1")).unwrap()).seal(&place(), b"text")).unwrap();
    let renamed = Sealed {
        key: "k2".to_owned(),
        ..sealed
    };
    let other = Sealer::new(LocalKeys::parse(&text("k2")).unwrap());
    assert!(now(other.open(&place(), &renamed)).is_err());
}

/// A record that does not open must not be wrapped anew: the loss would show when the old key is gone.
#[test]
fn a_damaged_record_is_not_wrapped_anew() {
    let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
    let mut sealed = now(sealer.seal(&place(), b"text")).unwrap();
    sealed.message[20] ^= 1;
    let error = now(sealer.rewrap(&place(), &sealed)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt);
}

#[test]
fn a_secret_has_at_most_a_mebibyte() {
    let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
    let most = vec![7; 1 << 20];
    let sealed = now(sealer.seal(&place(), &most)).unwrap();
    let read: Sealed = sealed.to_string().parse().unwrap();
    assert_eq!(now(sealer.open(&place(), &read)).unwrap().as_slice(), most);
    let error = now(sealer.seal(&place(), &vec![7; (1 << 20) + 1])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!("aurs1.".parse::<Sealed>().is_err());
    assert!(
        format!("aurs1.{}", "A".repeat(3 << 20))
            .parse::<Sealed>()
            .is_err()
    );
}

#[test]
fn keys_are_read_from_a_text_and_the_first_one_wraps() {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let text = format!(
        "# the system's keys\nk2={}\nk1={}, k0={}\n",
        key(2),
        key(1),
        key(0)
    );
    let keys = LocalKeys::parse(&Secret::new(text)).unwrap();
    assert_eq!(keys.current(), "k2");
    assert_eq!(
        format!("{keys:?}"),
        "LocalKeys { current: \"k2\", names: [\"k0\", \"k1\", \"k2\"], .. }"
    );
    for bad in [
        String::new(),
        "# nothing".to_owned(),
        key(1),
        format!("k1={}x", key(1)),
        format!("k1={}", STANDARD.encode([1; 31])),
        format!("k 1={}", key(1)),
        format!("k1={},k1={}", key(1), key(2)),
    ] {
        let error = LocalKeys::parse(&Secret::new(bad.clone())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
        assert!(!error.to_string().contains(&key(1)), "{error}");
    }
}

#[test]
fn keys_are_read_from_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    std::fs::write(&path, format!("k1={}\n", STANDARD.encode([1; 32]))).unwrap();
    assert_eq!(LocalKeys::from_file(&path).unwrap().current(), "k1");
    for bad in [folder.path().join("none"), folder.path().to_owned()] {
        assert_eq!(LocalKeys::from_file(bad).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

/// A keeper of keys that never answers.
#[derive(Debug)]
struct Silent;

#[async_trait]
impl KeyProvider for Silent {
    fn current(&self) -> &str {
        "k1"
    }

    async fn wrap(&self, _: &str, _: &DataKey, _: &[u8]) -> Result<Vec<u8>, Error> {
        std::future::pending().await
    }

    async fn unwrap(&self, _: &str, _: &[u8], _: &[u8]) -> Result<DataKey, Error> {
        std::future::pending().await
    }
}

#[test]
fn a_keeper_that_does_not_answer_is_unavailable_after_the_limit() {
    let clock = ManualClock::default();
    let sealer = Sealer::new(Silent)
        .limit(Duration::from_secs(2))
        .clock(clock.clone());
    let place = place();
    let mut sealing = Box::pin(sealer.seal(&place, b"text"));
    assert!(sealing.as_mut().now_or_never().is_none());
    clock.advance(Duration::from_secs(1));
    assert!(sealing.as_mut().now_or_never().is_none());
    clock.advance(Duration::from_secs(1));
    let error = now(sealing).unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable()),
        (ErrorKind::Unavailable, true)
    );
    assert_eq!(clock.sleepers(), 0);
}

/// NIST's test cases 13 to 16 of the GCM specification: 256-bit keys.
#[test]
fn the_cipher_is_aes_256_gcm() {
    fn hex(text: &str) -> Vec<u8> {
        let digits = text.as_bytes().chunks(2);
        digits
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }
    let key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    let text = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
                b16aedf5aa0de657ba637b391aafd255";
    let sealed = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838\
                  c5f61e6393ba7a0abcc9f662898015ad";
    let zero = "00000000000000000000000000000000";
    let nonce_of_zeros = "000000000000000000000000";
    let (short_text, _) = text.split_at(120);
    let (short_sealed, _) = sealed.split_at(120);
    let rows = [
        (
            zero.repeat(2),
            nonce_of_zeros,
            String::new(),
            "",
            "",
            "530f8afbc74536b9a963b4f1c4cb738b",
        ),
        (
            zero.repeat(2),
            nonce_of_zeros,
            zero.to_owned(),
            "",
            "cea7403d4d606b6e074ec5d3baf39d18",
            "d0d1c8a799996bf0265b98b5d48ab919",
        ),
        (
            key.to_owned(),
            "cafebabefacedbaddecaf888",
            text.to_owned(),
            "",
            sealed,
            "b094dac5d93471bdec1a502270e3cc6c",
        ),
        (
            key.to_owned(),
            "cafebabefacedbaddecaf888",
            short_text.to_owned(),
            "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            short_sealed,
            "76fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ];
    for (key, nonce, text, aad, sealed, tag) in rows {
        let key: [u8; 32] = hex(&key).try_into().unwrap();
        let nonce: [u8; 12] = hex(nonce).try_into().unwrap();
        let message = cipher::encrypt_with(&key, nonce, &hex(aad), &hex(&text)).unwrap();
        assert_eq!(message, [nonce.to_vec(), hex(sealed), hex(tag)].concat());
        let opened = cipher::decrypt(&key, &hex(aad), &message).unwrap();
        assert_eq!(opened.as_slice(), hex(&text));
    }
}

proptest! {
    #[test]
    fn what_is_stored_is_read_back(text: Vec<u8>) {
        let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
        let sealed = now(sealer.seal(&place(), &text)).unwrap();
        let from_text: Sealed = sealed.to_string().parse().unwrap();
        prop_assert_eq!(&from_text, &sealed);
        prop_assert_eq!(&Sealed::from_bytes(&sealed.to_bytes()).unwrap(), &sealed);
        prop_assert_eq!(now(sealer.open(&place(), &from_text)).unwrap(), Zeroizing::new(text));
    }

    #[test]
    fn one_changed_bit_opens_nothing(text: Vec<u8>, at: prop::sample::Index, bit in 0_u8..8) {
        let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
        let mut bytes = now(sealer.seal(&place(), &text)).unwrap().to_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        if let Ok(sealed) = Sealed::from_bytes(&bytes) {
            prop_assert!(now(sealer.open(&place(), &sealed)).is_err());
        }
    }

    #[test]
    fn a_cut_secret_opens_nothing(length in 0_usize..120) {
        let sealer = Sealer::new(LocalKeys::generate("k1").unwrap());
        let mut bytes = now(sealer.seal(&place(), b"text")).unwrap().to_bytes();
        prop_assume!(length < bytes.len());
        bytes.truncate(length);
        if let Ok(sealed) = Sealed::from_bytes(&bytes) {
            prop_assert!(now(sealer.open(&place(), &sealed)).is_err());
        }
    }
}
