-- Where a workspace's events are sent. The secrets and the values of the headers are sealed. A deleted endpoint keeps
-- its row, without address and secrets, for the deliveries that it had.
create table webhook_endpoints (
    workspace_id          uuid        not null,
    id                    uuid        not null,
    url                   text        not null,
    description           text,
    event_types           jsonb       not null,
    header_names          jsonb       not null,
    headers               text,
    secret                text        not null,
    previous_secret       text,
    previous_secret_until timestamptz,
    disabled_at           timestamptz,
    disabled_reason       text,
    failing_since         timestamptz,
    failed_deliveries     bigint      not null,
    version               bigint      not null,
    created_at            timestamptz not null,
    updated_at            timestamptz not null,
    deleted_at            timestamptz,
    constraint webhook_endpoints_pkey primary key (workspace_id, id),
    constraint webhook_endpoints_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint webhook_endpoints_disabled_reason_known check (disabled_reason in ('manual', 'gone', 'failing')),
    constraint webhook_endpoints_disabled_whole check ((disabled_at is null) = (disabled_reason is null)),
    constraint webhook_endpoints_previous_whole check ((previous_secret is null) = (previous_secret_until is null)),
    constraint webhook_endpoints_version_positive check (version > 0)
);

create index webhook_endpoints_listed on webhook_endpoints (workspace_id, id) where deleted_at is null;

-- One event on its way to one endpoint. The payload is text, because its signature covers every byte.
-- run grows by one with each replay; what was enqueued for an earlier run does nothing any more.
create table webhook_deliveries (
    workspace_id    uuid        not null,
    id              uuid        not null,
    endpoint_id     uuid        not null,
    event_id        uuid        not null,
    event_type      text        not null,
    payload         text        not null,
    state           text        not null,
    run             bigint      not null,
    run_attempts    bigint      not null,
    attempts        bigint      not null,
    next_attempt_at timestamptz,
    last_status     integer,
    last_error      text,
    created_at      timestamptz not null,
    finished_at     timestamptz,
    constraint webhook_deliveries_pkey primary key (workspace_id, id),
    constraint webhook_deliveries_endpoint_id_fkey foreign key (workspace_id, endpoint_id)
        references webhook_endpoints (workspace_id, id),
    constraint webhook_deliveries_state_known check (state in ('pending', 'delivered', 'failed')),
    constraint webhook_deliveries_finished_whole check ((state = 'pending') = (finished_at is null))
);

create unique index webhook_deliveries_endpoint_id_event_id_key
    on webhook_deliveries (workspace_id, endpoint_id, event_id);
create index webhook_deliveries_of_endpoint on webhook_deliveries (workspace_id, endpoint_id, id);
create index webhook_deliveries_of_endpoint_in_state on webhook_deliveries (workspace_id, endpoint_id, state, id);
create index webhook_deliveries_in_state on webhook_deliveries (workspace_id, state, id);
create index webhook_deliveries_finished on webhook_deliveries (workspace_id, finished_at)
    where finished_at is not null;

-- What became of each request. body is the beginning of the answer.
create table webhook_attempts (
    workspace_id uuid        not null,
    delivery_id  uuid        not null,
    number       bigint      not null,
    began_at     timestamptz not null,
    duration_ms  bigint      not null,
    status       integer,
    error        text,
    body         text,
    constraint webhook_attempts_pkey primary key (workspace_id, delivery_id, number),
    constraint webhook_attempts_delivery_id_fkey foreign key (workspace_id, delivery_id)
        references webhook_deliveries (workspace_id, id) on delete cascade
);

alter table webhook_endpoints enable row level security;
alter table webhook_endpoints force row level security;
create policy webhook_endpoints_of_workspace on webhook_endpoints using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table webhook_deliveries enable row level security;
alter table webhook_deliveries force row level security;
create policy webhook_deliveries_of_workspace on webhook_deliveries using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table webhook_attempts enable row level security;
alter table webhook_attempts force row level security;
create policy webhook_attempts_of_workspace on webhook_attempts using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
