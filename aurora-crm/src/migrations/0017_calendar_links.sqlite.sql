-- The calendar of a professional at Google. The credentials are sealed; of an ended link they are empty. syncs and polls grow
-- with each run, so that messages of the outbox for one run come together.
create table calendar_links (
    workspace_id    blob    not null,
    id              blob    not null,
    professional_id blob    not null,
    calendar_id     text    not null,
    credential_kind text    not null,
    credentials     text    not null,
    direction       text    not null,
    titles          text    not null,
    state           text    not null,
    problem         text,
    time_zone       text,
    sync_token      text,
    whole_at        integer,
    synced_at       integer,
    conflict_at     integer,
    conflicts       integer not null,
    syncs           integer not null,
    polls           integer not null,
    version         integer not null,
    created_at      integer not null,
    updated_at      integer not null,
    ended_at        integer,
    constraint calendar_links_pkey primary key (workspace_id, id),
    constraint calendar_links_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint calendar_links_credential_kind_known check (credential_kind in ('service_account', 'refresh_token')),
    constraint calendar_links_direction_known check (direction in ('both', 'out', 'in')),
    constraint calendar_links_titles_known check (titles in ('busy', 'service')),
    constraint calendar_links_state_known check (state in ('active', 'refused', 'ended')),
    constraint calendar_links_ended_whole check ((state = 'ended') = (ended_at is not null)),
    constraint calendar_links_version_positive check (version > 0)
) strict, without rowid;

create unique index calendar_links_workspace_id_professional_id_key on calendar_links (workspace_id, professional_id)
    where ended_at is null;
create index calendar_links_listed on calendar_links (workspace_id, id) where ended_at is null;

-- Channels that Google sends notifications through. Of the token only a hash is kept. resource_id is null until Google has
-- opened it.
create table calendar_channels (
    workspace_id    blob    not null,
    id              blob    not null,
    link_id         blob    not null,
    token_hash      text    not null,
    resource_id     text,
    expires_at      integer,
    created_at      integer not null,
    constraint calendar_channels_pkey primary key (workspace_id, id),
    constraint calendar_channels_workspace_id_link_id_fkey
        foreign key (workspace_id, link_id) references calendar_links (workspace_id, id)
) strict, without rowid;

create index calendar_channels_of_link on calendar_channels (workspace_id, link_id, id);

-- Which event stands for which appointment, as it was when it was last seen or written there.
create table calendar_events (
    workspace_id    blob    not null,
    link_id         blob    not null,
    appointment_id  blob    not null,
    event_id        text    not null,
    generation      integer not null,
    etag            text,
    pushed_version  integer not null,
    starts_at       integer not null,
    ends_at         integer not null,
    is_present      integer not null,
    updated_at      integer not null,
    constraint calendar_events_pkey primary key (workspace_id, link_id, appointment_id),
    constraint calendar_events_workspace_id_link_id_fkey
        foreign key (workspace_id, link_id) references calendar_links (workspace_id, id),
    constraint calendar_events_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id)
) strict, without rowid;

create index calendar_events_of_appointment on calendar_events (workspace_id, appointment_id, link_id);
create index calendar_events_present on calendar_events (workspace_id, link_id, ends_at, appointment_id) where is_present;
