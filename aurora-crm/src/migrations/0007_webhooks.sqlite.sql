-- Where a workspace's events are sent. The secrets and the values of the headers are sealed. A deleted endpoint keeps
-- its row, without address and secrets, for the deliveries that it had.
create table webhook_endpoints (
    workspace_id          blob    not null,
    id                    blob    not null,
    url                   text    not null,
    description           text,
    event_types           text    not null,
    header_names          text    not null,
    headers               text,
    secret                text    not null,
    previous_secret       text,
    previous_secret_until integer,
    disabled_at           integer,
    disabled_reason       text,
    failing_since         integer,
    failed_deliveries     integer not null,
    version               integer not null,
    created_at            integer not null,
    updated_at            integer not null,
    deleted_at            integer,
    constraint webhook_endpoints_pkey primary key (workspace_id, id),
    constraint webhook_endpoints_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint webhook_endpoints_disabled_reason_known check (disabled_reason in ('manual', 'gone', 'failing')),
    constraint webhook_endpoints_disabled_whole check ((disabled_at is null) = (disabled_reason is null)),
    constraint webhook_endpoints_previous_whole check ((previous_secret is null) = (previous_secret_until is null)),
    constraint webhook_endpoints_version_positive check (version > 0)
) strict, without rowid;

create index webhook_endpoints_listed on webhook_endpoints (workspace_id, id) where deleted_at is null;

-- One event on its way to one endpoint. The payload is text, because its signature covers every byte.
-- run grows by one with each replay; what was enqueued for an earlier run does nothing any more.
create table webhook_deliveries (
    workspace_id    blob    not null,
    id              blob    not null,
    endpoint_id     blob    not null,
    event_id        blob    not null,
    event_type      text    not null,
    payload         text    not null,
    state           text    not null,
    run             integer not null,
    run_attempts    integer not null,
    attempts        integer not null,
    next_attempt_at integer,
    last_status     integer,
    last_error      text,
    created_at      integer not null,
    finished_at     integer,
    constraint webhook_deliveries_pkey primary key (workspace_id, id),
    constraint webhook_deliveries_endpoint_id_fkey foreign key (workspace_id, endpoint_id)
        references webhook_endpoints (workspace_id, id),
    constraint webhook_deliveries_state_known check (state in ('pending', 'delivered', 'failed')),
    constraint webhook_deliveries_finished_whole check ((state = 'pending') = (finished_at is null))
) strict;

create unique index webhook_deliveries_endpoint_id_event_id_key
    on webhook_deliveries (workspace_id, endpoint_id, event_id);
create index webhook_deliveries_of_endpoint on webhook_deliveries (workspace_id, endpoint_id, id);
create index webhook_deliveries_of_endpoint_in_state on webhook_deliveries (workspace_id, endpoint_id, state, id);
create index webhook_deliveries_in_state on webhook_deliveries (workspace_id, state, id);
create index webhook_deliveries_finished on webhook_deliveries (workspace_id, finished_at)
    where finished_at is not null;

-- What became of each request. body is the beginning of the answer.
create table webhook_attempts (
    workspace_id blob    not null,
    delivery_id  blob    not null,
    number       integer not null,
    began_at     integer not null,
    duration_ms  integer not null,
    status       integer,
    error        text,
    body         text,
    constraint webhook_attempts_pkey primary key (workspace_id, delivery_id, number),
    constraint webhook_attempts_delivery_id_fkey foreign key (workspace_id, delivery_id)
        references webhook_deliveries (workspace_id, id) on delete cascade
) strict, without rowid;
