-- tenant is '' for the application itself, and user_id and key_id for nobody's. An account is somebody's spending in one
-- period; its reserved columns are the sum of its rows in aurora_llm_reservations.
create table aurora_llm_accounts (
    tenant          text collate "C" not null,
    account         text collate "C" not null,
    ends_at         timestamptz,
    spent           bigint      not null,
    spent_tokens    bigint      not null,
    reserved        bigint      not null,
    reserved_tokens bigint      not null,
    constraint aurora_llm_accounts_pkey primary key (tenant, account)
);

create index aurora_llm_accounts_ended on aurora_llm_accounts (ends_at) where ends_at is not null;

create table aurora_llm_reservations (
    tenant     text collate "C" not null,
    id         uuid        not null,
    account    text collate "C" not null,
    cost       bigint      not null,
    tokens     bigint      not null,
    expires_at timestamptz not null,
    constraint aurora_llm_reservations_pkey primary key (tenant, id, account)
);

create index aurora_llm_reservations_expiring on aurora_llm_reservations (tenant, account, expires_at);
create index aurora_llm_reservations_expired on aurora_llm_reservations (expires_at);

-- cost is null for what has no price.
create table aurora_llm_entries (
    tenant           text collate "C" not null,
    id               uuid        not null,
    at               timestamptz not null,
    user_id          text collate "C" not null,
    key_id           text collate "C" not null,
    task             text collate "C" not null,
    provider         text collate "C" not null,
    model            text collate "C" not null,
    input_tokens     bigint      not null,
    cached_tokens    bigint      not null,
    output_tokens    bigint      not null,
    reasoning_tokens bigint      not null,
    cost             bigint,
    estimated        boolean     not null,
    constraint aurora_llm_entries_pkey primary key (tenant, id)
);

create index aurora_llm_entries_newest on aurora_llm_entries (tenant, at, id);
create index aurora_llm_entries_oldest on aurora_llm_entries (at);

-- Totals of a day in UTC, which outlive the entries.
create table aurora_llm_usage (
    tenant           text collate "C" not null,
    day              text collate "C" not null,
    user_id          text collate "C" not null,
    key_id           text collate "C" not null,
    task             text collate "C" not null,
    provider         text collate "C" not null,
    model            text collate "C" not null,
    calls            bigint not null,
    input_tokens     bigint not null,
    cached_tokens    bigint not null,
    output_tokens    bigint not null,
    reasoning_tokens bigint not null,
    cost             bigint not null,
    unpriced         bigint not null,
    estimated        bigint not null,
    constraint aurora_llm_usage_pkey primary key (tenant, day, user_id, key_id, task, provider, model)
);

create index aurora_llm_usage_days on aurora_llm_usage (day);
