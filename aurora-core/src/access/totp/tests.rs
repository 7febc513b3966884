use std::sync::atomic::AtomicUsize;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
const TWENTY: &[u8] = b"12345678901234567890";
const THIRTY_TWO: &[u8] = b"12345678901234567890123456789012";
const SIXTY_FOUR: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

fn secret(bytes: &[u8]) -> TotpSecret {
    TotpSecret::from_bytes(bytes).unwrap()
}

/// RFC 4226, appendix D.
#[test]
fn the_counter_codes_are_those_of_rfc_4226() {
    let expected = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
    ];
    for (counter, code) in (0_u64..).zip(expected) {
        assert_eq!(Totp::default().hotp(&secret(TWENTY), counter), code, "{counter}");
    }
}

/// RFC 6238, appendix B, with the keys of the errata: each as long as its digest.
#[test]
fn the_time_codes_are_those_of_rfc_6238() {
    let rows = [
        (59, ["94287082", "46119246", "90693936"]),
        (1_111_111_109, ["07081804", "68084774", "25091201"]),
        (1_111_111_111, ["14050471", "67062674", "99943326"]),
        (1_234_567_890, ["89005924", "91819424", "93441116"]),
        (2_000_000_000, ["69279037", "90698825", "38618901"]),
        (20_000_000_000, ["65353130", "77737706", "47863826"]),
    ];
    let kinds = [
        (Digest::Sha1, TWENTY),
        (Digest::Sha256, THIRTY_TWO),
        (Digest::Sha512, SIXTY_FOUR),
    ];
    for (seconds, codes) in rows {
        for ((digest, key), code) in kinds.into_iter().zip(codes) {
            let totp = Totp::new(8, Duration::from_secs(30), 1, digest).unwrap();
            let now = Timestamp::from_secs(seconds);
            assert_eq!(
                totp.code(&secret(key), now).expose(),
                code,
                "{digest:?} at {seconds}"
            );
            let step = u64::try_from(seconds).unwrap() / 30;
            assert_eq!(totp.matching_step(&secret(key), code, now), Some(step));
        }
    }
}

#[test]
fn a_code_is_good_for_its_step_and_the_ones_beside_it() {
    let (totp, secret) = (Totp::default(), secret(TWENTY));
    let code = totp.code(&secret, NOW);
    let step = 60_000_000;
    for (seconds, expected) in [
        (-61, None),
        (-31, None),
        (-30, Some(step)),
        (0, Some(step)),
        (59, Some(step)),
        (60, None),
        (61, None),
    ] {
        let at = Timestamp::from_secs(1_800_000_000 + seconds);
        assert_eq!(
            totp.matching_step(&secret, code.expose(), at),
            expected,
            "{seconds}"
        );
    }
}

#[test]
fn ascii_digits_alone_are_read() {
    let (totp, secret) = (Totp::default(), secret(TWENTY));
    let code = totp.code(&secret, NOW).expose().to_owned();
    let accepted = |text: &str| totp.matching_step(&secret, text, NOW).is_some();
    assert!(accepted(&code));
    assert!(accepted(&format!(" {code}\r\n")), "blanks around it");
    let other_digits = |zero: u32| -> String {
        let shifted = code.chars().map(|it| zero + it.to_digit(10).unwrap());
        shifted.map(|it| char::from_u32(it).unwrap()).collect()
    };
    let (arabic, wide) = (other_digits(0x660), other_digits(0xFF10));
    let (head, tail) = code.split_at(3);
    let (_, short) = code.split_at(1);
    for bad in [
        arabic,
        wide,
        format!("{head} {tail}"),
        format!("{head}-{tail}"),
        format!("0{code}"),
        format!("+{short}"),
        format!("{code}\u{a0}"),
        short.to_owned(),
        String::new(),
    ] {
        assert!(!accepted(&bad), "{bad:?}");
    }
}

/// F43: of a hundred parallel uses of one code exactly one is accepted.
#[test]
fn a_code_is_accepted_once_among_a_hundred_at_the_same_time() {
    let (totp, secret) = (Totp::default(), secret(TWENTY));
    let code = totp.code(&secret, NOW);
    for _ in 0..20 {
        let (last, accepted) = (LastStep::default(), AtomicUsize::new(0));
        let start = std::sync::Barrier::new(100);
        std::thread::scope(|scope| {
            for _ in 0..100 {
                scope.spawn(|| {
                    start.wait();
                    let step = totp.matching_step(&secret, code.expose(), NOW).unwrap();
                    if last.advance(step) {
                        accepted.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(accepted.load(Ordering::Relaxed), 1);
    }
}

#[test]
fn a_spent_step_takes_the_earlier_ones_with_it() {
    let last = LastStep::default();
    assert!(last.advance(10));
    assert!(!last.advance(10) && !last.advance(9));
    assert!(last.advance(11));
}

#[test]
fn what_is_scanned_names_issuer_and_account() {
    let uri = Totp::default().uri(&secret(TWENTY), "Clínica A&B", "ana@example.com");
    assert_eq!(
        uri.expose(),
        "otpauth://totp/Cl%C3%ADnica%20A%26B:ana%40example.com?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
         &issuer=Cl%C3%ADnica%20A%26B&algorithm=SHA1&digits=6&period=30"
    );
    assert!(!format!("{:?} {uri:?}", secret(TWENTY)).contains("GEZD"));
}

#[test]
fn settings_have_their_limits() {
    let thirty = Duration::from_secs(30);
    assert!(Totp::new(5, thirty, 1, Digest::Sha1).is_err());
    assert!(Totp::new(9, thirty, 1, Digest::Sha1).is_err());
    assert!(Totp::new(6, Duration::from_millis(30_500), 1, Digest::Sha1).is_err());
    assert!(Totp::new(6, Duration::ZERO, 1, Digest::Sha1).is_err());
    assert!(Totp::new(6, thirty, 3, Digest::Sha1).is_err());
    assert!(TotpSecret::from_bytes([0; 15]).is_err());
    assert_eq!(TotpSecret::generate().unwrap().expose().len(), 20);
}

proptest! {
    #[test]
    fn a_secret_that_was_typed_is_the_one_that_was_shown(bytes in prop::collection::vec(any::<u8>(), 16..=64)) {
        let secret = secret(&bytes);
        let shown = secret.base32();
        let typed = TotpSecret::from_base32(&format!("{} ==", shown.expose().to_lowercase())).unwrap();
        prop_assert_eq!(typed.expose(), secret.expose());
    }

    #[test]
    fn a_wrong_code_is_refused(code in "[0-9]{6}") {
        let (totp, secret) = (Totp::default(), secret(TWENTY));
        let valid: Vec<_> = (-1..=1)
            .map(|step| totp.code(&secret, Timestamp::from_secs(1_800_000_000 + 30 * step)))
            .collect();
        prop_assume!(valid.iter().all(|it| it.expose() != code));
        prop_assert_eq!(totp.matching_step(&secret, &code, NOW), None);
    }
}
