alter table workspaces add column locale text not null default 'pt-BR';
alter table workspaces add column version bigint not null default 1;
-- Grows with each change of members; its row is the lock that puts these changes in order.
alter table workspaces add column members_version bigint not null default 0;
alter table workspaces add column closed_at timestamptz;

-- is_owner is what roles say, for the rule that a workspace keeps an owner.
create table members (
    workspace_id uuid        not null,
    user_id      uuid        not null,
    roles        jsonb       not null,
    is_owner     boolean     not null,
    status       text        not null,
    joined_at    timestamptz not null,
    updated_at   timestamptz not null,
    version      bigint      not null,
    constraint members_pkey primary key (workspace_id, user_id),
    constraint members_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint members_status_known check (status in ('active', 'suspended')),
    constraint members_version_positive check (version > 0)
);

create index members_of_user on members (user_id, workspace_id);

-- The token itself is stored nowhere.
create table invitations (
    workspace_id uuid        not null,
    id           uuid        not null,
    email        text        not null,
    roles        jsonb       not null,
    token_hash   bytea       not null,
    status       text        not null,
    invited_by   text        not null,
    accepted_by  uuid,
    expires_at   timestamptz not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint invitations_pkey primary key (workspace_id, id),
    constraint invitations_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint invitations_status_known check (status in ('open', 'accepted', 'revoked', 'expired')),
    constraint invitations_hash_whole check (length(token_hash) = 32)
);

create unique index invitations_workspace_id_token_hash_key on invitations (workspace_id, token_hash);
create unique index invitations_workspace_id_email_key on invitations (workspace_id, email) where status = 'open';

alter table members enable row level security;
alter table members force row level security;
create policy members_of_workspace on members using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
create policy members_of_user on members for select using (user_id = nullif(current_setting('aurora.user_id', true), '')::uuid);
-- The workspaces that a user is in: their names, and nothing that is in them.
create policy workspaces_of_user on workspaces for select using (exists (
    select from members m
    where m.workspace_id = workspaces.id and m.user_id = nullif(current_setting('aurora.user_id', true), '')::uuid
));
alter table invitations enable row level security;
alter table invitations force row level security;
create policy invitations_of_workspace on invitations using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
