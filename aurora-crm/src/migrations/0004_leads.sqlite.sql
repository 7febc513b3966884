-- The ways that leads go. A pipeline has stages, and each stage says whether a lead in it is open, won or lost.
create table pipelines (
    workspace_id blob        not null,
    id           blob        not null,
    name         text        not null,
    is_default   integer     not null,
    archived_at  integer,
    version      integer      not null,
    created_at   integer not null,
    updated_at   integer not null,
    constraint pipelines_pkey primary key (workspace_id, id),
    constraint pipelines_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint pipelines_version_positive check (version > 0)
) strict;

create unique index pipelines_workspace_id_key on pipelines (workspace_id) where is_default;

-- A stage that is removed keeps its row, because the history of leads refers to it.
create table stages (
    workspace_id  blob        not null,
    id            blob        not null,
    pipeline_id   blob        not null,
    name          text        not null,
    kind          text        not null,
    probability   integer      not null,
    expected_days integer,
    colour        text,
    position      integer      not null,
    created_at    integer not null,
    updated_at    integer not null,
    removed_at    integer,
    constraint stages_pkey primary key (workspace_id, id),
    constraint stages_workspace_id_pipeline_id_fkey
        foreign key (workspace_id, pipeline_id) references pipelines (workspace_id, id),
    constraint stages_workspace_id_pipeline_id_id_kind_key unique (workspace_id, pipeline_id, id, kind),
    constraint stages_kind_known check (kind in ('open', 'won', 'lost')),
    constraint stages_probability_in_percent check (probability between 0 and 100)
) strict;

create table lost_reasons (
    workspace_id blob        not null,
    id           blob        not null,
    name         text        not null,
    name_key     text not null,
    created_at   integer not null,
    archived_at  integer,
    constraint lost_reasons_pkey primary key (workspace_id, id),
    constraint lost_reasons_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

create unique index lost_reasons_workspace_id_name_key_key on lost_reasons (workspace_id, name_key)
    where archived_at is null;

-- status repeats the kind of the stage; the foreign key holds the two together.
create table leads (
    workspace_id         blob        not null,
    id                   blob        not null,
    title                text        not null,
    contact_name         text,
    contact_email        text,
    contact_phone        text,
    client_id            blob,
    company_name         text,
    cnpj                 text,
    value_cents          integer      not null,
    value_currency       text        not null,
    source               text        not null,
    source_detail        text,
    owner_id             blob,
    pipeline_id          blob        not null,
    stage_id             blob        not null,
    position             integer      not null,
    status               text        not null,
    lost_reason_id       blob,
    lost_note            text,
    expected_close       integer,
    tags                 text       not null,
    custom               text       not null,
    score                integer      not null,
    score_reasons        text       not null,
    score_rules          integer,
    scored_at            integer,
    last_activity_at     integer,
    stage_since          integer not null,
    stage_changes        integer      not null,
    closed_at            integer,
    converted_at         integer,
    version              integer      not null,
    created_at           integer not null,
    updated_at           integer not null,
    deleted_at           integer,
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
) strict;

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
    workspace_id blob not null,
    tag          text not null,
    lead_id      blob not null,
    constraint lead_tags_pkey primary key (workspace_id, lead_id, tag),
    constraint lead_tags_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id)
) strict;

create index lead_tags_of_tag on lead_tags (workspace_id, tag, lead_id);

-- seq counts the changes of one lead from 1, its first stage included. Rows are added and never changed.
-- from_since is when the lead had come into the stage that it left.
create table lead_stage_changes (
    workspace_id  blob        not null,
    lead_id       blob        not null,
    seq           integer      not null,
    pipeline_id   blob        not null,
    from_stage_id blob,
    to_stage_id   blob        not null,
    at            integer not null,
    principal     text        not null,
    from_since    integer,
    constraint lead_stage_changes_pkey primary key (workspace_id, lead_id, seq),
    constraint lead_stage_changes_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint lead_stage_changes_workspace_id_from_stage_id_fkey
        foreign key (workspace_id, from_stage_id) references stages (workspace_id, id),
    constraint lead_stage_changes_workspace_id_to_stage_id_fkey
        foreign key (workspace_id, to_stage_id) references stages (workspace_id, id)
) strict;

create index lead_stage_changes_of_lead on lead_stage_changes (workspace_id, lead_id, at, seq);
create index lead_stage_changes_of_pipeline on lead_stage_changes (workspace_id, pipeline_id, at);

-- Each change of the rules is a new version; leads name the one that their score comes from.
create table score_rule_sets (
    workspace_id blob        not null,
    version      integer      not null,
    rules        text       not null,
    created_at   integer not null,
    principal    text        not null,
    constraint score_rule_sets_pkey primary key (workspace_id, version),
    constraint score_rule_sets_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

-- client_id of an activity on a lead is the client of the lead, so that it shows in the client's timeline as well.
create table activities (
    workspace_id  blob        not null,
    id            blob        not null,
    lead_id       blob,
    client_id     blob,
    kind          text        not null,
    title         text        not null,
    body          text,
    at            integer not null,
    duration_secs integer,
    owner_id      blob,
    principal     text        not null,
    version       integer      not null,
    created_at    integer not null,
    updated_at    integer not null,
    deleted_at    integer,
    constraint activities_pkey primary key (workspace_id, id),
    constraint activities_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint activities_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint activities_on_something check (lead_id is not null or client_id is not null),
    constraint activities_version_positive check (version > 0)
) strict;

create index activities_of_lead on activities (workspace_id, lead_id, at, id)
    where lead_id is not null and deleted_at is null;
create index activities_of_client on activities (workspace_id, client_id, at, id)
    where client_id is not null and deleted_at is null;

-- reminders holds the id, time and time of sending of each. One that is put off gets a new id: the message of the old one
-- then finds nothing.
create table tasks (
    workspace_id blob        not null,
    id           blob        not null,
    title        text        not null,
    note         text,
    due_at       integer not null,
    assignee_id  blob,
    lead_id      blob,
    client_id    blob,
    priority     text        not null,
    reminders    text        not null,
    status       text        not null,
    ended_at     integer,
    version      integer      not null,
    created_at   integer not null,
    updated_at   integer not null,
    deleted_at   integer,
    constraint tasks_pkey primary key (workspace_id, id),
    constraint tasks_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint tasks_workspace_id_lead_id_fkey
        foreign key (workspace_id, lead_id) references leads (workspace_id, id),
    constraint tasks_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint tasks_status_known check (status in ('open', 'done', 'cancelled')),
    constraint tasks_ended_when_not_open check ((status = 'open') = (ended_at is null)),
    constraint tasks_version_positive check (version > 0)
) strict;

create index tasks_by_due on tasks (workspace_id, status, due_at, id) where deleted_at is null;
create index tasks_of_assignee on tasks (workspace_id, assignee_id, status, due_at, id)
    where deleted_at is null and assignee_id is not null;
create index tasks_of_lead on tasks (workspace_id, lead_id, status, due_at, id)
    where deleted_at is null and lead_id is not null;
create index tasks_of_client on tasks (workspace_id, client_id, status, due_at, id)
    where deleted_at is null and client_id is not null;
