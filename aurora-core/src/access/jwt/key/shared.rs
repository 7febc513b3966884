//! Secrets that this side and the other share.

use super::super::super::Error;

/// Finds what was written by hand. The measure is the order-0 entropy of the bytes, which a random text of 32
/// characters exceeds also when they are hexadecimal digits.
pub(super) fn check(secret: &[u8]) -> Result<(), Error> {
    if secret.len() < 32 {
        return Err(Error::invalid("the secret of HS256 has at least 32 bytes"));
    }
    let mut counts = [0_u32; 256];
    for byte in secret {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = secret.len() as f64;
    let used = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count));
    let bits: f64 = used.map(|count| count * (length / count).log2()).sum();
    let next_to = |pair: &[u8]| matches!(pair, [a, b] if a.abs_diff(*b) <= 1);
    let steps = secret.windows(2).filter(|pair| next_to(pair)).count();
    let repeats = |period: usize| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b);
    let lower = secret.to_ascii_lowercase();
    let placeholder = [
        "changeme",
        "change-me",
        "change_me",
        "secret",
        "password",
        "example",
        "your-",
        "your_",
    ]
    .iter()
    .any(|word| lower.windows(word.len()).any(|it| it == word.as_bytes()));
    if bits < 80.0 || steps * 2 > secret.len() || (1..=secret.len() / 2).any(repeats) || placeholder {
        return Err(Error::invalid(
            "the secret of HS256 looks written by hand: draw it, with `openssl rand -base64 48`",
        ));
    }
    Ok(())
}
