-- Users, their sessions and factors belong to the installation: one person may be a member of several workspaces.
-- These tables know no workspace and have no row-level security.

-- email_folded is the whole address in lower case: two that differ in case alone are one person.
-- session_epoch grows when all sessions are ended, so that one that is being opened at that moment is dead as well.
create table users (
    id                blob    not null,
    email             text    not null,
    email_folded      text    not null,
    name              text    not null,
    locale            text    not null,
    status            text    not null,
    is_administrator  integer not null,
    password          text,
    email_verified_at integer,
    session_epoch     integer not null,
    version           integer not null,
    created_at        integer not null,
    updated_at        integer not null,
    constraint users_pkey primary key (id),
    constraint users_status_known check (status in ('active', 'disabled')),
    constraint users_version_positive check (version > 0)
) strict;

create unique index users_email_folded_key on users (email_folded);
create index users_newest on users (created_at, id);

-- refresh_key is sealed. A session is alive while its epoch is the user's.
create table sessions (
    id               blob    not null,
    user_id          blob    not null,
    epoch            integer not null,
    counter          integer not null,
    refresh_key      blob    not null,
    assurance        text    not null,
    methods          text    not null,
    network          text    not null,
    agent            text,
    authenticated_at integer not null,
    refreshed_at     integer not null,
    last_seen_at     integer not null,
    created_at       integer not null,
    expires_at       integer not null,
    constraint sessions_pkey primary key (id),
    constraint sessions_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint sessions_assurance_known check (assurance in ('aal1', 'aal2', 'aal3')),
    constraint sessions_counter_not_negative check (counter >= 0)
) strict;

create index sessions_of_user on sessions (user_id, created_at, id);
create index sessions_by_end on sessions (expires_at);

-- One living token for each purpose of a subject: a user, the installation (the nil id), or nobody, where an unknown
-- address has to cost the same work as a known one. Hence no foreign key. Only hashes are kept.
create table single_use_tokens (
    subject_id blob    not null,
    purpose    text    not null,
    hash       blob    not null,
    created_at integer not null,
    expires_at integer not null,
    constraint single_use_tokens_pkey primary key (subject_id, purpose),
    constraint single_use_tokens_purpose_known check (purpose in ('reset', 'verify', 'invite', 'setup'))
) strict;

create unique index single_use_tokens_hash_key on single_use_tokens (hash);
create index single_use_tokens_by_end on single_use_tokens (expires_at);

-- Failed attempts of a subject: a user, a device, a session, or one of a limited number of places for addresses that nobody has.
create table throttles (
    subject_id    blob    not null,
    kind          text    not null,
    failures      integer not null,
    failed_at     integer not null,
    blocked_until integer not null,
    constraint throttles_pkey primary key (subject_id, kind),
    constraint throttles_kind_known check (kind in ('password', 'device', 'session', 'factor')),
    constraint throttles_failures_not_negative check (failures >= 0)
) strict;

create index throttles_by_age on throttles (failed_at);

-- Devices on which a login succeeded; they have a throttle of their own.
create table devices (
    id           blob    not null,
    user_id      blob    not null,
    hash         blob    not null,
    last_used_at integer not null,
    constraint devices_pkey primary key (id),
    constraint devices_user_id_fkey foreign key (user_id) references users (id) on delete cascade
) strict;

create unique index devices_hash_key on devices (hash);
create index devices_of_user on devices (user_id, last_used_at, id);
create index devices_by_age on devices (last_used_at);

-- Secrets are sealed. The pending one becomes active by its first code; last_step makes each code good once.
create table second_factors (
    id         blob    not null,
    user_id    blob    not null,
    state      text    not null,
    secret     blob    not null,
    last_step  integer,
    created_at integer not null,
    constraint second_factors_pkey primary key (id),
    constraint second_factors_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint second_factors_state_known check (state in ('pending', 'active'))
) strict;

create unique index second_factors_user_id_state_key on second_factors (user_id, state);

create table recovery_codes (
    id       blob    not null,
    user_id  blob    not null,
    hash     text    not null,
    used_at  integer,
    constraint recovery_codes_pkey primary key (id),
    constraint recovery_codes_user_id_fkey foreign key (user_id) references users (id) on delete cascade
) strict;

create index recovery_codes_of_user on recovery_codes (user_id, id);

-- A login that waits for its second factor.
create table login_challenges (
    id        blob    not null,
    hash      blob    not null,
    user_id   blob    not null,
    epoch     integer not null,
    binding   blob    not null,
    methods   text    not null,
    attempts  integer not null,
    opened_at integer not null,
    constraint login_challenges_pkey primary key (id),
    constraint login_challenges_user_id_fkey foreign key (user_id) references users (id) on delete cascade,
    constraint login_challenges_attempts_known check (attempts between 0 and 5)
) strict;

create unique index login_challenges_hash_key on login_challenges (hash);
create index login_challenges_of_user on login_challenges (user_id, opened_at, id);
create index login_challenges_by_age on login_challenges (opened_at);

-- Where the workspace of an API key is looked up, before it is known: no row-level security, and nothing but ids.
create table api_key_directory (
    hash         blob    not null,
    workspace_id blob    not null,
    id           blob    not null,
    constraint api_key_directory_pkey primary key (hash)
) strict;

create table api_keys (
    workspace_id blob    not null,
    id           blob    not null,
    name         text    not null,
    prefix       text    not null,
    hash         blob    not null,
    scopes       text    not null,
    created_by   text    not null,
    created_at   integer not null,
    expires_at   integer,
    revoked_at   integer,
    last_used_at integer,
    constraint api_keys_pkey primary key (workspace_id, id),
    constraint api_keys_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create unique index api_keys_workspace_id_hash_key on api_keys (workspace_id, hash);
create index api_keys_newest on api_keys (workspace_id, created_at, id);

-- The secret is sealed for its workspace and provider.
create table provider_keys (
    workspace_id blob    not null,
    id           blob    not null,
    provider     text    not null,
    secret       blob    not null,
    hint         text    not null,
    version      integer not null,
    created_at   integer not null,
    updated_at   integer not null,
    constraint provider_keys_pkey primary key (workspace_id, id),
    constraint provider_keys_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create unique index provider_keys_workspace_id_provider_key on provider_keys (workspace_id, provider);
