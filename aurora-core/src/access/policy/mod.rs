//! Roles as data, and the decision whether a principal may do something.
//!
//! The application closes the set of its permissions with [`permissions!`](crate::permissions); a [`Policy`] says which
//! role may do what, and for what a login must be strong and fresh. A role is a flat set: no role contains another and
//! no entry stands for several, so that what is written is what is granted. Nothing is allowed that is not written.
//!
//! # Examples
//! ```
//! use aurora_core::access::policy::{Assurance, Decision, Denial, Policy, Principal};
//! use aurora_core::time::Timestamp;
//!
//! aurora_core::permissions! {
//!     /// What can be done in the clinic.
//!     pub enum Clinic {
//!         ClientRead => "client:read",
//!         ClientWrite => "client:write",
//!         AuditExport => "audit:export",
//!     }
//! }
//!
//! let policy = Policy::<Clinic>::from_json(r#"{
//!     "version": 4,
//!     "roles": {
//!         "reception": ["client:read", "client:write"],
//!         "owner": ["client:read", "audit:export"]
//!     },
//!     "step_up": { "audit:export": { "acr": "aal2", "max_age": 600 } }
//! }"#)?;
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let ana = Principal::user("usr_1", "wsp_1").roles(["owner"]).authenticated(Assurance::Aal1, now);
//! assert_eq!(policy.decide(&ana, Clinic::ClientRead, "wsp_1", now), Decision::Allow);
//! assert_eq!(policy.decide(&ana, Clinic::ClientWrite, "wsp_1", now), Decision::Deny(Denial::NotGranted));
//! assert_eq!(policy.decide(&ana, Clinic::ClientRead, "wsp_2", now), Decision::Deny(Denial::OtherTenant));
//! let Decision::StepUp(challenge) = policy.decide(&ana, Clinic::AuditExport, "wsp_1", now) else { panic!() };
//! assert_eq!(challenge.max_age.as_secs(), 600);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assurance;
mod decision;
mod permission;
mod principal;
mod source;

pub use assurance::{Assurance, UnknownAssurance};
pub use decision::{Challenge, Decision, Denial};
pub use permission::{Permission, all_are_names};
pub use principal::{Kind, Principal};
pub use source::{Policy, PolicyError, PolicySource, StepUp};

#[cfg(test)]
mod tests;
