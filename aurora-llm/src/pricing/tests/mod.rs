//! The book, and what vendors' bills say.

mod book;
