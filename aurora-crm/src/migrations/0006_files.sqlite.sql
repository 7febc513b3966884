-- How many bytes a workspace stores. Every transaction that changes its files begins with this row, and so they follow
-- one another.
create table file_usage (
    workspace_id blob    not null,
    bytes        integer not null,
    constraint file_usage_pkey primary key (workspace_id),
    constraint file_usage_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint file_usage_bytes_not_negative check (bytes >= 0)
) strict, without rowid;

-- Bytes in the store of files. No bytes are there without a row here: it is written before them and removed after them.
--   pending  somebody is sending them, or died over it
--   stored   complete; uses is how many files have this content
--   doomed   to be removed
create table file_blobs (
    workspace_id blob    not null,
    id           blob    not null,
    state        text    not null,
    sha256       blob,
    size         integer not null,
    uses         integer not null,
    created_at   integer not null,
    constraint file_blobs_pkey primary key (workspace_id, id),
    constraint file_blobs_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint file_blobs_state_known check (state in ('pending', 'stored', 'doomed')),
    constraint file_blobs_stored_is_used check ((state = 'stored') = (uses > 0)),
    constraint file_blobs_stored_has_hash check ((state = 'stored') = (sha256 is not null)),
    constraint file_blobs_size_not_negative check (size >= 0)
) strict, without rowid;

create unique index file_blobs_workspace_id_sha256_key on file_blobs (workspace_id, sha256) where state = 'stored';
create index file_blobs_pending on file_blobs (workspace_id, created_at) where state = 'pending';
create index file_blobs_doomed on file_blobs (workspace_id, id) where state = 'doomed';

-- A file that is deleted keeps nothing that could name a person.
create table files (
    workspace_id blob    not null,
    id           blob    not null,
    blob_id      blob,
    name         text    not null,
    media_type   text    not null,
    size         integer not null,
    sha256       blob,
    subject_kind text,
    subject_id   blob,
    uploaded_by  text    not null,
    created_at   integer not null,
    deleted_at   integer,
    constraint files_pkey primary key (workspace_id, id),
    constraint files_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint files_workspace_id_blob_id_fkey foreign key (workspace_id, blob_id) references file_blobs (workspace_id, id),
    constraint files_size_positive check (size > 0),
    constraint files_subject_whole check ((subject_kind is null) = (subject_id is null)),
    constraint files_deleted_is_empty
        check ((deleted_at is null) = (blob_id is not null) and (deleted_at is null) = (sha256 is not null)
            and (deleted_at is null or (name = '' and subject_id is null)))
) strict, without rowid;

create index files_newest on files (workspace_id, created_at, id) where deleted_at is null;
create index files_of_subject on files (workspace_id, subject_kind, subject_id, created_at, id) where deleted_at is null;
create index files_of_blob on files (workspace_id, blob_id) where blob_id is not null;
