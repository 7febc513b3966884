-- What tenants, virtual keys and models may use. holder is 'tenant', 'key/' with its id or 'model/' with its name.
create table aurora_llm_allowances (
    tenant     text collate "C" not null,
    holder     text collate "C" not null,
    content    jsonb       not null,
    version    bigint      not null,
    changed_at timestamptz not null,
    constraint aurora_llm_allowances_pkey primary key (tenant, holder)
);
