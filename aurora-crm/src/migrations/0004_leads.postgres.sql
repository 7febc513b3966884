-- The ways that leads go. A pipeline has stages, and each stage says whether a lead in it is open, won or lost.
create table pipelines (
    workspace_id uuid        not null,
    id           uuid        not null,
    name         text        not null,
    is_default   boolean     not null,
    archived_at  timestamptz,
    version      bigint      not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    constraint pipelines_pkey primary key (workspace_id, id),
    constraint pipelines_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint pipelines_version_positive check (version > 0)
);

create unique index pipelines_workspace_id_key on pipelines (workspace_id) where is_default;

-- A stage that is removed keeps its row, because the history of leads refers to it.
create table stages (
    workspace_id  uuid        not null,
    id            uuid        not null,
    pipeline_id   uuid        not null,
    name          text        not null,
    kind          text        not null,
    probability   bigint      not null,
    expected_days bigint,
    colour        text,
    position      bigint      not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    removed_at    timestamptz,
    constraint stages_pkey primary key (workspace_id, id),
    constraint stages_workspace_id_pipeline_id_fkey
        foreign key (workspace_id, pipeline_id) references pipelines (workspace_id, id),
    constraint stages_workspace_id_pipeline_id_id_kind_key unique (workspace_id, pipeline_id, id, kind),
    constraint stages_kind_known check (kind in ('open', 'won', 'lost')),
    constraint stages_probability_in_percent check (probability between 0 and 100)
);

create table lost_reasons (
    workspace_id uuid        not null,
    id           uuid        not null,
    name         text        not null,
    name_key     text collate "C" not null,
    created_at   timestamptz not null,
    archived_at  timestamptz,
    constraint lost_reasons_pkey primary key (workspace_id, id),
    constraint lost_reasons_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create unique index lost_reasons_workspace_id_name_key_key on lost_reasons (workspace_id, name_key)
    where archived_at is null;

-- status repeats the kind of the stage; the foreign key holds the two together.
create table leads (
    workspace_id         uuid        not null,
    id                   uuid        not null,
    title                text        not null,
    contact_name         text,
    contact_email        text,
    contact_phone        text,
    client_id            uuid,
    company_name         text,
    cnpj                 text collate "C",
    value_cents          bigint      not null,
    value_currency       text        not null,
    source               text        not null,
    source_detail        text,
    owner_id             uuid,
    pipeline_id          uuid        not null,
    stage_id             uuid        not null,
    position             bigint      not null,
    status               text        not null,
    lost_reason_id       uuid,
    lost_note            text,
    expected_close       timestamptz,
    tags                 jsonb       not null,
    custom               jsonb       not null,
    score                bigint      not null,
    score_reasons        jsonb       not null,
    score_rules          bigint,
    scored_at            timestamptz,
    last_activity_at     timestamptz,
    stage_since          timestamptz not null,
    stage_changes        bigint      not null,
    closed_at            timestamptz,
    converted_at         timestamptz,
    version              bigint      not null,
    created_at           timestamptz not null,
    updated_at           timestamptz not null,
    deleted_at           timestamptz,
    constraint leads_pkey primary key (workspace_id, id),
    constraint leads_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint leads_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint leads_workspace_id_stage_fkey foreign key (workspace_id, pipeline_id, stage_id, status)
        references stages (workspace_id, pipeline_id, id, kind),
    constraint leads_workspace_id_lost_reason_id_fkey
        foreign key (workspace_id, lost_reason_id) references lost_reasons (workspace_id, id),
    constraint leads_value_not_negative check (value_cents >= 0),
    constraint leads_closed_when_not_open check ((status = 'open') = (closed_at is null)),
    constraint leads_lost_for_a_reason check (
        (status = 'lost') = (lost_reason_id is not null or lost_note is not null)
    ),
    constraint leads_converted_when_won check (
        converted_at is null or (status = 'won' and client_id is not null)
    ),
    constraint leads_version_positive check (version > 0)
);

create index leads_of_stage on leads (workspace_id, stage_id, position, id);
create index leads_newest on leads (workspace_id, created_at, id) where deleted_at is null;
create index leads_by_value on leads (workspace_id, value_cents, id) where deleted_at is null;
create index leads_by_score on leads (workspace_id, score, id) where deleted_at is null;
create index leads_by_close on leads (workspace_id, expected_close, id)
    where deleted_at is null and expected_close is not null;
create index leads_of_pipeline on leads (workspace_id, pipeline_id, id) where deleted_at is null;
create index leads_of_client on leads (workspace_id, client_id, created_at, id) where client_id is not null;
create index leads_of_owner on leads (workspace_id, owner_id, created_at, id) where deleted_at is null;

-- The tags of leads once more, to be found by.
create table lead_tags (
    workspace_id uuid not null,
    tag          text collate "C" not null,
    lead_id      uuid not null,
    constraint lead_tags_pkey primary key (workspace_id, lead_id, tag),
    constraint lead_tags_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id)
);

create index lead_tags_of_tag on lead_tags (workspace_id, tag, lead_id);

-- seq counts the changes of one lead from 1, its first stage included. Rows are added and never changed.
-- from_since is when the lead had come into the stage that it left.
create table lead_stage_changes (
    workspace_id  uuid        not null,
    lead_id       uuid        not null,
    seq           bigint      not null,
    pipeline_id   uuid        not null,
    from_stage_id uuid,
    to_stage_id   uuid        not null,
    at            timestamptz not null,
    principal     text        not null,
    from_since    timestamptz,
    constraint lead_stage_changes_pkey primary key (workspace_id, lead_id, seq),
    constraint lead_stage_changes_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint lead_stage_changes_workspace_id_from_stage_id_fkey
        foreign key (workspace_id, from_stage_id) references stages (workspace_id, id),
    constraint lead_stage_changes_workspace_id_to_stage_id_fkey
        foreign key (workspace_id, to_stage_id) references stages (workspace_id, id)
);

create index lead_stage_changes_of_lead on lead_stage_changes (workspace_id, lead_id, at, seq);
create index lead_stage_changes_of_pipeline on lead_stage_changes (workspace_id, pipeline_id, at);

-- Each change of the rules is a new version; leads name the one that their score comes from.
create table score_rule_sets (
    workspace_id uuid        not null,
    version      bigint      not null,
    rules        jsonb       not null,
    created_at   timestamptz not null,
    principal    text        not null,
    constraint score_rule_sets_pkey primary key (workspace_id, version),
    constraint score_rule_sets_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

-- client_id of an activity on a lead is the client of the lead, so that it shows in the client's timeline as well.
create table activities (
    workspace_id  uuid        not null,
    id            uuid        not null,
    lead_id       uuid,
    client_id     uuid,
    kind          text        not null,
    title         text        not null,
    body          text,
    at            timestamptz not null,
    duration_secs bigint,
    owner_id      uuid,
    principal     text        not null,
    version       bigint      not null,
    created_at    timestamptz not null,
    updated_at    timestamptz not null,
    deleted_at    timestamptz,
    constraint activities_pkey primary key (workspace_id, id),
    constraint activities_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint activities_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint activities_on_something check (lead_id is not null or client_id is not null),
    constraint activities_version_positive check (version > 0)
);

create index activities_of_lead on activities (workspace_id, lead_id, at, id)
    where lead_id is not null and deleted_at is null;
create index activities_of_client on activities (workspace_id, client_id, at, id)
    where client_id is not null and deleted_at is null;

-- reminders holds the id, time and time of sending of each. One that is put off gets a new id: the message of the old one
-- then finds nothing.
create table tasks (
    workspace_id uuid        not null,
    id           uuid        not null,
    title        text        not null,
    note         text,
    due_at       timestamptz not null,
    assignee_id  uuid,
    lead_id      uuid,
    client_id    uuid,
    priority     text        not null,
    reminders    jsonb       not null,
    status       text        not null,
    ended_at     timestamptz,
    version      bigint      not null,
    created_at   timestamptz not null,
    updated_at   timestamptz not null,
    deleted_at   timestamptz,
    constraint tasks_pkey primary key (workspace_id, id),
    constraint tasks_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint tasks_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint tasks_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint tasks_status_known check (status in ('open', 'done', 'cancelled')),
    constraint tasks_ended_when_not_open check ((status = 'open') = (ended_at is null)),
    constraint tasks_version_positive check (version > 0)
);

create index tasks_by_due on tasks (workspace_id, status, due_at, id) where deleted_at is null;
create index tasks_of_assignee on tasks (workspace_id, assignee_id, status, due_at, id)
    where deleted_at is null and assignee_id is not null;
create index tasks_of_lead on tasks (workspace_id, lead_id, status, due_at, id)
    where deleted_at is null and lead_id is not null;
create index tasks_of_client on tasks (workspace_id, client_id, status, due_at, id)
    where deleted_at is null and client_id is not null;

alter table pipelines enable row level security;
alter table pipelines force row level security;
create policy pipelines_of_workspace on pipelines using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table stages enable row level security;
alter table stages force row level security;
create policy stages_of_workspace on stages using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table lost_reasons enable row level security;
alter table lost_reasons force row level security;
create policy lost_reasons_of_workspace on lost_reasons using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table leads enable row level security;
alter table leads force row level security;
create policy leads_of_workspace on leads using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table lead_tags enable row level security;
alter table lead_tags force row level security;
create policy lead_tags_of_workspace on lead_tags using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table lead_stage_changes enable row level security;
alter table lead_stage_changes force row level security;
create policy lead_stage_changes_of_workspace on lead_stage_changes using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table score_rule_sets enable row level security;
alter table score_rule_sets force row level security;
create policy score_rule_sets_of_workspace on score_rule_sets using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table activities enable row level security;
alter table activities force row level security;
create policy activities_of_workspace on activities using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table tasks enable row level security;
alter table tasks force row level security;
create policy tasks_of_workspace on tasks using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
