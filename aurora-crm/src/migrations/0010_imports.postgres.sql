-- Imports of files, and how far each has come: the position moves in the transaction that stores the rows before it.
create table imports (
    workspace_id   uuid        not null,
    id             uuid        not null,
    state          text        not null,
    rows_done      bigint      not null,
    rows_hash      bytea       not null,
    file_hash      bytea,
    created        bigint      not null,
    updated        bigint      not null,
    unchanged      bigint      not null,
    skipped        bigint      not null,
    refused        bigint      not null,
    started_at     timestamptz not null,
    updated_at     timestamptz not null,
    constraint imports_pkey primary key (workspace_id, id),
    constraint imports_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint imports_state_known check (state in ('running', 'finished')),
    constraint imports_hashes_whole check (length(rows_hash) = 32 and (file_hash is null or length(file_hash) = 32))
);

-- What other systems call a client. The reference is checked at the commit, because a name is claimed before its client
-- is stored.
create table client_external_ids (
    workspace_id uuid not null,
    system       text not null,
    external_id  text collate "C" not null,
    client_id    uuid not null,
    constraint client_external_ids_pkey primary key (workspace_id, system, external_id),
    constraint client_external_ids_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade deferrable initially deferred
);

create index client_external_ids_of_client on client_external_ids (workspace_id, client_id);
create index clients_by_email on clients (workspace_id, lower(email)) where deleted_at is null and email is not null;

alter table imports enable row level security;
alter table imports force row level security;
create policy imports_of_workspace on imports using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table client_external_ids enable row level security;
alter table client_external_ids force row level security;
create policy client_external_ids_of_workspace on client_external_ids using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
