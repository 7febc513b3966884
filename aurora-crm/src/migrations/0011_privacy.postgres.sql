-- What was made anonymous, with the report of it. It holds counts and ids, and nothing of the person.
create table erasures (
    workspace_id uuid not null,
    id           uuid not null,
    subject_kind text not null,
    subject_id   uuid not null,
    report       text not null,
    report_hash  bytea not null,
    at           timestamptz not null,
    constraint erasures_pkey primary key (workspace_id, id),
    constraint erasures_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create index erasures_of_subject on erasures (workspace_id, subject_id, id);

alter table erasures enable row level security;
alter table erasures force row level security;
create policy erasures_of_workspace on erasures
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

-- Records that the law forbids to erase. One without an end lasts until it is released.
create table legal_holds (
    workspace_id uuid not null,
    id           uuid not null,
    subject_kind text not null,
    subject_id   uuid not null,
    record_class text not null,
    basis        text not null,
    until        timestamptz,
    created_at   timestamptz not null,
    released_at  timestamptz,
    constraint legal_holds_pkey primary key (workspace_id, id),
    constraint legal_holds_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create index legal_holds_of_subject on legal_holds (workspace_id, subject_id, id);

alter table legal_holds enable row level security;
alter table legal_holds force row level security;
create policy legal_holds_of_workspace on legal_holds
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

-- Each consent and each revocation is a row. No row is ever changed or removed.
create table consents (
    workspace_id uuid not null,
    id           uuid not null,
    subject_kind text not null,
    subject_id   uuid not null,
    purpose      text not null,
    act          text not null,
    text_version text,
    text_hash    bytea,
    channel      text not null,
    evidence     text,
    at           timestamptz not null,
    principal    text not null,
    constraint consents_pkey primary key (workspace_id, id),
    constraint consents_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint consents_act_known check (act in ('given', 'revoked')),
    constraint consents_given_to_a_text check (act = 'revoked' or (text_version is not null and text_hash is not null))
);

create index consents_of_subject on consents (workspace_id, subject_id, purpose, id);

alter table consents enable row level security;
alter table consents force row level security;
create policy consents_of_workspace on consents
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

-- With whom data of a person was shared.
create table data_shares (
    workspace_id uuid not null,
    id           uuid not null,
    subject_kind text not null,
    subject_id   uuid not null,
    recipient    text not null,
    purpose      text not null,
    categories   jsonb not null,
    at           timestamptz not null,
    principal    text not null,
    constraint data_shares_pkey primary key (workspace_id, id),
    constraint data_shares_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create index data_shares_of_subject on data_shares (workspace_id, subject_id, id);

alter table data_shares enable row level security;
alter table data_shares force row level security;
create policy data_shares_of_workspace on data_shares
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

-- What people ask for by art. 18 of the LGPD.
create table data_requests (
    workspace_id uuid not null,
    id           uuid not null,
    subject_kind text not null,
    subject_id   uuid not null,
    kind         text not null,
    state        text not null,
    outcome      text,
    received_at  timestamptz not null,
    due_at       timestamptz not null,
    answered_at  timestamptz,
    version      bigint not null,
    constraint data_requests_pkey primary key (workspace_id, id),
    constraint data_requests_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint data_requests_kind_known check (kind in ('access', 'rectification', 'erasure', 'portability', 'revocation', 'information')),
    constraint data_requests_state_known check (state in ('open', 'answered', 'refused')),
    constraint data_requests_answered_when_not_open check ((state = 'open') = (answered_at is null)),
    constraint data_requests_version_positive check (version > 0)
);

create index data_requests_by_due on data_requests (workspace_id, due_at, id) where state = 'open';
create index data_requests_of_subject on data_requests (workspace_id, subject_id, id);

alter table data_requests enable row level security;
alter table data_requests force row level security;
create policy data_requests_of_workspace on data_requests
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

-- How long records are kept.
create table retention_rules (
    workspace_id uuid not null,
    record_class text not null,
    keep_days    bigint not null,
    updated_at   timestamptz not null,
    constraint retention_rules_pkey primary key (workspace_id, record_class),
    constraint retention_rules_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint retention_rules_keep_days_positive check (keep_days > 0)
);

alter table retention_rules enable row level security;
alter table retention_rules force row level security;
create policy retention_rules_of_workspace on retention_rules
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

create trigger consents_unchanged before update or delete or truncate on consents
    for each statement execute function aurora_refuse_change();
