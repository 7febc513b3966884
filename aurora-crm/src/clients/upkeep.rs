//! What keeps a workspace's clients in order: notes, labels, duplicates, merging, restoring and purging.

use std::fmt;

use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use serde::Serialize;

use super::change::MAX_TAG;
use super::{
    Candidate, Client, ClientId, ClientNote, ClientNoteId, Clients, MergeChoices, NewClient, Reach,
    duplicates, note,
};
use crate::context::Context;
use crate::custom_fields::Rules;
use crate::error::Error;
use crate::fields::Fields;

/// A label and how many living clients carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TagCount {
    /// The label, as written.
    pub tag: String,
    /// How many living clients carry it.
    pub clients: i64,
}

/// A client that was deleted and can be brought back.
///
/// `Debug` shows no name.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeletedClient {
    /// Its name for programs.
    pub id: ClientId,
    /// The version that [`Clients::restore`] expects.
    pub version: i64,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// What it was called, `Anonimizado` after anonymity; none of one that was blocked.
    pub legal_name: Option<String>,
    /// The same under which it traded.
    pub trade_name: Option<String>,
}

impl fmt::Debug for DeletedClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeletedClient")
            .field("id", &self.id)
            .field("version", &self.version)
            .field("deleted_at", &self.deleted_at)
            .finish_non_exhaustive()
    }
}

impl Clients {
    /// Living clients that may be the same as one that is about to be made, the likeliest first, at most 20. Nothing is
    /// stored, and nothing is refused for being alike: two people may share name and phone.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, except fields of the workspace's own.
    pub async fn duplicates(&self, context: &Context, new: &NewClient) -> Result<Vec<Candidate>, Error> {
        let now = self.store.now();
        let client = new.clone().check(ClientId::new(now), now, &Rules::default())?;
        self.store
            .run(context, "clients.duplicates", self.alike(context, &client))
            .await
    }

    /// Living clients that may be the same as this one, the likeliest first, at most 20.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn duplicates_of(&self, context: &Context, id: ClientId) -> Result<Vec<Candidate>, Error> {
        let work = async {
            let client = self.repository.get(context, id).await?;
            self.alike(context, &client).await
        };
        self.store.run(context, "clients.duplicates", work).await
    }

    async fn alike(&self, context: &Context, client: &Client) -> Result<Vec<Candidate>, Error> {
        let others = self.repository.comparable(context, client).await?;
        Ok(duplicates::candidates(client, &others))
    }

    /// Merges a client into another, both at the versions that the caller has seen: addresses, numbers, labels, notes,
    /// fields of the workspace's own and everything that refers to the one that goes. From then on its id leads to the
    /// one that stays. This cannot be undone; the audit log names both.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` when somebody was faster; `Invalid` when both have a CNPJ or CPF of their own and nothing is
    /// chosen (code `conflict`), they are of different kinds, together have more of something than one can have, or one of
    /// them is blocked (code `blocked`).
    ///
    /// # Cancel safety
    /// Dropping the future leaves both merged or neither touched.
    pub async fn merge(
        &self,
        context: &Context,
        kept: (ClientId, i64),
        lost: (ClientId, i64),
        choices: &MergeChoices,
    ) -> Result<Client, Error> {
        let work = self
            .repository
            .merge(context, kept, lost, choices, self.store.now());
        self.store.run(context, "clients.merge", work).await
    }

    /// Brings back a deleted client; the version is the one that it was deleted at and one more.
    ///
    /// # Errors
    /// `NotFound` when there is no such deleted client, or it was merged into another; `Conflict`; `AlreadyExists` when its
    /// CNPJ, CPF or an identity of a channel belongs to another by now.
    pub async fn restore(
        &self,
        context: &Context,
        id: ClientId,
        expected_version: i64,
    ) -> Result<Client, Error> {
        let work = self
            .repository
            .restore(context, id, expected_version, self.store.now());
        self.store.run(context, "clients.restore", work).await
    }

    /// Removes a deleted client for good, with its notes, what was merged into it, and its deleted leads, activities and
    /// tasks.
    ///
    /// # Errors
    /// `NotFound` when there is no such deleted client; `Invalid` when something living or a file still refers to it (code
    /// `in_use`), or when records of it are under a legal hold (code `legal_hold`).
    pub async fn purge(&self, context: &Context, id: ClientId) -> Result<(), Error> {
        let work = self.repository.purge(context, id, self.store.now());
        self.store.run(context, "clients.purge", work).await
    }

    /// One page of the deleted clients, the last deleted first; only those that were deleted before a time, if one is told.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn deleted(
        &self,
        context: &Context,
        before: Option<Timestamp>,
        page: &PageRequest,
    ) -> Result<Page<DeletedClient>, Error> {
        let work = self.repository.deleted(context, before, page);
        self.store.run(context, "clients.deleted", work).await
    }

    /// The clients that were deleted before a time, the longest ago first and at most 200, for whoever purges them.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn deleted_before(&self, context: &Context, time: Timestamp) -> Result<Vec<ClientId>, Error> {
        let work = self
            .repository
            .deleted_before(context, time, PageRequest::MAX_LIMIT);
        self.store.run(context, "clients.deleted_before", work).await
    }

    /// The living clients that can be reached so, at most 20: a WhatsApp id is looked for as a phone number, too.
    ///
    /// # Errors
    /// `Invalid` when a WhatsApp id is not one.
    pub async fn reached_by(&self, context: &Context, reach: &Reach) -> Result<Vec<ClientId>, Error> {
        let work = self.repository.reached(context, reach);
        self.store.run(context, "clients.reached_by", work).await
    }

    /// Notes that a living client can be reached so. For identities of a channel: phones and e-mail addresses belong into
    /// the client itself, and are overwritten by its next change.
    ///
    /// # Errors
    /// `NotFound`; `AlreadyExists` when the identity belongs to another client; `Invalid` when it is none.
    pub async fn link(&self, context: &Context, id: ClientId, reach: &Reach) -> Result<(), Error> {
        if matches!(reach, Reach::Email(_) | Reach::Phone(_)) {
            let mut fields = Fields::default();
            fields.refuse("reach", "not_allowed", "belongs into the client's own fields");
            return fields.finish(());
        }
        let work = self.repository.link(context, id, reach, self.store.now());
        self.store.run(context, "clients.link", work).await
    }

    /// Adds a note to a living client, or to the one that it was merged into; the author is the principal of the context.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the text is empty, longer than 10,000 characters or has control characters.
    pub async fn add_note(
        &self,
        context: &Context,
        client: ClientId,
        text: &str,
    ) -> Result<ClientNote, Error> {
        let now = self.store.now();
        let made = ClientNote {
            id: ClientNoteId::new(now),
            client,
            author: context.principal.clone(),
            text: note::check(text)?,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let work = self.repository.insert_note(context, made);
        self.store.run(context, "clients.add_note", work).await
    }

    /// One note.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn note(&self, context: &Context, id: ClientNoteId) -> Result<ClientNote, Error> {
        self.store
            .run(context, "clients.note", self.repository.note(context, id))
            .await
    }

    /// Changes the text of a note that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`; `Invalid` as for [`Self::add_note`], and (code `legal_hold`) when notes of the client are
    /// under a legal hold, since what it said before is not kept.
    pub async fn change_note(
        &self,
        context: &Context,
        id: ClientNoteId,
        expected_version: i64,
        text: &str,
    ) -> Result<ClientNote, Error> {
        let text = note::check(text)?;
        let work = self
            .repository
            .update_note(context, id, expected_version, &text, self.store.now());
        self.store.run(context, "clients.change_note", work).await
    }

    /// Removes a note that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict`; `Invalid` (code `legal_hold`) when notes of the client are under a legal hold.
    pub async fn delete_note(
        &self,
        context: &Context,
        id: ClientNoteId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = self
            .repository
            .delete_note(context, id, expected_version, self.store.now());
        self.store.run(context, "clients.delete_note", work).await
    }

    /// One page of a living client's notes, the newest first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn notes(
        &self,
        context: &Context,
        client: ClientId,
        page: &PageRequest,
    ) -> Result<Page<ClientNote>, Error> {
        self.store
            .run(
                context,
                "clients.notes",
                self.repository.notes(context, client, page),
            )
            .await
    }

    /// Labels that are in use, in the order of their bytes, at most 200: those after `after`, or the first.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn tags(&self, context: &Context, after: Option<&str>) -> Result<Vec<TagCount>, Error> {
        let after = after.filter(|tag| !tag.contains('\0')).unwrap_or_default();
        let work = self
            .repository
            .tag_counts(context, after, i64::from(PageRequest::MAX_LIMIT));
        self.store.run(context, "clients.tags", work).await
    }

    /// Renames a label of every living client, and tells how many carried it. Deleted clients keep theirs.
    ///
    /// Clients are changed a hundred at a time, each as by an update. When the call fails half-way, calling it again
    /// goes on where it ended.
    ///
    /// # Errors
    /// `Invalid` when the new label is none; `Conflict` when somebody changed one of the clients at the same moment.
    pub async fn rename_tag(&self, context: &Context, old: &str, new: &str) -> Result<u64, Error> {
        let mut fields = Fields::default();
        let new = fields.line("new", new, MAX_TAG);
        let new = fields.finish(new)?;
        if old == new {
            return Ok(0);
        }
        self.replace_tag(context, "clients.rename_tag", old, Some(&new))
            .await
    }

    /// Removes a label from every living client, and tells how many carried it; see [`Self::rename_tag`].
    ///
    /// # Errors
    /// `Conflict` when somebody changed one of the clients at the same moment.
    pub async fn remove_tag(&self, context: &Context, tag: &str) -> Result<u64, Error> {
        self.replace_tag(context, "clients.remove_tag", tag, None).await
    }

    async fn replace_tag(
        &self,
        context: &Context,
        operation: &'static str,
        old: &str,
        new: Option<&str>,
    ) -> Result<u64, Error> {
        let work = async {
            let mut changed: u64 = 0;
            let mut place = None;
            if old.contains('\0') {
                return Ok(changed);
            }
            loop {
                let (batch, last) = self
                    .repository
                    .replace_tag(context, old, new, place, self.store.now())
                    .await?;
                // At the end it looks once more from the beginning, for those that were given the label meanwhile.
                if last.is_none() && place.is_none() {
                    return Ok(changed);
                }
                place = last;
                changed += batch;
            }
        };
        self.store.run(context, operation, work).await
    }
}
