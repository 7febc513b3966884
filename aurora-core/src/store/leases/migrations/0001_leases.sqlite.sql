-- The row with the highest fence is never deleted, so that fences never go back.
create table aurora_leases (
    name text not null,
    holder text not null,
    fence integer not null,
    acquired_at integer not null,
    expires_at integer not null,
    constraint aurora_leases_pkey primary key (name)
) strict;

create index aurora_leases_fence on aurora_leases (fence);
