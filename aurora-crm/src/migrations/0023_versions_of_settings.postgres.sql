-- Versions of settings, so that whoever was slower overwrites nothing.
alter table conversation_settings add column version bigint not null default 1;
alter table custom_field_settings add column version bigint not null default 1;

-- Of all rules of a workspace together: one that is taken back leaves no row.
create table retention_versions (
    workspace_id uuid not null,
    version      bigint not null,
    constraint retention_versions_pkey primary key (workspace_id),
    constraint retention_versions_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

alter table retention_versions enable row level security;
alter table retention_versions force row level security;
create policy retention_versions_of_workspace on retention_versions
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
