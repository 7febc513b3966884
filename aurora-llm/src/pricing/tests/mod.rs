//! The book, and bills worked by hand from what vendors publish.

mod anthropic;
mod bill;
mod book;
mod cohere;
mod complaints;
mod gemini;
mod openai;
mod price;
