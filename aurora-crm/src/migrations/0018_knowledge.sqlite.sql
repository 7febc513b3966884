-- What is searched together: everything that is about nobody (id zero), and what is about one client. generation counts
-- changes of chunks, vectors those of vectors, so that every process knows when what it keeps in memory is old.
create table knowledge_scopes (
    workspace_id blob     not null,
    id           blob     not null,
    client_id    blob,
    chunks       integer  not null,
    words        integer  not null,
    generation   integer  not null,
    vectors      integer  not null,
    constraint knowledge_scopes_pkey primary key (workspace_id, id),
    constraint knowledge_scopes_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint knowledge_scopes_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id) on delete cascade,
    constraint knowledge_scopes_counts check (chunks >= 0 and words >= 0)
) strict;

create index knowledge_scopes_of_client on knowledge_scopes (workspace_id, client_id) where client_id is not null;

-- embedded_model is the model of the vectors once all chunks have one.
create table knowledge_documents (
    workspace_id   blob     not null,
    id             blob     not null,
    scope_id       blob     not null,
    client_id      blob,
    external_id    text     not null,
    title          text     not null,
    source_kind    text     not null,
    source_ref     text,
    language       text     not null,
    content_hash   blob     not null,
    chunks         integer  not null,
    embedded_model text,
    version        integer  not null,
    created_at     integer  not null,
    updated_at     integer  not null,
    constraint knowledge_documents_pkey primary key (workspace_id, id),
    constraint knowledge_documents_external_id_key unique (workspace_id, external_id),
    constraint knowledge_documents_workspace_id_scope_id_fkey
        foreign key (workspace_id, scope_id) references knowledge_scopes (workspace_id, id),
    constraint knowledge_documents_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint knowledge_documents_language_known check (language in ('pt', 'en')),
    constraint knowledge_documents_source_known
        check (source_kind in ('manual', 'url', 'file', 'conversation', 'correction')),
    constraint knowledge_documents_version_positive check (version > 0)
) strict;

create index knowledge_documents_of_source on knowledge_documents (workspace_id, source_kind, id);
create index knowledge_documents_of_client on knowledge_documents (workspace_id, client_id) where client_id is not null;

-- blocks holds kind, start and end of each block of the text, from which chunks are made anew.
create table knowledge_versions (
    workspace_id blob     not null,
    document_id  blob     not null,
    version      integer  not null,
    content_hash blob     not null,
    text         text     not null,
    blocks       text     not null,
    created_at   integer  not null,
    constraint knowledge_versions_pkey primary key (workspace_id, document_id, version),
    constraint knowledge_versions_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
) strict;

create table knowledge_chunks (
    workspace_id blob     not null,
    id           blob     not null,
    document_id  blob     not null,
    scope_id     blob     not null,
    ordinal      integer  not null,
    start_byte   integer  not null,
    end_byte     integer  not null,
    headings     text     not null,
    text         text     not null,
    words        integer  not null,
    constraint knowledge_chunks_pkey primary key (workspace_id, id),
    constraint knowledge_chunks_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
) strict;

create index knowledge_chunks_of_document on knowledge_chunks (workspace_id, document_id, ordinal);
create index knowledge_chunks_of_scope on knowledge_chunks (workspace_id, scope_id);

-- Which term is how often in which chunk. words is the length of the chunk, so that a ranking reads this table alone.
create table knowledge_postings (
    workspace_id blob     not null,
    scope_id     blob     not null,
    term         text     not null,
    chunk_id     blob     not null,
    frequency    integer  not null,
    words        integer  not null,
    constraint knowledge_postings_pkey primary key (workspace_id, scope_id, term, chunk_id),
    constraint knowledge_postings_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade
) strict, without rowid;

create index knowledge_postings_of_chunk on knowledge_postings (workspace_id, chunk_id);

-- How many chunks have a term.
create table knowledge_terms (
    workspace_id blob     not null,
    scope_id     blob     not null,
    term         text     not null,
    chunks       integer  not null,
    constraint knowledge_terms_pkey primary key (workspace_id, scope_id, term),
    constraint knowledge_terms_workspace_id_scope_id_fkey
        foreign key (workspace_id, scope_id) references knowledge_scopes (workspace_id, id) on delete cascade
) strict, without rowid;

create index knowledge_terms_unused on knowledge_terms (workspace_id, scope_id) where chunks <= 0;

create table knowledge_vectors (
    workspace_id blob     not null,
    chunk_id     blob     not null,
    scope_id     blob     not null,
    model        text     not null,
    scale        real     not null,
    numbers      blob     not null,
    constraint knowledge_vectors_pkey primary key (workspace_id, chunk_id),
    constraint knowledge_vectors_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade
) strict;

create index knowledge_vectors_of_scope on knowledge_vectors (workspace_id, scope_id, model, chunk_id);

-- version counts changes of feedback: each rating, correction, reversal and restoration is one.
create table knowledge_feedback_states (
    workspace_id blob     not null,
    version      integer  not null,
    constraint knowledge_feedback_states_pkey primary key (workspace_id),
    constraint knowledge_feedback_states_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

-- What somebody thought of a chunk as an answer to a question, of which the terms are kept. version is that in which it was
-- given, since that from which on this row is in force: a copy begins where somebody goes back to what was replaced or taken
-- back. replaced_in is the version in which a later rating took its place, reverted_in that in which it was taken back.
-- Nothing is summed up: what ratings do is computed from these rows.
create table knowledge_feedback (
    workspace_id blob     not null,
    id           blob     not null,
    chunk_id     blob     not null,
    kind         text     not null,
    terms        text     not null,
    terms_hash   blob     not null,
    rated_by     text     not null,
    version      integer  not null,
    since        integer  not null,
    replaced_in  integer,
    reverted_in  integer,
    at           integer  not null,
    constraint knowledge_feedback_pkey primary key (workspace_id, id, since),
    constraint knowledge_feedback_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade,
    constraint knowledge_feedback_kind_known check (kind in ('up', 'down', 'wrong'))
) strict;

create index knowledge_feedback_of_chunk on knowledge_feedback (workspace_id, chunk_id, version);
create unique index knowledge_feedback_in_force on knowledge_feedback (workspace_id, chunk_id, rated_by, terms_hash)
    where replaced_in is null and reverted_in is null;
create index knowledge_feedback_since on knowledge_feedback (workspace_id, since);

-- The question that a version of a correction answers; since when and until when as above.
create table knowledge_pins (
    workspace_id blob     not null,
    document_id  blob     not null,
    document_version integer not null,
    title        text     not null,
    terms        text     not null,
    version      integer  not null,
    since        integer  not null,
    replaced_in  integer,
    reverted_in  integer,
    constraint knowledge_pins_pkey primary key (workspace_id, document_id, since),
    constraint knowledge_pins_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
) strict;

create unique index knowledge_pins_in_force on knowledge_pins (workspace_id, document_id)
    where replaced_in is null and reverted_in is null;
create index knowledge_pins_since on knowledge_pins (workspace_id, since);
