//! Clients (`clientes`): the companies and people that a workspace looks after.

mod address;
mod birth_date;
mod blocking;
mod change;
#[cfg(test)]
mod contract;
pub mod csv;
mod duplicates;
mod entity;
mod facets;
mod filter;
mod input;
mod merge;
mod name;
mod note;
mod reach;
mod similarity;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod upkeep;
pub(crate) mod within;
mod words;

use std::collections::HashMap;

use aurora_core::page::{Page, PageRequest};

use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::Store;
use crate::store::words::MAX_WORDS;

pub use self::address::Address;
pub use self::birth_date::{BirthDate, ParseBirthDateError};
pub use self::change::ClientChange;
pub use self::duplicates::{Candidate, DuplicateReason};
pub use self::entity::{Blocked, Client, ClientId, ClientKind, ClientStatus, Owner, OwnerId};
pub use self::filter::{BlockedClients, ClientFilter, ClientOrder, Presence};
pub use self::input::NewClient;
pub use self::merge::{MergeChoices, MergeField, MergeSide};
pub use self::note::{ClientNote, ClientNoteId};
pub use self::reach::Reach;
use self::sql::SqlClients;
#[cfg(test)]
pub(crate) use self::sql::{BATCH, BLOCKING, IMPORTS};
#[cfg(test)]
pub(crate) use self::sql::{
    DELETED, DUPLICATES, LIST, MERGE, NAMES, NOTES, REACH, ROWS, SEARCH, STATEMENTS, TAGS,
};
pub use self::upkeep::{DeletedClient, TagCount};

/// The page whose example is compiled with the documentation tests.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/crm/clients.md")]
mod guide {}

/// What can be done with clients; a cheap handle.
#[derive(Debug, Clone)]
pub struct Clients {
    store: Store,
    repository: SqlClients,
}

impl Clients {
    pub(crate) fn new(store: Store) -> Self {
        let repository = SqlClients { store: store.clone() };
        Self { store, repository }
    }

    /// Makes a client.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` with the id of the client that has the same CNPJ or CPF,
    /// also when both are made at the same time; `NotFound` when the workspace does not exist.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either made or not made.
    pub async fn create(&self, context: &Context, new: NewClient) -> Result<Client, Error> {
        let now = self.store.now();
        let id = ClientId::new(now);
        let decide = |rules: &_| new.clone().check(id, now, rules);
        let work = self.repository.insert(context, decide);
        self.store.run(context, "clients.create", work).await
    }

    /// Reads clients from CSV files.
    #[must_use]
    pub fn imports(&self) -> csv::Imports {
        csv::Imports::new(self.store.clone(), self.repository.clone())
    }

    /// Writes the clients of a list into a CSV file.
    #[must_use]
    pub fn export(
        &self,
        context: &Context,
        filter: &ClientFilter,
        options: csv::ExportOptions,
    ) -> csv::Export {
        let (store, repository) = (self.store.clone(), self.repository.clone());
        csv::Export::new(store, repository, context.clone(), filter.clone(), options)
    }

    /// Writes the clients that [`Self::search`] finds, in its order, into a CSV file; with those whose data may not be used where
    /// `blocked` says so. What a search would cut, more than 5,000 words of clients that the rarest word begins, is refused by
    /// [`Export::next`](csv::Export::next).
    ///
    /// # Errors
    /// `Invalid` as for a search.
    pub fn export_found(
        &self,
        context: &Context,
        text: &str,
        blocked: BlockedClients,
        options: csv::ExportOptions,
    ) -> Result<csv::Export, Error> {
        let words = looked_for(text)?;
        let export = self.export(context, &ClientFilter::all(), options);
        Ok(export.searching(words, blocked))
    }

    /// One client. Under the id of one that was merged into another it is the other, whose `id` tells.
    ///
    /// # Errors
    /// `NotFound` when there is no such client in the workspace, or it is deleted.
    pub async fn get(&self, context: &Context, id: ClientId) -> Result<Client, Error> {
        self.store
            .run(context, "clients.get", self.repository.get(context, id))
            .await
    }

    /// What clients are called, by their ids: by the trade name, or by the legal one where there is none. Those that are
    /// deleted or blocked are left out, as are ids that name nobody.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn names(
        &self,
        context: &Context,
        ids: &[ClientId],
    ) -> Result<HashMap<ClientId, String>, Error> {
        let work = self.repository.names(context, ids);
        self.store.run(context, "clients.names", work).await
    }

    /// One page of clients.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(
        &self,
        context: &Context,
        filter: &ClientFilter,
        page: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        self.store
            .run(
                context,
                "clients.list",
                self.repository.page(context, filter, page),
            )
            .await
    }

    /// Changes a client that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster; `Invalid` with every wrong field;
    /// `AlreadyExists` with the id of the client that has the same CNPJ or CPF.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either changed or not changed.
    pub async fn update(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
        change: ClientChange,
    ) -> Result<Client, Error> {
        let now = self.store.now();
        let decide = |current: &Client, rules: &_| change.clone().apply(current, now, rules);
        let work = self.repository.update(context, id, expected_version, decide);
        self.store.run(context, "clients.update", work).await
    }

    /// One page of the clients in which each word of `text` is found as the beginning of a word, the best matches first:
    /// names, e-mail addresses, phone numbers, CNPJ and CPF with or without their masks, labels, cities and notes, without
    /// regard to case and accents.
    ///
    /// A word counts more in a name than in a note, and more when it is all of a word than its beginning. Of a
    /// search whose rarest word begins more than 5,000 words of clients, those that come first in the alphabet are found.
    ///
    /// # Errors
    /// `Invalid` when the text has no letter or digit, more than 200 characters or more than 8 words, or the cursor is
    /// damaged or belongs to another search.
    pub async fn search(
        &self,
        context: &Context,
        text: &str,
        page: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        self.search_with(context, text, BlockedClients::Hidden, page)
            .await
    }

    /// The same, with the clients whose data may not be used (`bloqueio`), for whoever looks after the rights of people.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn search_with_blocked(
        &self,
        context: &Context,
        text: &str,
        page: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        self.search_with(context, text, BlockedClients::Shown, page).await
    }

    async fn search_with(
        &self,
        context: &Context,
        text: &str,
        blocked: BlockedClients,
        page: &PageRequest,
    ) -> Result<Page<Client>, Error> {
        let words = looked_for(text)?;
        let work = self.repository.search(context, &words, blocked, page);
        self.store.run(context, "clients.search", work).await
    }

    /// Deletes a client that is still at the version that the caller has seen. Its CNPJ or CPF is free again; the row
    /// stays, marked as deleted, until it is purged or restored.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version when somebody was faster.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the client either deleted or not deleted.
    pub async fn delete(&self, context: &Context, id: ClientId, expected_version: i64) -> Result<(), Error> {
        let work = self
            .repository
            .delete(context, id, expected_version, self.store.now());
        self.store.run(context, "clients.delete", work).await
    }
}

/// The words of a search, of which there is at least one.
fn looked_for(text: &str) -> Result<Vec<String>, Error> {
    const MAX_TEXT: usize = 200;
    let mut fields = Fields::default();
    let words = if text.chars().nth(MAX_TEXT).is_some() {
        fields.refuse(
            "text",
            "too_long",
            format_args!("must have at most {MAX_TEXT} characters"),
        );
        Vec::new()
    } else {
        let words = words::of_query(text);
        if words.is_empty() {
            fields.refuse("text", "required", "must have a letter or a digit");
        } else if words.len() > MAX_WORDS {
            fields.refuse(
                "text",
                "too_many",
                format_args!("must have at most {MAX_WORDS} words"),
            );
        }
        words
    };
    fields.finish(words)
}

/// The cursor was not made for this list.
pub(crate) fn wrong_cursor(error: aurora_core::page::InvalidCursor) -> Error {
    let mut fields = Fields::default();
    fields.refuse("cursor", "invalid", error);
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

/// The words that somebody looks for, folded.
pub(crate) fn words_of_query(text: &str) -> Vec<String> {
    words::of_query(text)
}

/// The words of a text, folded, by which it is found.
pub(crate) fn words_of_text(text: &str) -> Vec<String> {
    words::of_text(text)
}
