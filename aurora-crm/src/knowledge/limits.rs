use std::time::Duration;

/// What one document may be at most. What is beyond is refused with the field and the limit, never cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of content as it comes; 10 MiB unless told.
    pub bytes: usize,
    /// Bytes of text that it comes to; 4 MiB unless told.
    pub text: usize,
    /// Pages of a PDF; 500 unless told.
    pub pages: usize,
    /// Chunks; 2,000 unless told.
    pub chunks: usize,
    /// How long reading a document may take, and cutting it; 30 s unless told.
    pub reading: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 10 * 1_024 * 1_024,
            text: 4 * 1_024 * 1_024,
            pages: 500,
            chunks: 2_000,
            reading: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// Bytes of content as it comes.
    #[must_use]
    pub const fn bytes(mut self, bytes: usize) -> Self {
        self.bytes = bytes;
        self
    }

    /// Bytes of text that it comes to.
    #[must_use]
    pub const fn text(mut self, bytes: usize) -> Self {
        self.text = bytes;
        self
    }

    /// Pages of a PDF.
    #[must_use]
    pub const fn pages(mut self, pages: usize) -> Self {
        self.pages = pages;
        self
    }

    /// Chunks of a document.
    #[must_use]
    pub const fn chunks(mut self, chunks: usize) -> Self {
        self.chunks = chunks;
        self
    }

    /// How long reading a document may take, and cutting it.
    #[must_use]
    pub const fn reading(mut self, limit: Duration) -> Self {
        self.reading = limit;
        self
    }
}
