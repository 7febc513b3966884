-- What was done, in a chain per workspace: each hash covers the one before it. No row is ever changed or removed.
create table audit_entries (
    workspace_id  blob    not null,
    seq           integer not null,
    at            integer not null,
    action        text    not null,
    outcome       text    not null,
    principal     text    not null,
    subject_kind  text    not null,
    subject_id    blob    not null,
    origin        text,
    request_id    text,
    detail        text    not null,
    previous_hash blob    not null,
    hash          blob    not null,
    constraint audit_entries_pkey primary key (workspace_id, seq),
    constraint audit_entries_seq_positive check (seq > 0),
    constraint audit_entries_hashes_whole check (length(hash) = 32 and length(previous_hash) = 32)
) strict, without rowid;

create index audit_entries_of_subject on audit_entries (workspace_id, subject_id, seq);

create trigger audit_entries_unchanged before update on audit_entries
begin
    select raise(abort, 'audit entries are never changed');
end;

create trigger audit_entries_kept before delete on audit_entries
begin
    select raise(abort, 'audit entries are never removed');
end;

-- Where each chain ends; its row is the lock that puts entries in order.
create table audit_heads (
    workspace_id blob    not null,
    seq          integer not null,
    hash         blob    not null,
    constraint audit_heads_pkey primary key (workspace_id)
) strict, without rowid;

-- What happened, for whoever listens. Ids and harmless values alone.
create table events (
    workspace_id blob    not null,
    id           blob    not null,
    type         text    not null,
    subject_kind text    not null,
    subject_id   blob    not null,
    data         text    not null,
    occurred_at  integer not null,
    constraint events_pkey primary key (workspace_id, id)
) strict, without rowid;
