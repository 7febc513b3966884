//! What a process says about itself: its log, its own measurements, the trace that it takes part in.
//!
//! Aurora's libraries only speak to the facades `tracing` and `metrics`. What listens there is chosen by the program;
//! this module is an offer to programs, and nothing here acts before it is called.
//!
//! | item | what it gives | feature |
//! | --- | --- | --- |
//! | `Logs` | lines for people or as JSON, to a stream and to rotating files, which never hold a request up | `telemetry` |
//! | `ProcessMetrics` | CPU, memory, threads, descriptors of this process | `telemetry` |
//! | [`TraceContext`] | W3C trace context: read, written, carried along with a call | |
//! | [`BoundedLabel`] | keeps the values of a metric's label finite | |

mod context;
mod label;
#[cfg(feature = "telemetry")]
mod logs;
#[cfg(feature = "telemetry")]
mod process;

pub use context::{SpanId, TraceContext, TraceId};
pub use label::BoundedLabel;
#[cfg(feature = "telemetry")]
pub use logs::{Error, ErrorKind, Format, Logs, LogsBuilder, Period, Rotation};
#[cfg(feature = "telemetry")]
pub use process::{ProcessMetrics, ProcessSnapshot};
