//! The assistant on both databases: models that follow a script or obey anybody, a desk that fails and takes over when told.

mod dialogue;
mod doubles;
mod failing;
mod giving_back;
mod giving_up;
mod house;
mod injection;
mod joined;
mod kills;
mod model;
mod real;
mod rules;
mod settings;
mod stage;
mod twice;
