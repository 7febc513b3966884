//! x
/// x
#[derive(Debug)]
pub struct Report;
