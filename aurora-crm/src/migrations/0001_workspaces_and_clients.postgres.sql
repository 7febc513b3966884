create table workspaces (
    id         uuid        not null,
    kind       text        not null,
    name       text        not null,
    time_zone  text        not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint workspaces_pkey primary key (id),
    constraint workspaces_kind_known check (kind in ('company', 'clinic'))
);

-- Every key leads with the workspace, so that a reference across workspaces cannot be stored.
-- name_key is the legal name folded for sorting, so that both engines sort alike.
create table clients (
    workspace_id uuid        not null,
    id           uuid        not null,
    kind         text        not null,
    status       text        not null,
    legal_name   text        not null,
    name_key     text collate "C" not null,
    trade_name   text,
    cnpj         text collate "C",
    cpf          text collate "C",
    birth_date   text collate "C",
    email        text,
    emails       jsonb       not null,
    phones       jsonb       not null,
    addresses    jsonb       not null,
    owner_id     uuid,
    source       text,
    tags         jsonb       not null,
    custom       jsonb       not null,
    version      bigint      not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,
    merged_into  uuid,
    constraint clients_pkey primary key (workspace_id, id),
    constraint clients_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint clients_workspace_id_merged_into_fkey foreign key (workspace_id, merged_into)
        references clients (workspace_id, id),
    constraint clients_merged_is_deleted check (merged_into is null or deleted_at is not null),
    constraint clients_status_known check (status in ('active', 'inactive', 'blocked')),
    constraint clients_birth_date_of_person check (birth_date is null or (kind = 'person' and length(birth_date) = 10)),
    constraint clients_kind_known check (kind in ('company', 'person')),
    constraint clients_cnpj_of_company check (cnpj is null or (kind = 'company' and length(cnpj) = 14)),
    constraint clients_cpf_of_person check (cpf is null or (kind = 'person' and length(cpf) = 11)),
    constraint clients_version_positive check (version > 0)
);

create unique index clients_workspace_id_cnpj_key on clients (workspace_id, cnpj)
    where deleted_at is null and cnpj is not null;
create unique index clients_workspace_id_cpf_key on clients (workspace_id, cpf)
    where deleted_at is null and cpf is not null;
create index clients_newest on clients (workspace_id, created_at, id) where deleted_at is null;
create index clients_by_name on clients (workspace_id, name_key, id) where deleted_at is null;
create index clients_updated on clients (workspace_id, updated_at, id) where deleted_at is null;
create index clients_deleted on clients (workspace_id, deleted_at, id) where deleted_at is not null;
create index clients_merged on clients (workspace_id, merged_into) where merged_into is not null;

-- The second wall: a statement that forgets its workspace finds nothing. The settings end with each transaction.
alter table workspaces enable row level security;
alter table workspaces force row level security;
create policy workspaces_own on workspaces using (
    id = nullif(current_setting('aurora.workspace', true), '')::uuid
    or current_setting('aurora.directory', true) = 'on'
) with check (id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table clients enable row level security;
alter table clients force row level security;
create policy clients_of_workspace on clients using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
