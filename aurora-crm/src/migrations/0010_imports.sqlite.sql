-- Imports of files, and how far each has come: the position moves in the transaction that stores the rows before it.
create table imports (
    workspace_id   blob    not null,
    id             blob    not null,
    state          text    not null,
    rows_done      integer not null,
    rows_hash      blob    not null,
    file_hash      blob,
    created        integer not null,
    updated        integer not null,
    unchanged      integer not null,
    skipped        integer not null,
    refused        integer not null,
    started_at     integer not null,
    updated_at     integer not null,
    constraint imports_pkey primary key (workspace_id, id),
    constraint imports_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint imports_state_known check (state in ('running', 'finished')),
    constraint imports_hashes_whole check (length(rows_hash) = 32 and (file_hash is null or length(file_hash) = 32))
) strict, without rowid;

-- What other systems call a client. The reference is checked at the commit, because a name is claimed before its client
-- is stored.
create table client_external_ids (
    workspace_id blob not null,
    system       text not null,
    external_id  text not null,
    client_id    blob not null,
    constraint client_external_ids_pkey primary key (workspace_id, system, external_id),
    constraint client_external_ids_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade deferrable initially deferred
) strict, without rowid;

create index client_external_ids_of_client on client_external_ids (workspace_id, client_id);
create index clients_by_email on clients (workspace_id, lower(email)) where deleted_at is null and email is not null;
