//! Against a Google that answers as it documents itself.

mod client;
mod clinic;
mod inward;
mod notices;
mod operation;
mod outward;
mod relink;
mod tokens;
mod whole;
