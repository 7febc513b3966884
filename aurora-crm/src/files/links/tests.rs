use std::time::Duration;

use aurora_core::id::Id;
use aurora_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use sqlx::types::Uuid;

use super::{FileAction, FileGrant, FileLinkError, FileLinks};
use crate::files::Disposition;

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const OTHER: &str = "fedcba9876543210fedcba9876543210";
const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

fn links() -> FileLinks {
    FileLinks::new("k1", SECRET).unwrap()
}

fn grant() -> FileGrant {
    let (workspace, file) = (Uuid::from_bytes([1; 16]), Uuid::from_bytes([2; 16]));
    FileGrant::download(
        Id::from_uuid(workspace),
        Id::from_uuid(file),
        NOW + Duration::from_secs(3_600),
    )
}

/// Computed apart with Python:
/// `body = b"\1"*16 + b"\2"*16 + bytes([1, 2]) + (1767229200).to_bytes(8, "big")`,
/// `signed = "k1." + urlsafe_b64encode(body).rstrip("=")`,
/// `hmac.new(secret, b"aurora-crm file link 1\0" + signed, "sha256").digest()`.
#[test]
fn a_link_is_what_another_program_computes() {
    let link = links()
        .sign(&grant().disposition(Disposition::Inline), NOW)
        .unwrap();
    assert_eq!(
        link,
        "k1.AQEBAQEBAQEBAQEBAQEBAQICAgICAgICAgICAgICAgIBAgAAAABpVccQ.OW2C7XvUdmJFgASjqSQHs1elZJkcJd4w4LSi5UzF0pA"
    );
    assert_eq!(link.len(), 101 + 2);
}

#[test]
fn a_link_counts_until_its_end_and_no_longer() {
    let links = links();
    let link = links.sign(&grant(), NOW).unwrap();
    let end = grant().expires_at;
    assert_eq!(links.verify(&link, end - Duration::from_micros(1)), Ok(grant()));
    assert_eq!(links.verify(&link, end), Err(FileLinkError::Invalid));
    assert_eq!(
        links.verify(&link, end + Duration::from_secs(86_400)),
        Err(FileLinkError::Invalid)
    );
}

#[test]
fn a_link_lives_from_one_second_to_seven_days() {
    let until = |seconds: i64| FileGrant {
        expires_at: Timestamp::from_secs(NOW.as_secs() + seconds),
        ..grant()
    };
    for seconds in [-86_400, -1, 0, 604_801, i64::from(i32::MAX)] {
        assert_eq!(
            links().sign(&until(seconds), NOW),
            Err(FileLinkError::Lifetime),
            "{seconds}"
        );
    }
    for seconds in [1, 604_800] {
        assert!(links().sign(&until(seconds), NOW).is_ok(), "{seconds}");
    }
}

#[test]
fn a_former_key_still_opens_and_a_foreign_one_does_not() {
    let old = links().sign(&grant(), NOW).unwrap();
    let renewed = FileLinks::new("k2", OTHER).unwrap();
    assert_eq!(renewed.verify(&old, NOW), Err(FileLinkError::Invalid));
    let renewed = renewed.accepting("k1", SECRET).unwrap();
    assert_eq!(renewed.verify(&old, NOW), Ok(grant()));
    assert!(renewed.sign(&grant(), NOW).unwrap().starts_with("k2."));
    // Under the same name, but another secret.
    let foreign = FileLinks::new("k1", OTHER).unwrap().sign(&grant(), NOW).unwrap();
    assert_eq!(renewed.verify(&foreign, NOW), Err(FileLinkError::Invalid));
    // The name of the other key does not make it fit.
    let renamed = old.replacen("k1.", "k2.", 1);
    assert_eq!(renewed.verify(&renamed, NOW), Err(FileLinkError::Invalid));
}

#[test]
fn unusable_keys_are_refused() {
    for (id, secret) in [
        ("k", "short"),
        ("", SECRET),
        ("a.b", SECRET),
        ("seventeen-letters", SECRET),
        ("é", SECRET),
    ] {
        assert_eq!(FileLinks::new(id, secret).err(), Some(FileLinkError::Key), "{id}");
    }
    assert_eq!(links().accepting("k1", OTHER).err(), Some(FileLinkError::Key));
    assert_eq!(links().accepting("k2", "short").err(), Some(FileLinkError::Key));
    assert!(!format!("{:?}", links()).contains(SECRET));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_link_gives_back_what_it_was_made_of(
        workspace: [u8; 16], file: [u8; 16], upload: bool, disposition in 0_u8..3, seconds in 1_i64..=604_800,
    ) {
        let expires_at = Timestamp::from_secs(NOW.as_secs() + seconds);
        let grant = FileGrant {
            workspace: Id::from_uuid(Uuid::from_bytes(workspace)),
            file: Id::from_uuid(Uuid::from_bytes(file)),
            action: if upload { FileAction::Upload } else { FileAction::Download },
            disposition: [None, Some(Disposition::Attachment), Some(Disposition::Inline)][usize::from(disposition)],
            expires_at,
        };
        let link = links().sign(&grant, NOW).unwrap();
        prop_assert_eq!(links().verify(&link, NOW), Ok(grant));
        prop_assert!(link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)));
    }

    /// Each byte of the text, each byte that the text stands for, each length, and anything behind it.
    #[test]
    fn a_changed_link_is_refused(flip in 1_u8.., cut in 0_usize..103, tail in "[A-Za-z0-9_.=-]{1,8}") {
        let links = links().accepting("k0", OTHER).unwrap();
        let link = links.sign(&grant(), NOW).unwrap();
        for at in 0..link.len() {
            let mut bytes = link.clone().into_bytes();
            bytes[at] ^= flip;
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            prop_assert_eq!(links.verify(&changed, NOW), Err(FileLinkError::Invalid), "text byte {}", at);
        }
        let parts: Vec<&str> = link.split('.').collect();
        for part in [1, 2] {
            let plain = URL_SAFE_NO_PAD.decode(parts[part]).unwrap();
            for at in 0..plain.len() {
                let mut plain = plain.clone();
                plain[at] ^= flip;
                let encoded = URL_SAFE_NO_PAD.encode(plain);
                let mut parts = parts.clone();
                parts[part] = &encoded;
                prop_assert_eq!(links.verify(&parts.join("."), NOW), Err(FileLinkError::Invalid));
            }
        }
        prop_assert_eq!(links.verify(link.get(..cut).unwrap(), NOW), Err(FileLinkError::Invalid));
        prop_assert_eq!(links.verify(&format!("{link}{tail}"), NOW), Err(FileLinkError::Invalid));
    }

    #[test]
    fn no_text_is_taken_for_a_link(text in "\\PC{0,200}") {
        prop_assert_eq!(links().verify(&text, NOW), Err(FileLinkError::Invalid));
    }
}
