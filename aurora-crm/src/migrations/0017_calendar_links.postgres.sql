-- The calendar of a professional at Google. The credentials are sealed; of an ended link they are empty. syncs and polls grow
-- with each run, so that messages of the outbox for one run come together.
create table calendar_links (
    workspace_id    uuid        not null,
    id              uuid        not null,
    professional_id uuid        not null,
    calendar_id     text        not null,
    credential_kind text        not null,
    credentials     text        not null,
    direction       text        not null,
    titles          text        not null,
    state           text        not null,
    problem         text,
    time_zone       text,
    sync_token      text,
    whole_at        timestamptz,
    synced_at       timestamptz,
    conflict_at     timestamptz,
    conflicts       bigint      not null,
    syncs           bigint      not null,
    polls           bigint      not null,
    version         bigint      not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    ended_at        timestamptz,
    constraint calendar_links_pkey primary key (workspace_id, id),
    constraint calendar_links_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint calendar_links_credential_kind_known check (credential_kind in ('service_account', 'refresh_token')),
    constraint calendar_links_direction_known check (direction in ('both', 'out', 'in')),
    constraint calendar_links_titles_known check (titles in ('busy', 'service')),
    constraint calendar_links_state_known check (state in ('active', 'refused', 'ended')),
    constraint calendar_links_ended_whole check ((state = 'ended') = (ended_at is not null)),
    constraint calendar_links_version_positive check (version > 0)
);

create unique index calendar_links_workspace_id_professional_id_key on calendar_links (workspace_id, professional_id)
    where ended_at is null;
create index calendar_links_listed on calendar_links (workspace_id, id) where ended_at is null;

-- Channels that Google sends notifications through. Of the token only a hash is kept. resource_id is null until Google has
-- opened it.
create table calendar_channels (
    workspace_id uuid        not null,
    id           uuid        not null,
    link_id      uuid        not null,
    token_hash   text        not null,
    resource_id  text,
    expires_at   timestamptz,
    created_at   timestamptz not null,
    constraint calendar_channels_pkey primary key (workspace_id, id),
    constraint calendar_channels_workspace_id_link_id_fkey
        foreign key (workspace_id, link_id) references calendar_links (workspace_id, id)
);

create index calendar_channels_of_link on calendar_channels (workspace_id, link_id, id);

-- Which event stands for which appointment, as it was when it was last seen or written there.
create table calendar_events (
    workspace_id   uuid             not null,
    link_id        uuid             not null,
    appointment_id uuid             not null,
    event_id       text collate "C" not null,
    generation     bigint           not null,
    etag           text,
    pushed_version bigint           not null,
    starts_at      timestamptz      not null,
    ends_at        timestamptz      not null,
    is_present     boolean          not null,
    updated_at     timestamptz      not null,
    constraint calendar_events_pkey primary key (workspace_id, link_id, appointment_id),
    constraint calendar_events_workspace_id_link_id_fkey
        foreign key (workspace_id, link_id) references calendar_links (workspace_id, id),
    constraint calendar_events_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id)
);

create index calendar_events_of_appointment on calendar_events (workspace_id, appointment_id, link_id);
create index calendar_events_present on calendar_events (workspace_id, link_id, ends_at, appointment_id) where is_present;

alter table calendar_links enable row level security;
alter table calendar_links force row level security;
create policy calendar_links_of_workspace on calendar_links using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table calendar_channels enable row level security;
alter table calendar_channels force row level security;
create policy calendar_channels_of_workspace on calendar_channels using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
alter table calendar_events enable row level security;
alter table calendar_events force row level security;
create policy calendar_events_of_workspace on calendar_events using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
