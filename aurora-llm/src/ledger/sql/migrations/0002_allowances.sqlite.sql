-- What tenants, virtual keys and models may use. holder is 'tenant', 'key/' with its id or 'model/' with its name.
create table aurora_llm_allowances (
    tenant text not null,
    holder text not null,
    content text not null check (json_valid(content)),
    version integer not null,
    changed_at integer not null,
    constraint aurora_llm_allowances_pkey primary key (tenant, holder)
) strict;
