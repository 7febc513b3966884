//! Bytes as letters: base 32 in two alphabets, base 62, and base64url without padding.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Error, entropy};

/// RFC 4648, which authenticator programs read.
pub(super) const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's: without I, L, O and U, which people mistake.
pub(super) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const BASE_62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Five bits a letter, the highest first; the last letter is filled up with zeros.
pub(super) fn to_base32(alphabet: &[u8; 32], bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(8).div_ceil(5));
    let (mut held, mut bits) = (0_u32, 0_u32);
    let mut put = |value: u32| {
        let letter = alphabet.get((value & 31) as usize).copied().unwrap_or_default();
        text.push(char::from(letter));
    };
    for byte in bytes {
        held = ((held << 8) | u32::from(*byte)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            put(held >> bits);
        }
    }
    if bits > 0 {
        put(held << (5 - bits));
    }
    text
}

/// The bytes of a text of [`to_base32`]; nothing for another letter or for bits that no byte has.
pub(super) fn from_base32(alphabet: &[u8; 32], text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len().saturating_mul(5) / 8);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for letter in text.bytes() {
        let value = alphabet.iter().position(|it| *it == letter)?;
        held = ((held << 5) | u32::try_from(value).ok()?) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xFF).ok()?);
        }
    }
    let rest = held & ((1 << bits) - 1);
    (bits < 5 && rest == 0).then_some(bytes)
}

/// `length` letters, each of the 62 equally likely.
pub(super) fn random_base62(length: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(length);
    while text.len() < length {
        for byte in entropy::random::<32>()? {
            // 248 is the largest multiple of 62 in a byte: what is above would favour the first letters.
            if byte < 248 && text.len() < length {
                let letter = BASE_62.get(usize::from(byte % 62)).copied().unwrap_or_default();
                text.push(char::from(letter));
            }
        }
    }
    Ok(text)
}

/// A number in six letters of base 62, which hold every `u32`.
pub(super) fn six_of_base62(mut number: u32) -> String {
    let mut letters = [b'0'; 6];
    for letter in letters.iter_mut().rev() {
        *letter = BASE_62.get((number % 62) as usize).copied().unwrap_or_default();
        number /= 62;
    }
    letters.iter().map(|letter| char::from(*letter)).collect()
}

pub(super) fn is_base62(text: &str) -> bool {
    text.bytes().all(|letter| letter.is_ascii_alphanumeric())
}

pub(super) fn to_base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Only the one text that [`to_base64url`] gives: no padding, no blanks, no spare bits.
pub(super) fn from_base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base32_is_that_of_rfc_4648() {
        for (bytes, text) in [("", ""), ("f", "MY"), ("fo", "MZXQ"), ("foobar", "MZXW6YTBOI")] {
            assert_eq!(to_base32(RFC_4648, bytes.as_bytes()), text);
            assert_eq!(from_base32(RFC_4648, text).unwrap(), bytes.as_bytes());
        }
        for bad in ["M", "MZ", "mY", "MY=", "M Y", "MZXW6YTBO", "é"] {
            assert_eq!(from_base32(RFC_4648, bad), None, "{bad}");
        }
    }

    #[test]
    fn six_letters_hold_every_number() {
        assert_eq!(six_of_base62(0), "000000");
        assert_eq!(six_of_base62(61), "00000z");
        assert_eq!(six_of_base62(u32::MAX), "4gfFC3");
    }

    #[test]
    fn random_letters_are_of_the_alphabet_and_differ() {
        let (a, b) = (random_base62(22).unwrap(), random_base62(22).unwrap());
        assert_eq!((a.len(), is_base62(&a)), (22, true));
        assert_ne!(a, b);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bytes: Vec<u8>) {
            for alphabet in [RFC_4648, CROCKFORD] {
                let text = to_base32(alphabet, &bytes);
                prop_assert_eq!(from_base32(alphabet, &text), Some(bytes.clone()));
            }
            prop_assert_eq!(from_base64url(&to_base64url(&bytes)), Some(bytes));
        }
    }
}
