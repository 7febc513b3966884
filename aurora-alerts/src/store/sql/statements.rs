//! The statements of the store. Sets of rows are JSON objects of any key to an object, which `jsonb_each` of both engines
//! reads, so that a batch is a handful of statements.

/// One page of the history, the newest first, on the strength of one condition that an index knows. An outcome is a member
/// of the record itself, and only records of deliveries are read for it: a label may have the same name.
macro_rules! page {
    ($condition:literal, $outcome:literal) => {
        concat!(
            "select body from aurora_alert_history
            where engine = $1 and (at, seq) < ($2, $3) and at >= $4",
            $condition,
            " and (cast($5 as text) is null or fingerprint = $5) and (cast($6 as text) is null or rule = $6)
                and (cast($7 as text) is null or channel = $7) and (cast($8 as text) is null or kind = $8)
                and (cast($10 as text) is null or kind = 'delivery' and ",
            $outcome,
            " = $10)
            order by at desc, seq desc limit $9"
        )
    };
}

/// What a notification that is known becomes; what it tells, its `dedup`, stays.
macro_rules! replaced {
    () => {
        " on conflict (engine, id) do update set channel = excluded.channel, exact_channel = excluded.exact_channel,
            target = excluded.target, exact_target = excluded.exact_target, created_at = excluded.created_at,
            attempts = excluded.attempts, not_before = excluded.not_before, body = excluded.body"
    };
}

aurora_core::store::statements! {
    ENGINE = "insert into aurora_alert_engines (engine, fence, version) values ($1, 0, 0)
        on conflict (engine) do nothing";
    INBOX_OF = "insert into aurora_alert_inboxes (engine, last_seq, waiting) values ($1, 0, 0)
        on conflict (engine) do nothing";
    LEAD = "update aurora_alert_engines
        set fence = case when holder = $2 then fence else fence + 1 end,
            holder = $2, expires_at = $4
        where engine = $1 and (holder is null or holder = $2 or expires_at <= $3) returning fence";
    RESIGN = "update aurora_alert_engines set holder = null, expires_at = null where engine = $1 and fence = $2";
    VERSION = "select version from aurora_alert_engines where engine = $1";
    /// Whoever has counted has the engine to himself until the transaction ends.
    COUNT = "update aurora_alert_engines set version = version + 1
        where engine = $1 and fence = $2 and holder is not null";
    STATE = "select kind, key, exact_key, body from aurora_alert_state where engine = $1";
    OUTBOX = "select id, dedup, exact_dedup, channel, exact_channel, target, exact_target, created_at, attempts,
            not_before, body from aurora_alert_outbox where engine = $1";
    PUT = "insert into aurora_alert_state (engine, kind, key, exact_key, body)
        select $1, value ->> 'kind', value ->> 'key', value ->> 'exact_key', value ->> 'body' from jsonb_each($2)
        where true on conflict (engine, kind, key) do update set body = excluded.body";
    CONSUMED = "update aurora_alert_inboxes set waiting = waiting - $2 where engine = $1";
    /// Numbers are given under the lock of this row, so that no message appears before one that is already seen.
    ROOM = "update aurora_alert_inboxes set last_seq = last_seq + $2, waiting = waiting + $2
        where engine = $1 and waiting + $2 <= $3 returning last_seq";
    SUBMIT = "insert into aurora_alert_inbox (engine, seq, body)
        select $1, cast(value ->> 'seq' as bigint), value ->> 'body' from jsonb_each($2)";
    INBOX = "select seq, body from aurora_alert_inbox where engine = $1 and seq > $2 order by seq limit $3";
    SWEEP = "delete from aurora_alert_history where engine = $1 and seq in
        (select seq from aurora_alert_history where engine = $1 and at < $2 order by at, seq limit $3)";
}

/// What only SQLite is told: its ids are bytes and its times numbers.
pub(crate) mod sqlite {
    macro_rules! own_page {
        ($condition:literal) => {
            page!($condition, "body ->> '$.outcome'")
        };
    }

    aurora_core::store::statements! {
        HISTORY = own_page!("");
        HISTORY_OF_ALERT = own_page!(" and fingerprint = $5");
        HISTORY_OF_RULE = own_page!(" and rule = $6");
        HISTORY_OF_CHANNEL = own_page!(" and channel = $7");
        DELETE = "delete from aurora_alert_state where engine = $1
                and (kind, key) in (select value ->> 'kind', value ->> 'key' from jsonb_each($2))";
        CONSUME = "delete from aurora_alert_inbox
            where engine = $1 and seq in (select cast(value ->> 'seq' as bigint) from jsonb_each($2))";
        DEQUEUE = "delete from aurora_alert_outbox
            where engine = $1 and id in (select unhex(value ->> 'id') from jsonb_each($2))";
        ENQUEUE = concat!("insert into aurora_alert_outbox (engine, id, dedup, exact_dedup, channel, exact_channel,
                target, exact_target, created_at, attempts, not_before, body)
            select $1, unhex(value ->> 'id'), value ->> 'dedup', value ->> 'exact_dedup', value ->> 'channel',
                value ->> 'exact_channel', value ->> 'target', value ->> 'exact_target', value ->> 'created_at',
                value ->> 'attempts', value ->> 'not_before', value ->> 'body'
            from jsonb_each($2) where true",
            replaced!(),
            " on conflict (engine, dedup) do nothing");
        RECORD = "insert into aurora_alert_history (engine, seq, at, kind, fingerprint, rule, severity, channel, body)
            select $1, value ->> 'seq', value ->> 'at', value ->> 'kind', value ->> 'fingerprint', value ->> 'rule',
                value ->> 'severity', value ->> 'channel', value ->> 'body'
            from jsonb_each($2) where true on conflict (engine, seq) do nothing";
    }
}

/// What only PostgreSQL is told: its times are no numbers, it knows one `on conflict` in a statement, and it would rather
/// read a whole table than look a hundred rows up, unless it is told an array or asked row by row.
pub(crate) mod postgres {
    /// A time out of microseconds, exact within the years 1 to 9999.
    macro_rules! time {
        ($field:literal) => {
            concat!(
                "timestamptz 'epoch' + cast(value ->> '",
                $field,
                "' as bigint) / 1000000 * interval '1 second' + cast(value ->> '",
                $field,
                "' as bigint) % 1000000 * interval '1 microsecond'"
            )
        };
    }

    /// `jsonb` takes every record but one that tells of U+0000. Which character stands there instead makes no difference to
    /// the outcome, and another digit leaves a backslash that was written before it alone.
    macro_rules! own_page {
        ($condition:literal) => {
            page!(
                $condition,
                "cast(replace(body, '\\u0000', '\\u0001') as jsonb) ->> 'outcome'"
            )
        };
    }

    aurora_core::store::statements! {
        HISTORY = own_page!("");
        HISTORY_OF_ALERT = own_page!(" and fingerprint = $5");
        HISTORY_OF_RULE = own_page!(" and rule = $6");
        HISTORY_OF_CHANNEL = own_page!(" and channel = $7");
        DELETE = "delete from aurora_alert_state where engine = $1
                and kind = any (array(select distinct value ->> 'kind' from jsonb_each($2)))
                and key = any (array(select value ->> 'key' from jsonb_each($2)))
                and (kind, key) in (select value ->> 'kind', value ->> 'key' from jsonb_each($2))";
        CONSUME = "delete from aurora_alert_inbox
            where engine = $1 and seq = any (array(select cast(value ->> 'seq' as bigint) from jsonb_each($2)))";
        DEQUEUE = "delete from aurora_alert_outbox
            where engine = $1 and id = any (array(select cast(value ->> 'id' as uuid) from jsonb_each($2)))";
        /// Nobody else writes meanwhile: see `COUNT`.
        ENQUEUE = concat!("insert into aurora_alert_outbox (engine, id, dedup, exact_dedup, channel, exact_channel,
                target, exact_target, created_at, attempts, not_before, body)
            select $1, cast(value ->> 'id' as uuid), value ->> 'dedup', value ->> 'exact_dedup',
                value ->> 'channel', value ->> 'exact_channel', value ->> 'target', value ->> 'exact_target', ",
            time!("created_at"), ", cast(value ->> 'attempts' as bigint), ", time!("not_before"), ",
                value ->> 'body'
            from jsonb_each($2) where (select same.id from aurora_alert_outbox as same
                    where same.engine = $1 and same.id = cast(value ->> 'id' as uuid)) is not null
                or (select other.id from aurora_alert_outbox as other
                    where other.engine = $1 and other.dedup = value ->> 'dedup') is null",
            replaced!());
        RECORD = concat!("insert into aurora_alert_history (engine, seq, at, kind, fingerprint, rule, severity, channel,
                body)
            select $1, cast(value ->> 'seq' as bigint), ", time!("at"), ", value ->> 'kind',
                value ->> 'fingerprint', value ->> 'rule', value ->> 'severity', value ->> 'channel', value ->> 'body'
            from jsonb_each($2) on conflict (engine, seq) do nothing");
        NOW = "select clock_timestamp()";
    }
}
