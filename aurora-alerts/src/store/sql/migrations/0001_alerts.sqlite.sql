-- engine is the name of an engine; several can share a database and never see each other. What is text and part of an
-- index is shortened where it is too long for one or holds a NUL, and is then whole, as JSON, in the exact_ column beside.
create table aurora_alert_engines (
    engine text not null,
    fence integer not null,
    holder text,
    expires_at integer,
    version integer not null,
    constraint aurora_alert_engines_pkey primary key (engine),
    constraint aurora_alert_engines_lead_whole check ((holder is null) = (expires_at is null))
) strict;

create table aurora_alert_state (
    engine text not null,
    kind text not null,
    key text not null,
    exact_key text,
    body text not null,
    constraint aurora_alert_state_pkey primary key (engine, kind, key)
) strict;

-- dedup tells what is notified: the same change waits once.
create table aurora_alert_outbox (
    engine text not null,
    id blob not null,
    dedup text not null,
    exact_dedup text,
    channel text not null,
    exact_channel text,
    target text not null,
    exact_target text,
    created_at integer not null,
    attempts integer not null,
    not_before integer not null,
    body text not null,
    constraint aurora_alert_outbox_pkey primary key (engine, id)
) strict;

create unique index aurora_alert_outbox_engine_dedup_key on aurora_alert_outbox (engine, dedup);

-- body holds the whole record; the other columns are what it is found by.
create table aurora_alert_history (
    engine text not null,
    seq integer not null,
    at integer not null,
    kind text not null,
    fingerprint text,
    rule text,
    severity text,
    channel text,
    body text not null,
    constraint aurora_alert_history_pkey primary key (engine, seq)
) strict;

create index aurora_alert_history_newest on aurora_alert_history (engine, at, seq);
create index aurora_alert_history_alert on aurora_alert_history (engine, fingerprint, at, seq)
    where fingerprint is not null;
create index aurora_alert_history_rule on aurora_alert_history (engine, rule, at, seq) where rule is not null;
create index aurora_alert_history_channel on aurora_alert_history (engine, channel, at, seq)
    where channel is not null;

-- waiting is the number of rows in aurora_alert_inbox, and last_seq the highest number that one of them has had.
create table aurora_alert_inboxes (
    engine text not null,
    last_seq integer not null,
    waiting integer not null,
    constraint aurora_alert_inboxes_pkey primary key (engine)
) strict;

create table aurora_alert_inbox (
    engine text not null,
    seq integer not null,
    body text not null,
    constraint aurora_alert_inbox_pkey primary key (engine, seq)
) strict;
