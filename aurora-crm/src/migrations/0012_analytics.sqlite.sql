-- What a workspace has used of something that costs, such as tokens of a language model. cost_nanos is in nano-dollars.
create table usage (
    workspace_id    blob not null,
    idempotency_key text not null,
    metric          text not null,
    label           text not null,
    quantity        integer not null,
    cost_nanos      integer not null,
    at              integer not null,
    constraint usage_pkey primary key (workspace_id, idempotency_key),
    constraint usage_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint usage_quantity_not_negative check (quantity >= 0)
) strict;

create index usage_by_time on usage (workspace_id, at, metric, label);

-- Figures over a period come from an index.
create index leads_closed on leads (workspace_id, closed_at) where closed_at is not null and deleted_at is null;
create index leads_open on leads (workspace_id, pipeline_id, stage_id) where status = 'open' and deleted_at is null;
create index lead_stage_changes_by_time on lead_stage_changes (workspace_id, at);
create index tasks_ended on tasks (workspace_id, ended_at) where ended_at is not null and deleted_at is null;
