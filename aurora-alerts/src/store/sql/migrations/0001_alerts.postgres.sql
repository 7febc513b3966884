-- engine is the name of an engine; several can share a database and never see each other. What is text and part of an
-- index is shortened where it is too long for one or holds a NUL, and is then whole, as JSON, in the exact_ column beside.
create table aurora_alert_engines (
    engine     text collate "C" not null,
    fence      bigint      not null,
    holder     text collate "C",
    expires_at timestamptz,
    version    bigint      not null,
    constraint aurora_alert_engines_pkey primary key (engine),
    constraint aurora_alert_engines_lead_whole check ((holder is null) = (expires_at is null))
);

create table aurora_alert_state (
    engine    text collate "C" not null,
    kind      text collate "C" not null,
    key       text collate "C" not null,
    exact_key text collate "C",
    body      text collate "C" not null,
    constraint aurora_alert_state_pkey primary key (engine, kind, key)
);

-- dedup tells what is notified: the same change waits once.
create table aurora_alert_outbox (
    engine        text collate "C" not null,
    id            uuid        not null,
    dedup         text collate "C" not null,
    exact_dedup   text collate "C",
    channel       text collate "C" not null,
    exact_channel text collate "C",
    target        text collate "C" not null,
    exact_target  text collate "C",
    created_at    timestamptz not null,
    attempts      bigint      not null,
    not_before    timestamptz not null,
    body          text collate "C" not null,
    constraint aurora_alert_outbox_pkey primary key (engine, id)
);

create unique index aurora_alert_outbox_engine_dedup_key on aurora_alert_outbox (engine, dedup);

-- body holds the whole record; the other columns are what it is found by.
create table aurora_alert_history (
    engine      text collate "C" not null,
    seq         bigint      not null,
    at          timestamptz not null,
    kind        text collate "C" not null,
    fingerprint text collate "C",
    rule        text collate "C",
    severity    text collate "C",
    channel     text collate "C",
    body        text collate "C" not null,
    constraint aurora_alert_history_pkey primary key (engine, seq)
);

create index aurora_alert_history_newest on aurora_alert_history (engine, at, seq);
create index aurora_alert_history_alert on aurora_alert_history (engine, fingerprint, at, seq)
    where fingerprint is not null;
create index aurora_alert_history_rule on aurora_alert_history (engine, rule, at, seq) where rule is not null;
create index aurora_alert_history_channel on aurora_alert_history (engine, channel, at, seq)
    where channel is not null;

-- waiting is the number of rows in aurora_alert_inbox, and last_seq the highest number that one of them has had.
create table aurora_alert_inboxes (
    engine   text collate "C" not null,
    last_seq bigint not null,
    waiting  bigint not null,
    constraint aurora_alert_inboxes_pkey primary key (engine)
);

create table aurora_alert_inbox (
    engine text collate "C" not null,
    seq    bigint not null,
    body   text collate "C" not null,
    constraint aurora_alert_inbox_pkey primary key (engine, seq)
);
