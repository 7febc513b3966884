//! What a call costs: prices as data, exact arithmetic, and a word for what is not known.
//!
//! [`PriceBook`] knows models, [`Price`] says what the parts of a [`Usage`](crate::usage::Usage) cost, [`Cost`] what a call cost, and a model
//! without a price is [`Cost::Unpriced`], never free.

mod book;
mod cost;
mod price;

pub use book::{PriceBook, PriceEntry};
pub use cost::{Cost, Total};
pub use price::{LongContext, Price, Rates};

#[cfg(test)]
mod tests;
