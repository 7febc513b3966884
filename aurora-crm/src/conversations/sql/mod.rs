//! Everything of conversations that knows sqlx. Every writing begins with [`feed::next`].

mod allowed;
pub(super) mod beside;
pub(super) mod contacts;
pub(super) mod delivery;
pub(super) mod desk;
pub(super) mod feed;
pub(super) mod ingest;
pub(super) mod insert;
pub(super) mod joining;
pub(super) mod linking;
pub(super) mod list;
pub(super) mod messages;
pub(super) mod outgoing;
pub(super) mod rows;
pub(super) mod search;
pub(super) mod sending;
pub(super) mod settings;

/// Every statement of the folder, by module.
#[cfg(test)]
pub(crate) const STATEMENTS: [(&str, &[(&str, &str)]); 14] = [
    ("conversations::contacts", contacts::ALL),
    ("conversations::delivery", delivery::ALL),
    ("conversations::desk", desk::ALL),
    ("conversations::feed", feed::ALL),
    ("conversations::ingest", ingest::ALL),
    ("conversations::insert", insert::ALL),
    ("conversations::joining", joining::ALL),
    ("conversations::linking", linking::ALL),
    ("conversations::list", list::ALL),
    ("conversations::messages", messages::ALL),
    ("conversations::outgoing", outgoing::ALL),
    ("conversations::search", search::ALL),
    ("conversations::sending", sending::ALL),
    ("conversations::settings", settings::ALL),
];
