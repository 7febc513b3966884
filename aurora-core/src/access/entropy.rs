//! Random bytes, digests and comparisons, as the parts of access need them.

use aws_lc_rs::{constant_time, digest, rand};

use super::Error;
use super::encoding::to_base64url;
use crate::secret::Secret;

/// Bytes of the operating system's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| Error::internal("the operating system gives no random bytes"))?;
    Ok(bytes)
}

/// A text that nobody can guess: 256 bits of the operating system's generator in 43 letters of base64url, as they fit into
/// URLs, headers and forms.
///
/// # Errors
/// When the operating system gives no random bytes.
pub fn token() -> Result<Secret, Error> {
    Ok(Secret::new(to_base64url(random::<32>()?)))
}

/// SHA-256 of the pieces, one after the other.
pub(super) fn sha256(pieces: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for piece in pieces {
        context.update(piece);
    }
    let mut hash = [0; 32];
    for (to, from) in hash.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    hash
}

/// SHA-256 of the pieces with their lengths, so that no two lists of pieces give the same bytes.
pub(super) fn sha256_of_fields(fields: &[&[u8]]) -> [u8; 32] {
    let framed = fields.iter().fold(Vec::new(), |mut framed, field| {
        frame(&mut framed, field);
        framed
    });
    sha256(&[&framed])
}

/// Appends `field` with its length before it.
pub(super) fn frame(to: &mut Vec<u8>, field: &[u8]) {
    to.extend_from_slice(&(field.len() as u64).to_be_bytes());
    to.extend_from_slice(field);
}

/// Compares in a time that does not depend on where the bytes differ.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
