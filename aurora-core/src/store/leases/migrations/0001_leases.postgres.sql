-- The row with the highest fence is never deleted, so that fences never go back.
create table aurora_leases (
    name        text collate "C" not null,
    holder      text        not null,
    fence       bigint      not null,
    acquired_at timestamptz not null,
    expires_at  timestamptz not null,
    constraint aurora_leases_pkey primary key (name)
);

create index aurora_leases_fence on aurora_leases (fence);
