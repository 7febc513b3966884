-- Ids as the leading keys of a GiST index need btree_gist, which comes with PostgreSQL (contrib) and any owner of a
-- database may create from version 13 on.
do $$
begin
    create extension if not exists btree_gist;
exception
    when insufficient_privilege then
        raise exception using errcode = '42704', message = 'appointments need the extension btree_gist and this account may not create it: run '
            '`create extension btree_gist` in this database as its owner or as a superuser, then start again';
    when feature_not_supported or undefined_file then
        raise exception using errcode = '42704', message = 'appointments need the extension btree_gist and this server does not have it: install '
            'PostgreSQL''s additional modules (package postgresql-contrib), run `create extension btree_gist`, then start again';
end $$;

-- What a workspace allows its clients; a workspace without a row has the defaults of the program.
create table appointment_policies (
    workspace_id        uuid        not null,
    cancel_notice_hours bigint      not null,
    hold_minutes        bigint      not null,
    offer_minutes       bigint      not null,
    no_show_fee         boolean     not null,
    quiet_from          bigint      not null,
    quiet_until         bigint      not null,
    offer_template      text,
    version             bigint      not null,
    updated_at          timestamptz not null,
    constraint appointment_policies_pkey primary key (workspace_id),
    constraint appointment_policies_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint appointment_policies_version_positive check (version > 0)
);

-- blocked_from and blocked_until are the interval with its buffers: no two that block share a professional or a room.
-- moves counts the changes of time; plan grows when reminders are planned anew, so that those of an earlier time find nothing.
create table appointments (
    workspace_id    uuid        not null,
    id              uuid        not null,
    client_id       uuid        not null,
    service_id      uuid        not null,
    professional_id uuid        not null,
    room_id         uuid,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    blocked_from    timestamptz not null,
    blocked_until   timestamptz not null,
    time_zone       text        not null,
    status          text        not null,
    hold_expires_at timestamptz,
    reminded_at     timestamptz,
    acknowledged_at timestamptz,
    reason          text,
    note            text,
    fee_due         boolean     not null,
    moves           bigint      not null,
    plan            bigint      not null,
    idempotency_key text collate "C",
    content_hash    bytea       not null,
    version         bigint      not null,
    created_at      timestamptz not null,
    updated_at      timestamptz not null,
    constraint appointments_pkey primary key (workspace_id, id),
    constraint appointments_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint appointments_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint appointments_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint appointments_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint appointments_workspace_id_room_id_fkey
        foreign key (workspace_id, room_id) references rooms (workspace_id, id),
    constraint appointments_status_known check (status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress',
        'completed', 'cancelled', 'no_show', 'rejected', 'expired')),
    constraint appointments_interval_in_order check (blocked_from <= starts_at and starts_at < ends_at and ends_at <= blocked_until),
    constraint appointments_hold_expires check ((status = 'held') = (hold_expires_at is not null)),
    constraint appointments_version_positive check (version > 0),
    constraint appointments_professional_no_overlap exclude using gist (workspace_id with =, professional_id with =,
        tstzrange(blocked_from, blocked_until, '[)') with &&)
        where (status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')),
    constraint appointments_room_no_overlap exclude using gist (workspace_id with =, room_id with =,
        tstzrange(blocked_from, blocked_until, '[)') with &&)
        where (room_id is not null and status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress'))
);

create unique index appointments_workspace_id_idempotency_key_key on appointments (workspace_id, idempotency_key)
    where idempotency_key is not null;
create index appointments_by_start on appointments (workspace_id, starts_at, id);
create index appointments_of_professional on appointments (workspace_id, professional_id, starts_at, id);
create index appointments_of_room on appointments (workspace_id, room_id, starts_at, id) where room_id is not null;
create index appointments_of_client on appointments (workspace_id, client_id, starts_at, id);
create index appointments_blocking_professional on appointments (workspace_id, professional_id, blocked_from, blocked_until)
    where status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress');
create index appointments_held on appointments (workspace_id, hold_expires_at, id) where status = 'held';
create index appointments_requested on appointments (workspace_id, starts_at, id) where status = 'requested';

-- One row for each version. Rows are added and, but for erasure, never changed.
create table appointment_history (
    workspace_id    uuid        not null,
    appointment_id  uuid        not null,
    version         bigint      not null,
    at              timestamptz not null,
    action          text        not null,
    actor           text        not null,
    actor_id        uuid,
    from_status     text,
    to_status       text        not null,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    professional_id uuid        not null,
    room_id         uuid,
    reason          text,
    constraint appointment_history_pkey primary key (workspace_id, appointment_id, version),
    constraint appointment_history_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id)
);

-- When clients are reminded; of one service, or of every service that has no rules of its own.
create table reminder_rules (
    workspace_id   uuid        not null,
    id             uuid        not null,
    service_id     uuid,
    minutes_before bigint      not null,
    shift          text        not null,
    template       text,
    text_pt        text,
    text_en        text,
    created_at     timestamptz not null,
    constraint reminder_rules_pkey primary key (workspace_id, id),
    constraint reminder_rules_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint reminder_rules_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint reminder_rules_shift_known check (shift in ('earlier', 'later')),
    constraint reminder_rules_before_positive check (minutes_before > 0)
);

create unique index reminder_rules_workspace_id_service_id_minutes_before_key
    on reminder_rules (workspace_id, service_id, minutes_before) where service_id is not null;
create unique index reminder_rules_workspace_id_minutes_before_key
    on reminder_rules (workspace_id, minutes_before) where service_id is null;

-- One row for each reminder that is planned. plan is that of the appointment when it was: a later plan makes it void.
-- rule_id names no row any more when its rule was removed, and then nothing is sent.
create table appointment_reminders (
    workspace_id   uuid        not null,
    id             uuid        not null,
    appointment_id uuid        not null,
    plan           bigint      not null,
    rule_id        uuid        not null,
    due_at         timestamptz not null,
    state          text        not null,
    settled_at     timestamptz,
    constraint appointment_reminders_pkey primary key (workspace_id, id),
    constraint appointment_reminders_workspace_id_appointment_id_plan_rule_id_key
        unique (workspace_id, appointment_id, plan, rule_id),
    constraint appointment_reminders_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id),
    constraint appointment_reminders_state_known check (state in ('planned', 'sent', 'skipped'))
);

-- Who wants to come when a time becomes free. appointment_id is the time that is held as an offer; passed_* is the time that
-- was last offered and not taken, which is not offered again. told_at is when the client was told of the offer; untold_at is when an
-- offer last ended that nobody could be told of, which does not count.
create table waiting_list (
    workspace_id           uuid        not null,
    id                     uuid        not null,
    client_id              uuid        not null,
    service_id             uuid        not null,
    professional_id        uuid,
    wanted_from            timestamptz not null,
    wanted_until           timestamptz not null,
    part_of_day            text        not null,
    priority               bigint      not null,
    status                 text        not null,
    appointment_id         uuid,
    offer_expires_at       timestamptz,
    offers                 bigint      not null,
    passed_professional_id uuid,
    passed_starts_at       timestamptz,
    told_at                timestamptz,
    untold_at              timestamptz,
    version                bigint      not null,
    created_at             timestamptz not null,
    updated_at             timestamptz not null,
    constraint waiting_list_pkey primary key (workspace_id, id),
    constraint waiting_list_workspace_id_client_id_fkey
        foreign key (workspace_id, client_id) references clients (workspace_id, id),
    constraint waiting_list_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint waiting_list_workspace_id_professional_id_fkey
        foreign key (workspace_id, professional_id) references professionals (workspace_id, id),
    constraint waiting_list_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id),
    constraint waiting_list_status_known check (status in ('waiting', 'offered', 'booked', 'removed', 'lapsed')),
    constraint waiting_list_offer_of_offered check (status <> 'offered' or (appointment_id is not null and offer_expires_at is not null)),
    constraint waiting_list_range_in_order check (wanted_from < wanted_until),
    constraint waiting_list_version_positive check (version > 0)
);

create index waiting_list_in_order on waiting_list (workspace_id, status, priority, created_at, id);
create index waiting_list_of_client on waiting_list (workspace_id, client_id, created_at, id);
create unique index waiting_list_workspace_id_appointment_id_key on waiting_list (workspace_id, appointment_id)
    where appointment_id is not null;

alter table appointment_policies enable row level security;
alter table appointment_policies force row level security;
create policy appointment_policies_of_workspace on appointment_policies using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table appointments enable row level security;
alter table appointments force row level security;
create policy appointments_of_workspace on appointments using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table appointment_history enable row level security;
alter table appointment_history force row level security;
create policy appointment_history_of_workspace on appointment_history using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table reminder_rules enable row level security;
alter table reminder_rules force row level security;
create policy reminder_rules_of_workspace on reminder_rules using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table appointment_reminders enable row level security;
alter table appointment_reminders force row level security;
create policy appointment_reminders_of_workspace on appointment_reminders using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table waiting_list enable row level security;
alter table waiting_list force row level security;
create policy waiting_list_of_workspace on waiting_list using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
