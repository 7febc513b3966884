//! The statements of the ledger. Sets of accounts are JSON objects of any key to an object, which `jsonb_each` of both
//! engines reads.

/// Totals of a tenant (or of all, when `$1` is null) from day `$2` to day `$3`, by a column.
macro_rules! usage {
    ($column:literal) => {
        concat!(
            "select ",
            $column,
            ", cast(sum(calls) as bigint), cast(sum(input_tokens) as bigint), cast(sum(cached_tokens) as bigint),
                cast(sum(output_tokens) as bigint), cast(sum(reasoning_tokens) as bigint), cast(sum(cost) as bigint),
                cast(sum(unpriced) as bigint), cast(sum(estimated) as bigint)
            from aurora_llm_usage
            where (cast($1 as text) is null or tenant = $1) and day between $2 and $3
                and (cast($4 as text) is null or ",
            $column,
            " > $4) group by ",
            $column,
            " order by ",
            $column,
            " limit $5"
        )
    };
}

aurora_core::store::statements! {
    /// A range of names: those of one sort stand together.
    ALLOWANCES = "select holder, content, version, changed_at from aurora_llm_allowances
        where tenant = $1 and holder between $2 and $3 order by holder limit $4";
    /// What counts for a call: the tenant's own, that of the key, and those of models.
    ALLOWANCES_OF = "select holder, content, version, changed_at from aurora_llm_allowances
        where tenant = $1 and (holder in ('tenant', $2) or holder between 'model/' and 'model0') order by holder limit 64";
    ADD_ALLOWANCE = "insert into aurora_llm_allowances (tenant, holder, content, version, changed_at)
        values ($1, $2, $3, 1, $4) on conflict (tenant, holder) do nothing";
    CHANGE_ALLOWANCE = "update aurora_llm_allowances set content = $3, version = version + 1, changed_at = $4
        where tenant = $1 and holder = $2 and version = $5";
    REMOVE_ALLOWANCE = "delete from aurora_llm_allowances where tenant = $1 and holder = $2";
    /// Whoever has opened an account has it to himself until the transaction ends; the order is the same for all.
    OPEN_SQLITE = "insert into aurora_llm_accounts (tenant, account, ends_at, spent, spent_tokens, reserved,
            reserved_tokens)
        select value ->> 'tenant', value ->> 'account', value ->> 'ends', 0, 0, 0, 0 from jsonb_each($1)
        where true order by 1, 2
        on conflict (tenant, account) do update set ends_at = coalesce(excluded.ends_at, aurora_llm_accounts.ends_at)
        returning tenant, account, spent, spent_tokens, reserved, reserved_tokens";
    RECLAIM = "delete from aurora_llm_reservations
        where (tenant, account) in (select value ->> 'tenant', value ->> 'account' from jsonb_each($1))
            and expires_at <= $2
        returning tenant, account, cost, tokens";
    HOLD = "insert into aurora_llm_reservations (tenant, id, account, cost, tokens, expires_at)
        select value ->> 'tenant', $2, value ->> 'account', $3, $4, $5 from jsonb_each($1) where true
        on conflict (tenant, id, account) do nothing";
    HELD = "select tenant, account from aurora_llm_reservations where tenant in ($1, '') and id = $2";
    UNHOLD = "delete from aurora_llm_reservations where tenant in ($2, '') and id = $3
            and (tenant, account) in (select value ->> 'tenant', value ->> 'account' from jsonb_each($1))
        returning tenant, account, cost, tokens";
    PUT = "update aurora_llm_accounts set spent = cast(put.value ->> 'spent' as bigint),
            spent_tokens = cast(put.value ->> 'spent_tokens' as bigint),
            reserved = cast(put.value ->> 'reserved' as bigint),
            reserved_tokens = cast(put.value ->> 'reserved_tokens' as bigint)
        from jsonb_each($1) as put where tenant = put.value ->> 'tenant' and account = put.value ->> 'account'";
    STANDINGS = "select tenant, account, spent, spent_tokens,
            cast(reserved - coalesce((select sum(cost) from aurora_llm_reservations as expired
                where expired.tenant = held.tenant and expired.account = held.account and expires_at <= $2), 0)
                as bigint),
            cast(reserved_tokens - coalesce((select sum(tokens) from aurora_llm_reservations as expired
                where expired.tenant = held.tenant and expired.account = held.account and expires_at <= $2), 0)
                as bigint)
        from aurora_llm_accounts as held
        where (tenant, account) in (select value ->> 'tenant', value ->> 'account' from jsonb_each($1))";
    BOOK = "insert into aurora_llm_entries (tenant, id, at, user_id, key_id, task, provider, model, input_tokens,
            cached_tokens, output_tokens, reasoning_tokens, cost, estimated)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (tenant, id) do nothing";
    BOOKED = "select 1 from aurora_llm_entries where tenant = $1 and id = $2";
    COUNT = "insert into aurora_llm_usage (tenant, day, user_id, key_id, task, provider, model, calls, input_tokens,
            cached_tokens, output_tokens, reasoning_tokens, cost, unpriced, estimated)
        values ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, $12, $13, $14)
        on conflict (tenant, day, user_id, key_id, task, provider, model) do update set
            calls = aurora_llm_usage.calls + 1,
            input_tokens = aurora_llm_usage.input_tokens + excluded.input_tokens,
            cached_tokens = aurora_llm_usage.cached_tokens + excluded.cached_tokens,
            output_tokens = aurora_llm_usage.output_tokens + excluded.output_tokens,
            reasoning_tokens = aurora_llm_usage.reasoning_tokens + excluded.reasoning_tokens,
            cost = aurora_llm_usage.cost + excluded.cost,
            unpriced = aurora_llm_usage.unpriced + excluded.unpriced,
            estimated = aurora_llm_usage.estimated + excluded.estimated";
    BY_TENANT = usage!("tenant");
    BY_USER = usage!("user_id");
    BY_KEY = usage!("key_id");
    BY_MODEL = usage!("model");
    BY_PROVIDER = usage!("provider");
    BY_DAY = usage!("day");
    ENTRIES = "select tenant, id, at, user_id, key_id, task, provider, model, input_tokens, cached_tokens,
            output_tokens, reasoning_tokens, cost, estimated from aurora_llm_entries
        where tenant = $1 and at >= $2 and (at, id) < ($3, $4) and (cast($5 as text) is null or user_id = $5)
            and (cast($6 as text) is null or key_id = $6) and (cast($7 as text) is null or model = $7)
        order by at desc, id desc limit $8";
    EXPIRED = "select distinct tenant, account from aurora_llm_reservations where expires_at <= $1
        order by tenant, account limit 100";
    FORGET_ENTRIES = "delete from aurora_llm_entries where (tenant, id) in
        (select tenant, id from aurora_llm_entries where at < $1 order by at limit 1000)";
    FORGET_ACCOUNTS = "delete from aurora_llm_accounts where reserved = 0 and reserved_tokens = 0 and (tenant, account) in
        (select tenant, account from aurora_llm_accounts where ends_at is not null and ends_at < $1
            order by ends_at limit 1000)";
}

/// What only PostgreSQL is told: its times are no numbers.
pub(crate) mod postgres {
    aurora_core::store::statements! {
        OPEN = "insert into aurora_llm_accounts (tenant, account, ends_at, spent, spent_tokens, reserved,
                reserved_tokens)
            select value ->> 'tenant', value ->> 'account',
                timestamptz 'epoch' + cast(value ->> 'ends' as bigint) * interval '1 microsecond', 0, 0, 0, 0
            from jsonb_each($1) order by 1, 2
            on conflict (tenant, account) do update
                set ends_at = coalesce(excluded.ends_at, aurora_llm_accounts.ends_at)
            returning tenant, account, spent, spent_tokens, reserved, reserved_tokens";
        NOW = "select clock_timestamp()";
    }
}
