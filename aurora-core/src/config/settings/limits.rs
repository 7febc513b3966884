//! Limits of the server.

use std::time::Duration;

use crate::config::narrowing::BODY_BYTES;
use crate::config::setting::section;

section! {
    /// Limits on what a client may send and on how long it may take.
    Limits at "limits." {
        /// Largest request body in bytes.
        body_bytes: u64 = "1048576", only BODY_BYTES;
        /// Largest body of a request to a model in bytes; it may carry pictures and documents.
        model_body_bytes: u64 = "20971520", only BODY_BYTES;
        /// Longest time that a client may take to send the head of a request.
        header_read_timeout: Duration = "10s";
        /// Longest time that a request may take, streams excepted.
        request_timeout: Duration = "30s";
        /// Longest time that running requests get to end when the server stops.
        drain_timeout: Duration = "25s";
    }
}
