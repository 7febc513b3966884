//! What refers to a client. An aggregate with a column `client_id` adds its statement here, so that a merge takes its rows
//! along, and calls [`hold`](crate::clients::within::hold) before it adds a row.

aurora_core::store::statements! {
    /// Every row of `$2`, the client that goes, becomes one of `$3`, the client that stays.
    NOTES = "update client_notes set client_id = $3 where workspace_id = $1 and client_id = $2";
    NOTE_WORDS = "update client_words set client_id = $3 where workspace_id = $1 and client_id = $2 and source_id <> $2";
    CHANNEL_IDS = "update client_contacts set client_id = $3, deleted_at = null
        where workspace_id = $1 and client_id = $2 and channel = 'whatsapp'";
    LEADS = "update leads set client_id = $3 where workspace_id = $1 and client_id = $2";
    ACTIVITIES = "update activities set client_id = $3 where workspace_id = $1 and client_id = $2";
    TASKS = "update tasks set client_id = $3 where workspace_id = $1 and client_id = $2";
    CONVERSATION_CONTACTS = "update contacts set client_id = $3 where workspace_id = $1 and client_id = $2";
    FILES = "update files set subject_id = $3
        where workspace_id = $1 and subject_kind = 'cli' and subject_id = $2";
    APPOINTMENTS = "update appointments set client_id = $3 where workspace_id = $1 and client_id = $2";
    WAITING_LIST = "update waiting_list set client_id = $3 where workspace_id = $1 and client_id = $2";
    ASSISTANT_THREADS = "update assistant_threads set client_id = $3 where workspace_id = $1 and client_id = $2";
    KNOWLEDGE = "update knowledge_documents set client_id = $3 where workspace_id = $1 and client_id = $2";
    KNOWLEDGE_SCOPES = "update knowledge_scopes set client_id = $3 where workspace_id = $1 and client_id = $2";
    EXTERNAL_IDS = "update client_external_ids set client_id = $3 where workspace_id = $1 and client_id = $2";
    EARLIER_MERGES = "update clients set merged_into = $3 where workspace_id = $1 and merged_into = $2";
}

/// Tables whose rows of the lost client are made anew from what it becomes, and not moved.
#[cfg(test)]
pub(crate) const REWRITTEN: &[&str] = &["client_facets", "client_bands"];
