-- What is searched together: everything that is about nobody (id zero), and what is about one client. generation counts
-- changes of chunks, vectors those of vectors, so that every process knows when what it keeps in memory is old.
create table knowledge_scopes (
    workspace_id uuid     not null,
    id           uuid     not null,
    client_id    uuid,
    chunks       bigint   not null,
    words        bigint   not null,
    generation   bigint   not null,
    vectors      bigint   not null,
    constraint knowledge_scopes_pkey primary key (workspace_id, id),
    constraint knowledge_scopes_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint knowledge_scopes_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id) on delete cascade,
    constraint knowledge_scopes_counts check (chunks >= 0 and words >= 0)
);

create index knowledge_scopes_of_client on knowledge_scopes (workspace_id, client_id) where client_id is not null;

-- embedded_model is the model of the vectors once all chunks have one.
create table knowledge_documents (
    workspace_id   uuid     not null,
    id             uuid     not null,
    scope_id       uuid     not null,
    client_id      uuid,
    external_id    text     not null,
    title          text     not null,
    source_kind    text     not null,
    source_ref     text,
    language       text     not null,
    content_hash   bytea    not null,
    chunks         bigint   not null,
    embedded_model text,
    version        bigint   not null,
    created_at     timestamptz not null,
    updated_at     timestamptz not null,
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
);

create index knowledge_documents_of_source on knowledge_documents (workspace_id, source_kind, id);
create index knowledge_documents_of_client on knowledge_documents (workspace_id, client_id) where client_id is not null;

-- blocks holds kind, start and end of each block of the text, from which chunks are made anew.
create table knowledge_versions (
    workspace_id uuid     not null,
    document_id  uuid     not null,
    version      bigint   not null,
    content_hash bytea    not null,
    text         text     not null,
    blocks       jsonb    not null,
    created_at   timestamptz not null,
    constraint knowledge_versions_pkey primary key (workspace_id, document_id, version),
    constraint knowledge_versions_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
);

create table knowledge_chunks (
    workspace_id uuid     not null,
    id           uuid     not null,
    document_id  uuid     not null,
    scope_id     uuid     not null,
    ordinal      bigint   not null,
    start_byte   bigint   not null,
    end_byte     bigint   not null,
    headings     jsonb    not null,
    text         text     not null,
    words        bigint   not null,
    constraint knowledge_chunks_pkey primary key (workspace_id, id),
    constraint knowledge_chunks_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
);

create index knowledge_chunks_of_document on knowledge_chunks (workspace_id, document_id, ordinal);
create index knowledge_chunks_of_scope on knowledge_chunks (workspace_id, scope_id);

-- Which term is how often in which chunk. words is the length of the chunk, so that a ranking reads this table alone.
create table knowledge_postings (
    workspace_id uuid     not null,
    scope_id     uuid     not null,
    term         text collate "C" not null,
    chunk_id     uuid     not null,
    frequency    bigint   not null,
    words        bigint   not null,
    constraint knowledge_postings_pkey primary key (workspace_id, scope_id, term, chunk_id),
    constraint knowledge_postings_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade
);

create index knowledge_postings_of_chunk on knowledge_postings (workspace_id, chunk_id);

-- How many chunks have a term.
create table knowledge_terms (
    workspace_id uuid     not null,
    scope_id     uuid     not null,
    term         text collate "C" not null,
    chunks       bigint   not null,
    constraint knowledge_terms_pkey primary key (workspace_id, scope_id, term),
    constraint knowledge_terms_workspace_id_scope_id_fkey
        foreign key (workspace_id, scope_id) references knowledge_scopes (workspace_id, id) on delete cascade
);

create index knowledge_terms_unused on knowledge_terms (workspace_id, scope_id) where chunks <= 0;

create table knowledge_vectors (
    workspace_id uuid     not null,
    chunk_id     uuid     not null,
    scope_id     uuid     not null,
    model        text     not null,
    scale        double precision not null,
    numbers      bytea    not null,
    constraint knowledge_vectors_pkey primary key (workspace_id, chunk_id),
    constraint knowledge_vectors_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade
);

create index knowledge_vectors_of_scope on knowledge_vectors (workspace_id, scope_id, model, chunk_id);

-- version counts changes of feedback: each rating, correction, reversal and restoration is one.
create table knowledge_feedback_states (
    workspace_id uuid     not null,
    version      bigint   not null,
    constraint knowledge_feedback_states_pkey primary key (workspace_id),
    constraint knowledge_feedback_states_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

-- What somebody thought of a chunk as an answer to a question, of which the terms are kept. version is that in which it was
-- given, since that from which on this row is in force: a copy begins where somebody goes back to what was replaced or taken
-- back. replaced_in is the version in which a later rating took its place, reverted_in that in which it was taken back.
-- Nothing is summed up: what ratings do is computed from these rows.
create table knowledge_feedback (
    workspace_id uuid     not null,
    id           uuid     not null,
    chunk_id     uuid     not null,
    kind         text     not null,
    terms        jsonb    not null,
    terms_hash   bytea    not null,
    rated_by     text     not null,
    version      bigint   not null,
    since        bigint   not null,
    replaced_in  bigint,
    reverted_in  bigint,
    at           timestamptz not null,
    constraint knowledge_feedback_pkey primary key (workspace_id, id, since),
    constraint knowledge_feedback_workspace_id_chunk_id_fkey foreign key (workspace_id, chunk_id)
        references knowledge_chunks (workspace_id, id) on delete cascade,
    constraint knowledge_feedback_kind_known check (kind in ('up', 'down', 'wrong'))
);

create index knowledge_feedback_of_chunk on knowledge_feedback (workspace_id, chunk_id, version);
create unique index knowledge_feedback_in_force on knowledge_feedback (workspace_id, chunk_id, rated_by, terms_hash)
    where replaced_in is null and reverted_in is null;
create index knowledge_feedback_since on knowledge_feedback (workspace_id, since);

-- The question that a version of a correction answers; since when and until when as above.
create table knowledge_pins (
    workspace_id uuid     not null,
    document_id  uuid     not null,
    document_version bigint not null,
    title        text     not null,
    terms        jsonb    not null,
    version      bigint   not null,
    since        bigint   not null,
    replaced_in  bigint,
    reverted_in  bigint,
    constraint knowledge_pins_pkey primary key (workspace_id, document_id, since),
    constraint knowledge_pins_workspace_id_document_id_fkey foreign key (workspace_id, document_id)
        references knowledge_documents (workspace_id, id) on delete cascade
);

create unique index knowledge_pins_in_force on knowledge_pins (workspace_id, document_id)
    where replaced_in is null and reverted_in is null;
create index knowledge_pins_since on knowledge_pins (workspace_id, since);

alter table knowledge_scopes enable row level security;
alter table knowledge_scopes force row level security;
create policy knowledge_scopes_of_workspace on knowledge_scopes using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_documents enable row level security;
alter table knowledge_documents force row level security;
create policy knowledge_documents_of_workspace on knowledge_documents using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_versions enable row level security;
alter table knowledge_versions force row level security;
create policy knowledge_versions_of_workspace on knowledge_versions using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_chunks enable row level security;
alter table knowledge_chunks force row level security;
create policy knowledge_chunks_of_workspace on knowledge_chunks using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_postings enable row level security;
alter table knowledge_postings force row level security;
create policy knowledge_postings_of_workspace on knowledge_postings using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_terms enable row level security;
alter table knowledge_terms force row level security;
create policy knowledge_terms_of_workspace on knowledge_terms using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_vectors enable row level security;
alter table knowledge_vectors force row level security;
create policy knowledge_vectors_of_workspace on knowledge_vectors using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_feedback_states enable row level security;
alter table knowledge_feedback_states force row level security;
create policy knowledge_feedback_states_of_workspace on knowledge_feedback_states using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_feedback enable row level security;
alter table knowledge_feedback force row level security;
create policy knowledge_feedback_of_workspace on knowledge_feedback using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table knowledge_pins enable row level security;
alter table knowledge_pins force row level security;
create policy knowledge_pins_of_workspace on knowledge_pins using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
