//! The Graph API of the WhatsApp Business Platform: sending, read marks and files.

mod advice;
mod answer;
mod builder;
mod client;
mod error;
mod holds;
mod media;
mod multipart;

pub use self::advice::{Advice, advice};
pub use self::answer::{Sent, SentStatus};
pub use self::builder::{DEFAULT_BASE, DEFAULT_VERSION, Rates, WhatsAppClientBuilder};
pub use self::client::{NumberAccess, WhatsAppClient};
pub use self::error::{GraphError, SendFailure};
pub use self::media::{MAX_MEDIA, MediaBody, MediaInfo, Upload};
