-- What was done, in a chain per workspace: each hash covers the one before it. No row is ever changed or removed.
-- detail is text and not jsonb, because its hash covers every byte.
create table audit_entries (
    workspace_id  uuid        not null,
    seq           bigint      not null,
    at            timestamptz not null,
    action        text        not null,
    outcome       text        not null,
    principal     text        not null,
    subject_kind  text        not null,
    subject_id    uuid        not null,
    origin        text,
    request_id    text,
    detail        text        not null,
    previous_hash bytea       not null,
    hash          bytea       not null,
    constraint audit_entries_pkey primary key (workspace_id, seq),
    constraint audit_entries_seq_positive check (seq > 0),
    constraint audit_entries_hashes_whole check (length(hash) = 32 and length(previous_hash) = 32)
);

create index audit_entries_of_subject on audit_entries (workspace_id, subject_id, seq);

create function aurora_refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'rows of % are never changed or removed', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create trigger audit_entries_unchanged before update or delete or truncate on audit_entries
    for each statement execute function aurora_refuse_change();

-- Where each chain ends; its row is the lock that puts entries in order.
create table audit_heads (
    workspace_id uuid   not null,
    seq          bigint not null,
    hash         bytea  not null,
    constraint audit_heads_pkey primary key (workspace_id)
);

-- What happened, for whoever listens. Ids and harmless values alone.
create table events (
    workspace_id uuid        not null,
    id           uuid        not null,
    type         text        not null,
    subject_kind text        not null,
    subject_id   uuid        not null,
    data         text        not null,
    occurred_at  timestamptz not null,
    constraint events_pkey primary key (workspace_id, id)
);

alter table audit_entries enable row level security;
alter table audit_entries force row level security;
create policy audit_entries_of_workspace on audit_entries using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table audit_heads enable row level security;
alter table audit_heads force row level security;
create policy audit_heads_of_workspace on audit_heads using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table events enable row level security;
alter table events force row level security;
create policy events_of_workspace on events using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
