-- What can be booked, with whom and where. Minutes are lengths of time; price in centavos.
create table services (
    workspace_id          uuid             not null,
    id                    uuid             not null,
    name                  text             not null,
    name_key              text collate "C" not null,
    description           text,
    duration_minutes      bigint           not null,
    buffer_before_minutes bigint           not null,
    buffer_after_minutes  bigint           not null,
    price_cents           bigint,
    granularity_minutes   bigint           not null,
    min_notice_minutes    bigint           not null,
    horizon_days          bigint           not null,
    confirms_itself       boolean          not null,
    active                boolean          not null,
    version               bigint           not null,
    created_at            timestamptz      not null,
    updated_at            timestamptz      not null,
    constraint services_pkey primary key (workspace_id, id),
    constraint services_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint services_duration_in_range check (duration_minutes between 5 and 1440),
    constraint services_buffers_in_range
        check (buffer_before_minutes between 0 and 240 and buffer_after_minutes between 0 and 240),
    constraint services_granularity_positive check (granularity_minutes > 0)
);

create unique index services_workspace_id_name_key_key on services (workspace_id, name_key) where active;
create index services_by_name on services (workspace_id, active, name_key, id);

create table professionals (
    workspace_id uuid             not null,
    id           uuid             not null,
    name         text             not null,
    name_key     text collate "C" not null,
    user_id      uuid,
    time_zone    text             not null,
    active       boolean          not null,
    version      bigint           not null,
    created_at   timestamptz      not null,
    updated_at   timestamptz      not null,
    constraint professionals_pkey primary key (workspace_id, id),
    constraint professionals_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create unique index professionals_workspace_id_name_key_key on professionals (workspace_id, name_key) where active;
create index professionals_by_name on professionals (workspace_id, active, name_key, id);

create table rooms (
    workspace_id uuid             not null,
    id           uuid             not null,
    name         text             not null,
    name_key     text collate "C" not null,
    active       boolean          not null,
    version      bigint           not null,
    created_at   timestamptz      not null,
    updated_at   timestamptz      not null,
    constraint rooms_pkey primary key (workspace_id, id),
    constraint rooms_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create unique index rooms_workspace_id_name_key_key on rooms (workspace_id, name_key) where active;
create index rooms_by_name on rooms (workspace_id, active, name_key, id);

-- Who does what, and where.
create table service_professionals (
    workspace_id    uuid not null,
    service_id      uuid not null,
    professional_id uuid not null,
    constraint service_professionals_pkey primary key (workspace_id, service_id, professional_id),
    constraint service_professionals_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint service_professionals_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id)
);

create index service_professionals_of_professional on service_professionals (workspace_id, professional_id);

create table service_rooms (
    workspace_id uuid not null,
    service_id   uuid not null,
    room_id      uuid not null,
    constraint service_rooms_pkey primary key (workspace_id, service_id, room_id),
    constraint service_rooms_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint service_rooms_workspace_id_room_id_fkey
        foreign key (workspace_id, room_id) references rooms (workspace_id, id)
);

create index service_rooms_of_room on service_rooms (workspace_id, room_id);

-- The weekly hours of a professional in minutes from midnight on the clock on the wall; weekday 1 is Monday (ISO 8601).
-- Dates are written as 2026-03-02.
create table working_hours (
    workspace_id    uuid   not null,
    professional_id uuid   not null,
    position        bigint not null,
    weekday         bigint not null,
    from_minute     bigint not null,
    until_minute    bigint not null,
    valid_from      text collate "C",
    valid_until     text collate "C",
    constraint working_hours_pkey primary key (workspace_id, professional_id, position),
    constraint working_hours_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint working_hours_weekday_in_range check (weekday between 1 and 7),
    constraint working_hours_not_empty check (0 <= from_minute and from_minute < until_minute and until_minute <= 1440)
);

-- Dates with other hours: of a professional, of a room, or, with neither, of the whole workspace. Closed when open is empty.
create table hours_exceptions (
    workspace_id    uuid             not null,
    id              uuid             not null,
    professional_id uuid,
    room_id         uuid,
    date            text collate "C" not null,
    open            jsonb            not null,
    reason          text,
    created_at      timestamptz      not null,
    constraint hours_exceptions_pkey primary key (workspace_id, id),
    constraint hours_exceptions_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint hours_exceptions_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint hours_exceptions_workspace_id_room_id_fkey
        foreign key (workspace_id, room_id) references rooms (workspace_id, id),
    constraint hours_exceptions_of_one check (professional_id is null or room_id is null)
);

create unique index hours_exceptions_workspace_id_date_key on hours_exceptions (workspace_id, date)
    where professional_id is null and room_id is null;
create unique index hours_exceptions_workspace_id_professional_id_date_key
    on hours_exceptions (workspace_id, professional_id, date) where professional_id is not null;
create unique index hours_exceptions_workspace_id_room_id_date_key
    on hours_exceptions (workspace_id, room_id, date) where room_id is not null;

-- Which of the nation's holidays close the workspace, by name; the usual ones where there is no row.
create table holiday_settings (
    workspace_id uuid        not null,
    closes       jsonb       not null,
    version      bigint      not null,
    updated_at   timestamptz not null,
    constraint holiday_settings_pkey primary key (workspace_id),
    constraint holiday_settings_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

-- Holidays that a workspace adds; year is null when they come each year.
create table local_holidays (
    workspace_id uuid        not null,
    id           uuid        not null,
    name         text        not null,
    kind         text        not null,
    year         bigint,
    month        bigint      not null,
    day          bigint      not null,
    closes       boolean     not null,
    created_at   timestamptz not null,
    constraint local_holidays_pkey primary key (workspace_id, id),
    constraint local_holidays_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

create unique index local_holidays_workspace_id_month_day_key on local_holidays (workspace_id, month, day)
    where year is null;
create unique index local_holidays_workspace_id_year_month_day_key on local_holidays (workspace_id, year, month, day)
    where year is not null;

-- When professionals are busy elsewhere, as a calendar says. source names the calendar, source_key the event in it.
create table calendar_busy (
    workspace_id    uuid             not null,
    professional_id uuid             not null,
    source          text collate "C" not null,
    source_key      text collate "C" not null,
    starts_at       timestamptz      not null,
    ends_at         timestamptz      not null,
    constraint calendar_busy_pkey primary key (workspace_id, professional_id, source, source_key),
    constraint calendar_busy_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint calendar_busy_not_empty check (starts_at < ends_at)
);

-- Events that are over are many, those to come are few: what overlaps a range is found from its beginning on.
create index calendar_busy_by_end on calendar_busy (workspace_id, professional_id, ends_at, starts_at);

alter table services enable row level security;
alter table services force row level security;
create policy services_of_workspace on services using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table professionals enable row level security;
alter table professionals force row level security;
create policy professionals_of_workspace on professionals using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table rooms enable row level security;
alter table rooms force row level security;
create policy rooms_of_workspace on rooms using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table service_professionals enable row level security;
alter table service_professionals force row level security;
create policy service_professionals_of_workspace on service_professionals using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table service_rooms enable row level security;
alter table service_rooms force row level security;
create policy service_rooms_of_workspace on service_rooms using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table working_hours enable row level security;
alter table working_hours force row level security;
create policy working_hours_of_workspace on working_hours using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table hours_exceptions enable row level security;
alter table hours_exceptions force row level security;
create policy hours_exceptions_of_workspace on hours_exceptions using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table holiday_settings enable row level security;
alter table holiday_settings force row level security;
create policy holiday_settings_of_workspace on holiday_settings using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table local_holidays enable row level security;
alter table local_holidays force row level security;
create policy local_holidays_of_workspace on local_holidays using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table calendar_busy enable row level security;
alter table calendar_busy force row level security;
create policy calendar_busy_of_workspace on calendar_busy using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
