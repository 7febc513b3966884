//! The dashboard as people see it.

mod entrance;
mod every_page;
mod journeys;
mod pace;
mod story;
