-- tenant is '' for what belongs to none. Of the messages with one ordering key at most one holds the key: the one that
-- may be worked on, or the dead one that the others wait for.
create table aurora_outbox (
    seq integer primary key autoincrement,
    id blob not null,
    queue text not null,
    tenant text not null,
    ordering_key text,
    holds_key integer not null,
    idempotency_key text not null,
    payload blob not null,
    headers text not null,
    priority integer not null,
    state text not null,
    on_dead text not null,
    due_at integer not null,
    expires_at integer,
    attempts integer not null,
    max_attempts integer not null,
    fence integer not null,
    holder text,
    lease_until integer,
    failure_class text,
    failure text,
    dead_reason text,
    created_at integer not null,
    finished_at integer,
    constraint aurora_outbox_state_known check (state in ('ready', 'waiting', 'leased', 'done', 'dead')),
    constraint aurora_outbox_priority_known check (priority between 0 and 3),
    constraint aurora_outbox_on_dead_known check (on_dead in ('skip', 'block')),
    constraint aurora_outbox_lease_whole check ((state = 'leased') = (lease_until is not null)),
    constraint aurora_outbox_key_held check (not holds_key or ordering_key is not null)
) strict;

create unique index aurora_outbox_id_key on aurora_outbox (id);
create unique index aurora_outbox_queue_tenant_idempotency_key_key on aurora_outbox (queue, tenant, idempotency_key);
create unique index aurora_outbox_queue_tenant_ordering_key_key on aurora_outbox (queue, tenant, ordering_key)
    where holds_key;
create index aurora_outbox_ready on aurora_outbox (queue, priority, due_at, seq) where state = 'ready';
create index aurora_outbox_waiting on aurora_outbox (queue, tenant, ordering_key, seq) where state = 'waiting';
create index aurora_outbox_leased on aurora_outbox (queue, lease_until) where state = 'leased';
create index aurora_outbox_expiring on aurora_outbox (queue, expires_at)
    where expires_at is not null and state in ('ready', 'waiting');
create index aurora_outbox_listed on aurora_outbox (queue, state, seq);
create index aurora_outbox_finished on aurora_outbox (state, finished_at) where state in ('done', 'dead');

create table aurora_outbox_paused (
    queue text not null,
    paused_at integer not null,
    constraint aurora_outbox_paused_pkey primary key (queue)
) strict;
