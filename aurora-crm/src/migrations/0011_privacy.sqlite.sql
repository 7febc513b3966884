-- What was made anonymous, with the report of it. It holds counts and ids, and nothing of the person.
create table erasures (
    workspace_id blob not null,
    id           blob not null,
    subject_kind text not null,
    subject_id   blob not null,
    report       text not null,
    report_hash  blob not null,
    at           integer not null,
    constraint erasures_pkey primary key (workspace_id, id),
    constraint erasures_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create index erasures_of_subject on erasures (workspace_id, subject_id, id);

-- Records that the law forbids to erase. One without an end lasts until it is released.
create table legal_holds (
    workspace_id blob not null,
    id           blob not null,
    subject_kind text not null,
    subject_id   blob not null,
    record_class text not null,
    basis        text not null,
    until        integer,
    created_at   integer not null,
    released_at  integer,
    constraint legal_holds_pkey primary key (workspace_id, id),
    constraint legal_holds_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create index legal_holds_of_subject on legal_holds (workspace_id, subject_id, id);

-- Each consent and each revocation is a row. No row is ever changed or removed.
create table consents (
    workspace_id blob not null,
    id           blob not null,
    subject_kind text not null,
    subject_id   blob not null,
    purpose      text not null,
    act          text not null,
    text_version text,
    text_hash    blob,
    channel      text not null,
    evidence     text,
    at           integer not null,
    principal    text not null,
    constraint consents_pkey primary key (workspace_id, id),
    constraint consents_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint consents_act_known check (act in ('given', 'revoked')),
    constraint consents_given_to_a_text check (act = 'revoked' or (text_version is not null and text_hash is not null))
) strict;

create index consents_of_subject on consents (workspace_id, subject_id, purpose, id);

create trigger consents_unchanged before update on consents
begin
    select raise(abort, 'consents are never changed');
end;

create trigger consents_kept before delete on consents
begin
    select raise(abort, 'consents are never removed');
end;

-- With whom data of a person was shared.
create table data_shares (
    workspace_id blob not null,
    id           blob not null,
    subject_kind text not null,
    subject_id   blob not null,
    recipient    text not null,
    purpose      text not null,
    categories   text not null,
    at           integer not null,
    principal    text not null,
    constraint data_shares_pkey primary key (workspace_id, id),
    constraint data_shares_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create index data_shares_of_subject on data_shares (workspace_id, subject_id, id);

-- What people ask for by art. 18 of the LGPD.
create table data_requests (
    workspace_id blob not null,
    id           blob not null,
    subject_kind text not null,
    subject_id   blob not null,
    kind         text not null,
    state        text not null,
    outcome      text,
    received_at  integer not null,
    due_at       integer not null,
    answered_at  integer,
    version      integer not null,
    constraint data_requests_pkey primary key (workspace_id, id),
    constraint data_requests_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint data_requests_kind_known check (kind in ('access', 'rectification', 'erasure', 'portability', 'revocation', 'information')),
    constraint data_requests_state_known check (state in ('open', 'answered', 'refused')),
    constraint data_requests_answered_when_not_open check ((state = 'open') = (answered_at is null)),
    constraint data_requests_version_positive check (version > 0)
) strict;

create index data_requests_by_due on data_requests (workspace_id, due_at, id) where state = 'open';
create index data_requests_of_subject on data_requests (workspace_id, subject_id, id);

-- How long records are kept.
create table retention_rules (
    workspace_id blob not null,
    record_class text not null,
    keep_days    integer not null,
    updated_at   integer not null,
    constraint retention_rules_pkey primary key (workspace_id, record_class),
    constraint retention_rules_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint retention_rules_keep_days_positive check (keep_days > 0)
) strict, without rowid;
