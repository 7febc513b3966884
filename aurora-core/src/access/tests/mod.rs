//! Several parts together, and what they ask of whoever stores.

mod sql;
