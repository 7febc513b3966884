//! The names of this module's metrics.

use metrics::{counter, describe_counter};

use super::error::{Error, ErrorKind};

/// Commands and scripts, by `outcome`: `ok`, or the name of an error's kind.
pub const COMMANDS: &str = "aurora_redis_commands_total";
/// How often the circuit opened.
pub const CIRCUITS_OPENED: &str = "aurora_redis_circuits_opened_total";

/// Describes every metric to the installed recorder; call it once after installing one.
pub fn describe() {
    describe_counter!(COMMANDS, "What became of commands to Redis.");
    describe_counter!(CIRCUITS_OPENED, "How often the circuit to Redis opened.");
}

pub(super) fn asked<T>(outcome: &Result<T, Error>) {
    let outcome = outcome
        .as_ref()
        .err()
        .map(Error::kind)
        .map_or("ok", ErrorKind::as_str);
    counter!(COMMANDS, "outcome" => outcome).increment(1);
}

pub(super) fn circuit_opened() {
    counter!(CIRCUITS_OPENED).increment(1);
}
