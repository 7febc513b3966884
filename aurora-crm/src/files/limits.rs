use std::time::Duration;

use super::{MediaFamily, MediaType};

/// How much of what may be stored.
///
/// Unless told: 25 MiB for a file, 5 GiB for a workspace, an hour to send a file, and pictures, sound, films, texts and
/// documents, but neither archives, nor what a browser or a machine runs, nor what nothing here recognises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileLimits {
    pub(super) max_size: u64,
    pub(super) quota: u64,
    pub(super) upload_time: Duration,
    pub(super) allowed: Vec<MediaType>,
}

impl FileLimits {
    /// The most time that sending a file can be given.
    pub const MAX_UPLOAD_TIME: Duration = Duration::from_secs(12 * 60 * 60);

    /// The most bytes of a file.
    #[must_use]
    pub const fn max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// The most bytes of a workspace. Equal contents count once.
    #[must_use]
    pub const fn quota(mut self, bytes: u64) -> Self {
        self.quota = bytes;
        self
    }

    /// How long sending a file may take, up to [`Self::MAX_UPLOAD_TIME`].
    #[must_use]
    pub fn upload_time(mut self, time: Duration) -> Self {
        self.upload_time = time.min(Self::MAX_UPLOAD_TIME);
        self
    }

    /// Takes these types and no others.
    #[must_use]
    pub fn allowed(mut self, types: impl IntoIterator<Item = MediaType>) -> Self {
        self.allowed = types.into_iter().collect();
        self
    }

    /// Takes this type too.
    #[must_use]
    pub fn allow(mut self, media_type: MediaType) -> Self {
        self.allowed.push(media_type);
        self
    }
}

impl Default for FileLimits {
    fn default() -> Self {
        let harmless = |media_type: &MediaType| {
            !matches!(
                media_type.family(),
                MediaFamily::Archive | MediaFamily::Active | MediaFamily::Other
            )
        };
        Self {
            max_size: 25 * 1024 * 1024,
            quota: 5 * 1024 * 1024 * 1024,
            upload_time: Duration::from_secs(60 * 60),
            allowed: MediaType::ALL.iter().copied().filter(harmless).collect(),
        }
    }
}
