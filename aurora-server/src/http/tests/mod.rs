//! What holds for every operation, walked through by the description of the API.

mod api;
mod hostile;
mod injection;
mod names;
mod schemas;
mod seed;
mod tenants;
