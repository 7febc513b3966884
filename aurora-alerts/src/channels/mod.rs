//! The ways to tell people, one folder each.
//!
//! | channel | feature |
//! | --- | --- |
//! | [`console`] | |
//! | `webhook` | `webhook` |

pub mod console;
#[cfg(feature = "webhook")]
mod status;
#[cfg(feature = "webhook")]
pub mod webhook;
