//! AES-256-GCM over whole messages: nonce, ciphertext, tag.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::super::{Error, entropy};

/// What a message is longer than its text.
pub(super) const OVERHEAD: usize = NONCE_LEN + 16;

pub(in crate::access) fn encrypt(key: &[u8; 32], aad: &[u8], text: &[u8]) -> Result<Vec<u8>, Error> {
    encrypt_with(key, entropy::random::<NONCE_LEN>()?, aad, text)
}

pub(in crate::access) fn encrypt_with(
    key: &[u8; 32],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    text: &[u8],
) -> Result<Vec<u8>, Error> {
    let failed = |_| Error::internal("a secret could not be sealed");
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).map_err(failed)?);
    let mut sealed = Vec::with_capacity(text.len() + OVERHEAD);
    sealed.extend_from_slice(text);
    cipher
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut sealed)
        .map_err(failed)?;
    let mut message = nonce.to_vec();
    message.append(&mut sealed);
    Ok(message)
}

/// The text of a message; nothing when key, additional data or a single bit is another.
pub(in crate::access) fn decrypt(key: &[u8; 32], aad: &[u8], message: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = message.split_at_checked(NONCE_LEN)?;
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let mut text = Zeroizing::new(sealed.to_vec());
    let length = cipher
        .open_in_place(
            Nonce::try_assume_unique_for_key(nonce).ok()?,
            Aad::from(aad),
            &mut text,
        )
        .ok()?
        .len();
    text.truncate(length);
    Some(text)
}
