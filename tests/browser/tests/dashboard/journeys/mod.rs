//! What each page is for, done by a person: seen on the screen, and found in the server afterwards.

mod alerts;
mod appointments;
mod clients;
mod conversations;
mod events;
mod knowledge;
mod leads;
mod notifications;
mod providers;
mod settings;
mod usage;
mod users;
mod whatsapp;
