//! The statements of leases. Sets of leases are JSON objects of name to fencing token.

crate::statements! {
    /// The first fence of a new name is higher than any there is: the highest is never purged, so fences never go back.
    ACQUIRE = "insert into aurora_leases (name, holder, fence, acquired_at, expires_at)
        select key, $2, (select coalesce(max(fence), 0) + 1 from aurora_leases), $3, $4 from jsonb_each($1)
        where true order by key
        on conflict (name) do update set holder = excluded.holder, acquired_at = excluded.acquired_at,
            expires_at = excluded.expires_at, fence = case when excluded.fence > aurora_leases.fence
                then excluded.fence else aurora_leases.fence + 1 end
            where aurora_leases.expires_at <= excluded.acquired_at
        returning name, fence";
    RELEASE = "update aurora_leases set expires_at = $2
        where name in (select key from jsonb_each($1)) and expires_at > $2
            and (name, fence) in (select key, cast(value as bigint) from jsonb_each($1)) returning name";
    GET = "select name, holder, fence, acquired_at, expires_at from aurora_leases where name = $1";
    PURGE = "delete from aurora_leases where expires_at < $1 and fence < (select max(fence) from aurora_leases)";
}

/// What only SQLite is told: whoever writes is alone, so that nobody takes the lease before the transaction ends.
pub(crate) mod sqlite {
    crate::statements! {
        HELD = "select 1 from aurora_leases where name = $1 and fence = $2 and expires_at > $3";
        RENEW = "update aurora_leases set expires_at = $3
            where name in (select key from jsonb_each($1)) and expires_at > $2
                and (name, fence) in (select key, cast(value as bigint) from jsonb_each($1)) returning name";
    }
}

/// What only PostgreSQL is told: nobody takes the lease before the transaction ends.
pub(crate) mod postgres {
    crate::statements! {
        HELD = "select 1 from aurora_leases where name = $1 and fence = $2 and expires_at > $3 for share";
        /// Locks them in the order in which whoever asks for them does, or the two could wait for each other.
        RENEW = "with mine as materialized (select held.name from jsonb_each($1) as asked
                join aurora_leases as held on held.name = asked.key and held.fence = cast(asked.value as bigint)
                where held.expires_at > $2 order by asked.key for update of held)
            update aurora_leases set expires_at = $3 where name = any (array(select name from mine)) returning name";
    }
}
