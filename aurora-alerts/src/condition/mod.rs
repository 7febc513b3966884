//! When a rule's condition holds.
//!
//! | part | what it decides |
//! | --- | --- |
//! | [`Operator`] | how a value is compared |
//! | [`Threshold`] | whether a value breaches, and whether it has recovered |

mod operator;
mod threshold;

pub use operator::{Operator, ParseOperatorError};
pub use threshold::Threshold;
