//! The statements of the outbox. Sets of messages are JSON objects of `seq` to fencing token, which `jsonb_each` of
//! both engines reads.

macro_rules! returning_delivery {
    ($($text:literal),+) => {
        concat!($($text,)+ " returning seq, id, queue, tenant, ordering_key, idempotency_key, payload, headers, priority,
            attempts, max_attempts, fence, due_at, created_at")
    };
}

/// The messages named by `$1`, as long as nobody else has claimed them since.
macro_rules! of_holder {
    ($update:literal, $condition:literal) => {
        concat!(
            $update,
            " where seq in (select cast(key as bigint) from jsonb_each($1))
                and (seq, fence) in (select cast(key as bigint), cast(value as bigint) from jsonb_each($1)) and ",
            $condition,
            " returning seq"
        )
    };
}

/// The columns of a [`super::StoredMessage`].
macro_rules! stored {
    ($rest:literal) => {
        concat!(
            "select seq, id, queue, tenant, ordering_key, idempotency_key, octet_length(payload) as payload_len,
                priority, state, on_dead, due_at, expires_at, attempts, max_attempts, lease_until, failure_class,
                failure, dead_reason, created_at, finished_at from aurora_outbox where ",
            $rest
        )
    };
}

crate::statements! {
    ENQUEUE = "insert into aurora_outbox (id, queue, tenant, ordering_key, idempotency_key, payload, headers, priority,
            on_dead, due_at, expires_at, max_attempts, created_at, holds_key, state, attempts, fence)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,
            cast($4 as text) is not null and not exists (select 1 from aurora_outbox
                where queue = $2 and tenant = $3 and ordering_key = $4 and holds_key),
            case when exists (select 1 from aurora_outbox
                where queue = $2 and tenant = $3 and ordering_key = $4 and holds_key) then 'waiting' else 'ready' end,
            0, 0)
        on conflict (queue, tenant, idempotency_key) do nothing returning id";
    EXISTING = "select id from aurora_outbox where queue = $1 and tenant = $2 and idempotency_key = $3";
    /// Whether there is anything to take back or to give up before claiming.
    OVERDUE = "select exists (select 1 from aurora_outbox
                where queue = $1 and state = 'leased' and lease_until <= $2) as leases,
            exists (select 1 from aurora_outbox where queue = $1 and expires_at is not null
                and state in ('ready', 'waiting') and expires_at <= $2) as messages";
    /// Messages whose holder is gone and who have had all their attempts.
    WORN_OUT = "select seq, fence, queue, tenant, ordering_key from aurora_outbox
        where queue = $1 and state = 'leased' and lease_until <= $2 and attempts >= max_attempts
        order by lease_until, seq limit 100";
    BURY_WORN_OUT = "update aurora_outbox set state = 'dead', holds_key = (holds_key and on_dead = 'block'),
            holder = null, lease_until = null, finished_at = $3, dead_reason = 'exhausted', failure_class = 'timeout',
            failure = 'the lease ran out'
        where seq = $1 and fence = $2 and state = 'leased' and lease_until <= $3";
    EXPIRED = "select seq, fence, queue, tenant, ordering_key from aurora_outbox
        where queue = $1 and expires_at is not null and state in ('ready', 'waiting') and expires_at <= $2
        order by expires_at, seq limit 100";
    BURY_EXPIRED = "update aurora_outbox set state = 'dead', holds_key = false, finished_at = $2,
            dead_reason = 'expired'
        where seq = $1 and state in ('ready', 'waiting') and expires_at <= $2";
    DONE = of_holder!(
        "update aurora_outbox set state = 'done', holds_key = false, holder = null, lease_until = null,
            finished_at = $2",
        "((state = 'leased' and lease_until > $2) or state = 'done')"
    );
    EXTEND = of_holder!(
        "update aurora_outbox set lease_until = $3",
        "state = 'leased' and lease_until > $2"
    );
    RELEASE = of_holder!(
        "update aurora_outbox set state = 'ready', holder = null, lease_until = null, attempts = attempts - 1",
        "state = 'leased' and lease_until > $2"
    );
    RETRY = "update aurora_outbox set state = 'ready', holder = null, lease_until = null, due_at = $4,
            failure_class = $5, failure = $6
        where seq = $1 and fence = $2 and state = 'leased' and lease_until > $3";
    BURY = "update aurora_outbox set state = 'dead', holds_key = (holds_key and on_dead = 'block'), holder = null,
            lease_until = null, finished_at = $3, dead_reason = $4, failure_class = $5, failure = $6
        where seq = $1 and fence = $2 and state = 'leased' and lease_until > $3";
    /// Keys whose messages wait for nobody; only a transaction stricter than `read committed` can leave one behind.
    ORPHANED = "select distinct queue, tenant, ordering_key from aurora_outbox waiting
        where state = 'waiting' and not exists (select 1 from aurora_outbox held where held.queue = waiting.queue
            and held.tenant = waiting.tenant and held.ordering_key = waiting.ordering_key and held.holds_key) limit 100";
    HANDLE = "select seq, fence, queue, tenant, ordering_key from aurora_outbox where id = $1";
    REQUEUE = "update aurora_outbox set attempts = 0, due_at = $2, expires_at = null, finished_at = null,
            dead_reason = null,
            state = case when ordering_key is not null and not holds_key and exists (select 1 from aurora_outbox held
                where held.queue = aurora_outbox.queue and held.tenant = aurora_outbox.tenant
                    and held.ordering_key = aurora_outbox.ordering_key and held.holds_key)
                then 'waiting' else 'ready' end,
            holds_key = (ordering_key is not null and (holds_key or not exists (select 1 from aurora_outbox held
                where held.queue = aurora_outbox.queue and held.tenant = aurora_outbox.tenant
                    and held.ordering_key = aurora_outbox.ordering_key and held.holds_key)))
        where seq = $1 and state in ('dead', 'done')";
    DEAD_IDS = "select id from aurora_outbox where queue = $1 and state = 'dead'
            and (cast($2 as text) is null or tenant = $2) and (cast($3 as text) is null or dead_reason = $3)
        order by seq limit $4";
    DISCARD = "delete from aurora_outbox where seq = $1 and state = 'dead'";
    COUNTS = "select counted.queue, counted.state, counted.messages, first.created_at as oldest
        from (select queue, state, count(*) as messages, min(seq) as seq from aurora_outbox group by queue, state)
            as counted
        join aurora_outbox as first on first.seq = counted.seq order by counted.queue, counted.state";
    PAGE = stored!("queue = $1 and state = $2 and (cast($3 as text) is null or tenant = $3) and seq < $4
        order by seq desc limit $5");
    GET = stored!("id = $1");
    PAYLOAD = "select payload from aurora_outbox where id = $1";
    PAUSE = "insert into aurora_outbox_paused (queue, paused_at) values ($1, $2) on conflict (queue) do nothing";
    RESUME = "delete from aurora_outbox_paused where queue = $1";
    PAUSED = "select queue from aurora_outbox_paused order by queue";
}

/// What only SQLite is told: whoever writes is alone.
pub(crate) mod sqlite {
    crate::statements! {
        CLAIM = returning_delivery!("update aurora_outbox set state = 'leased', fence = fence + 1,
                attempts = attempts + 1, holder = $4, lease_until = $5
            where seq in (select seq from (
                select * from (select seq, priority, due_at from aurora_outbox where queue = $1 and priority = 3
                    and state = 'ready' and due_at <= $2 and (expires_at is null or expires_at > $2)
                    order by due_at, seq limit $3)
                union all
                select * from (select seq, priority, due_at from aurora_outbox where queue = $1 and priority = 2
                    and state = 'ready' and due_at <= $2 and (expires_at is null or expires_at > $2)
                    order by due_at, seq limit $3)
                union all
                select * from (select seq, priority, due_at from aurora_outbox where queue = $1 and priority = 1
                    and state = 'ready' and due_at <= $2 and (expires_at is null or expires_at > $2)
                    order by due_at, seq limit $3)
                union all
                select * from (select seq, priority, due_at from aurora_outbox where queue = $1 and priority = 0
                    and state = 'ready' and due_at <= $2 and (expires_at is null or expires_at > $2)
                    order by due_at, seq limit $3)
            ) order by priority desc, due_at, seq limit $3)
            and not exists (select 1 from aurora_outbox_paused where queue = $1)");
        RECLAIM = "update aurora_outbox set state = 'ready', holder = null, lease_until = null,
                failure_class = 'timeout', failure = 'the lease ran out'
            where seq in (select seq from aurora_outbox where queue = $1 and state = 'leased' and lease_until <= $2
                and attempts < max_attempts order by lease_until limit 1000)";
        /// The next message of a key that nobody holds.
        PROMOTE = "update aurora_outbox set state = 'ready', holds_key = true
            where seq = (select min(seq) from aurora_outbox
                    where queue = $1 and tenant = $2 and ordering_key = $3 and state = 'waiting')
                and not exists (select 1 from aurora_outbox
                    where queue = $1 and tenant = $2 and ordering_key = $3 and holds_key)";
        PURGE = "delete from aurora_outbox where seq in (select seq from aurora_outbox
            where state = $1 and state in ('done', 'dead') and finished_at < $2 and not holds_key
            order by finished_at limit $3)";
    }
}

/// What only PostgreSQL is told: rows that somebody else works on are passed over.
pub(crate) mod postgres {
    crate::statements! {
        CLAIM = returning_delivery!("with picked as materialized (select next.seq
                from (values (3), (2), (1), (0)) as level (priority) cross join lateral (select seq from aurora_outbox
                    where queue = $1 and priority = level.priority and state = 'ready' and due_at <= $2
                        and (expires_at is null or expires_at > $2)
                    order by due_at, seq limit $3 for update skip locked) as next
                where not exists (select 1 from aurora_outbox_paused where queue = $1) limit $3)
            update aurora_outbox set state = 'leased', fence = fence + 1, attempts = attempts + 1, holder = $4,
                lease_until = $5
            where seq = any (array(select seq from picked))");
        RECLAIM = "with picked as materialized (select seq from aurora_outbox
                where queue = $1 and state = 'leased' and lease_until <= $2 and attempts < max_attempts
                order by lease_until limit 1000 for update skip locked)
            update aurora_outbox set state = 'ready', holder = null, lease_until = null,
                failure_class = 'timeout', failure = 'the lease ran out'
            where seq = any (array(select seq from picked))";
        /// The next message of each of several keys that nobody holds, in one round trip.
        PROMOTE = "update aurora_outbox set state = 'ready', holds_key = true
            where seq = any (array(select (select min(seq) from aurora_outbox where queue = freed.queue
                        and tenant = freed.tenant and ordering_key = freed.key and state = 'waiting')
                from unnest($1::text[], $2::text[], $3::text[]) as freed (queue, tenant, key)
                where not exists (select 1 from aurora_outbox where queue = freed.queue and tenant = freed.tenant
                    and ordering_key = freed.key and holds_key)))";
        PURGE = "with picked as materialized (select seq from aurora_outbox
                where state = $1 and state in ('done', 'dead') and finished_at < $2 and not holds_key
                order by finished_at limit $3 for update skip locked)
            delete from aurora_outbox where seq = any (array(select seq from picked))";
        /// Serialises whoever enqueues to or frees one of the keys, until the transaction ends; in one order for all.
        LOCK_KEYS = "select count(pg_advisory_xact_lock(hash)) from (select distinct hashtextextended(name, 0) as hash
            from unnest($1::text[]) as name order by hash) as sorted";
    }
}
