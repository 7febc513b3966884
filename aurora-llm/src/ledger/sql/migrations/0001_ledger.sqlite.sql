-- tenant is '' for the application itself, and user_id and key_id for nobody's. An account is somebody's spending in one
-- period; its reserved columns are the sum of its rows in aurora_llm_reservations.
create table aurora_llm_accounts (
    tenant text not null,
    account text not null,
    ends_at integer,
    spent integer not null,
    spent_tokens integer not null,
    reserved integer not null,
    reserved_tokens integer not null,
    constraint aurora_llm_accounts_pkey primary key (tenant, account)
) strict;

create index aurora_llm_accounts_ended on aurora_llm_accounts (ends_at) where ends_at is not null;

create table aurora_llm_reservations (
    tenant text not null,
    id blob not null,
    account text not null,
    cost integer not null,
    tokens integer not null,
    expires_at integer not null,
    constraint aurora_llm_reservations_pkey primary key (tenant, id, account)
) strict;

create index aurora_llm_reservations_expiring on aurora_llm_reservations (tenant, account, expires_at);
create index aurora_llm_reservations_expired on aurora_llm_reservations (expires_at);

-- cost is null for what has no price.
create table aurora_llm_entries (
    tenant text not null,
    id blob not null,
    at integer not null,
    user_id text not null,
    key_id text not null,
    task text not null,
    provider text not null,
    model text not null,
    input_tokens integer not null,
    cached_tokens integer not null,
    output_tokens integer not null,
    reasoning_tokens integer not null,
    cost integer,
    estimated integer not null,
    constraint aurora_llm_entries_pkey primary key (tenant, id)
) strict;

create index aurora_llm_entries_newest on aurora_llm_entries (tenant, at, id);
create index aurora_llm_entries_oldest on aurora_llm_entries (at);

-- Totals of a day in UTC, which outlive the entries.
create table aurora_llm_usage (
    tenant text not null,
    day text not null,
    user_id text not null,
    key_id text not null,
    task text not null,
    provider text not null,
    model text not null,
    calls integer not null,
    input_tokens integer not null,
    cached_tokens integer not null,
    output_tokens integer not null,
    reasoning_tokens integer not null,
    cost integer not null,
    unpriced integer not null,
    estimated integer not null,
    constraint aurora_llm_usage_pkey primary key (tenant, day, user_id, key_id, task, provider, model)
) strict;

create index aurora_llm_usage_days on aurora_llm_usage (day);
