//! The dashboard as people see it.

mod entrance;
mod every_page;
mod story;
