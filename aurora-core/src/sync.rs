//! The locks and atomics of the mechanisms whose interleavings are checked.
//!
//! Such a module takes them from here alone. The model checks (`tests/models`) compile the same source files with a
//! `crate::sync` that names shuttle's instead, and so check the code that runs and not a copy of it.

pub(crate) use std::sync::{Mutex, PoisonError};

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
}
