alter table workspaces add column locale text not null default 'pt-BR';
alter table workspaces add column version integer not null default 1;
-- Grows with each change of members; its row is the lock that puts these changes in order.
alter table workspaces add column members_version integer not null default 0;
alter table workspaces add column closed_at integer;

-- is_owner is what roles say, for the rule that a workspace keeps an owner.
create table members (
    workspace_id blob    not null,
    user_id      blob    not null,
    roles        text    not null,
    is_owner     integer not null,
    status       text    not null,
    joined_at    integer not null,
    updated_at   integer not null,
    version      integer not null,
    constraint members_pkey primary key (workspace_id, user_id),
    constraint members_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint members_status_known check (status in ('active', 'suspended')),
    constraint members_version_positive check (version > 0)
) strict, without rowid;

create index members_of_user on members (user_id, workspace_id);

-- The token itself is stored nowhere.
create table invitations (
    workspace_id blob    not null,
    id           blob    not null,
    email        text    not null,
    roles        text    not null,
    token_hash   blob    not null,
    status       text    not null,
    invited_by   text    not null,
    accepted_by  blob,
    expires_at   integer not null,
    created_at   integer not null,
    updated_at   integer not null,
    constraint invitations_pkey primary key (workspace_id, id),
    constraint invitations_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint invitations_status_known check (status in ('open', 'accepted', 'revoked', 'expired')),
    constraint invitations_hash_whole check (length(token_hash) = 32)
) strict;

create unique index invitations_workspace_id_token_hash_key on invitations (workspace_id, token_hash);
create unique index invitations_workspace_id_email_key on invitations (workspace_id, email) where status = 'open';
