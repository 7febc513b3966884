use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;

/// The most messages that are kept; older ones are forgotten first.
const KEPT: usize = 10_000;

/// The messages that a service took; clones share them.
#[derive(Debug, Clone, Default)]
pub(super) struct Accepted(Arc<Mutex<VecDeque<Value>>>);

impl Accepted {
    pub(super) fn push(&self, message: Value) {
        let mut messages = self.messages();
        if messages.len() == KEPT {
            messages.pop_front();
        }
        messages.push_back(message);
    }

    pub(super) fn all(&self) -> Vec<Value> {
        self.messages().iter().cloned().collect()
    }

    pub(super) fn count(&self) -> usize {
        self.messages().len()
    }

    /// How many messages have the text in one of their strings.
    pub(super) fn mentions(&self, text: &str) -> usize {
        self.messages()
            .iter()
            .filter(|message| has(message, text))
            .count()
    }

    fn messages(&self) -> MutexGuard<'_, VecDeque<Value>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn has(value: &Value, text: &str) -> bool {
    match value {
        Value::String(whole) => whole.contains(text),
        Value::Array(values) => values.iter().any(|value| has(value, text)),
        Value::Object(fields) => fields.values().any(|value| has(value, text)),
        _ => false,
    }
}

/// The methods that the fakes of all chat services share.
macro_rules! fake_service {
    // A service with one address, and how it answers there.
    ($fake:ident, $answer:path) => {
        super::accepted::fake_service!($fake);

        impl $fake {
            /// A service that takes messages as fast as they come.
            ///
            /// # Errors
            /// When the local host has no free port.
            pub async fn start() -> std::io::Result<Self> {
                Self::with(None).await
            }

            async fn with(rate: Option<super::RateWindow>) -> std::io::Result<Self> {
                let accepted = super::accepted::Accepted::default();
                let kept = accepted.clone();
                let answer = move |request: &_| $answer(request, rate.as_ref(), &kept);
                let server = super::FakeServer::start(answer).await?;
                Ok(Self { server, accepted })
            }
        }
    };
    ($fake:ident) => {
        impl $fake {
            /// The messages that it took, as they were sent, oldest first.
            #[must_use]
            pub fn accepted(&self) -> Vec<serde_json::Value> {
                self.accepted.all()
            }

            /// How many of the messages that it took have this text in one of their strings.
            #[must_use]
            pub fn mentions(&self, text: &str) -> usize {
                self.accepted.mentions(text)
            }

            /// The server beneath, to plan answers and to see every request.
            #[must_use]
            pub const fn server(&self) -> &super::FakeServer {
                &self.server
            }
        }

        impl std::fmt::Debug for $fake {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($fake)).finish_non_exhaustive()
            }
        }
    };
}

pub(super) use fake_service;

/// In UTF-16 units; what a service counts in is not always documented, and this is the strictest reading.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The elements of a list; of anything else none.
pub(super) fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A text; empty where there is none.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
