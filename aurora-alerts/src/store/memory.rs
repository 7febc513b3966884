/// Keeps everything in the process; clones share it. For tests, and for engines that need not survive their process.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {}
