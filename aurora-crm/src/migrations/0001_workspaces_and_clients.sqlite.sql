-- Ids are uuid v7 as 16 bytes, times are microseconds since 1970 in UTC.
create table workspaces (
    id         blob    not null,
    kind       text    not null,
    name       text    not null,
    time_zone  text    not null,
    created_at integer not null,
    updated_at integer not null,
    constraint workspaces_pkey primary key (id),
    constraint workspaces_kind_known check (kind in ('company', 'clinic'))
) strict, without rowid;

-- Every key leads with the workspace, so that a reference across workspaces cannot be stored.
-- name_key is the legal name folded for sorting, so that both engines sort alike.
create table clients (
    workspace_id blob    not null,
    id           blob    not null,
    kind         text        not null,
    status       text        not null,
    legal_name   text        not null,
    name_key     text not null,
    trade_name   text,
    cnpj         text,
    cpf          text,
    birth_date   text,
    email        text,
    emails       text        not null,
    phones       text        not null,
    addresses    text        not null,
    owner_id     blob,
    source       text,
    tags         text        not null,
    custom       text        not null,
    version      integer     not null,
    created_at   integer     not null,
    updated_at   integer     not null,
    deleted_at   integer    ,
    merged_into  blob,
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
) strict;

create unique index clients_workspace_id_cnpj_key on clients (workspace_id, cnpj)
    where deleted_at is null and cnpj is not null;
create unique index clients_workspace_id_cpf_key on clients (workspace_id, cpf)
    where deleted_at is null and cpf is not null;
create index clients_newest on clients (workspace_id, created_at, id) where deleted_at is null;
create index clients_by_name on clients (workspace_id, name_key, id) where deleted_at is null;
create index clients_updated on clients (workspace_id, updated_at, id) where deleted_at is null;
create index clients_deleted on clients (workspace_id, deleted_at, id) where deleted_at is not null;
create index clients_merged on clients (workspace_id, merged_into) where merged_into is not null;
