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
        /// Sign-ins and forgotten passwords a minute for an address; 0 sets no limit.
        auth_per_minute: u32 = "5";
        /// The same an hour.
        auth_per_hour: u32 = "100";
        /// Calls a minute for a caller, and for an address whose calls show no good credentials; 0 sets no limit.
        api_per_minute: u32 = "100";
        /// The same an hour.
        api_per_hour: u32 = "1000";
        /// Most connections of one address (of IPv6, of a /64); 0 sets no limit. Not counted behind trusted proxies, whose
        /// connections they are.
        connections_per_address: u32 = "256";
        /// How many times a caller's limits all calls of one address may use together, whoever makes them; 0 sets no limit.
        callers_per_address: u32 = "10";
        /// Longest time that a client may take to send the head of a request.
        header_read_timeout: Duration = "10s";
        /// Longest time that a request may take, streams excepted.
        request_timeout: Duration = "30s";
        /// Time between the first sign of a stop, when readiness fails, and the moment when connections are refused: as long
        /// as a balancer needs to notice. None unless set.
        drain_delay: Option<Duration>;
        /// Longest time that running requests get to end when the server stops.
        drain_timeout: Duration = "25s";
    }
}
