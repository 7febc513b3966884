//! Lua that runs in the server.

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use bytes::Bytes;

/// A Lua script and its SHA-1, by which the server knows it.
///
/// It runs as a whole or, after an error in the middle, in part: Redis does not roll back. Keep one for the life of
/// the process; a clone costs nothing.
#[derive(Clone)]
pub struct Script {
    source: Bytes,
    sha: Bytes,
}

impl Script {
    /// The script with this source. All keys that it touches come in through `KEYS`.
    #[must_use]
    pub fn new(source: &str) -> Self {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, source.as_bytes());
        let sha: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            source: Bytes::copy_from_slice(source.as_bytes()),
            sha: sha.into(),
        }
    }

    pub(super) fn source(&self) -> Bytes {
        self.source.clone()
    }

    pub(super) fn sha(&self) -> Bytes {
        self.sha.clone()
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script({})", String::from_utf8_lossy(&self.sha))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_known_by_the_sha_that_the_server_computes() {
        // From the documentation of EVALSHA at redis.io.
        let script = Script::new("return 'Immabe a cached script'");
        assert_eq!(
            format!("{script:?}"),
            "Script(c664a3bf70bd1d45c4284ffebb65a6f2299bfc9f)"
        );
    }
}
