//! The WhatsApp Business Platform (Cloud API): numbers of workspaces, what comes in on them and what goes out.
//!
//! | what | what it gives |
//! | --- | --- |
//! | [`WhatsApp`] | numbers of a workspace; out of `Crm::whatsapp` |
//! | [`Intake`] | takes what Meta posts: checked, kept once, answered with 200; then understood, in order per contact |
//! | [`WhatsAppMessenger`] | sends the messages of conversations |
//! | [`webhook`] | the words of what Meta posts: handshake, signature, messages, statuses, errors |
//! | [`outgoing`] | the words of what can be sent, checked against every documented limit |
//! | [`graph`] | the client: send, mark as read, files; what errors mean |
//! | `testing` (feature of that name) | a Graph API to test against |

mod builder;
pub mod graph;
mod intake;
mod messenger;
mod metrics;
mod numbers;
pub mod outgoing;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
mod tests;
pub mod webhook;

pub use self::builder::WhatsAppBuilder;
pub use self::intake::{
    InboundId, InboundKind, Intake, MEDIA_QUEUE, MetaApp, QUEUE, ReceiveError, Received, Unplaced,
    UnplacedState,
};
pub use self::messenger::WhatsAppMessenger;
pub use self::metrics::{INBOUND, MEDIA, SENDS, describe};
pub use self::numbers::{NewNumber, NumberChange, NumberPause, WhatsApp, WhatsAppNumber};

/// The statements of this module, by part.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 2] = [
    ("whatsapp::numbers", numbers::STATEMENTS),
    ("whatsapp::intake", intake::STATEMENTS),
];
