-- What a workspace allows its clients; a workspace without a row has the defaults of the program.
create table appointment_policies (
    workspace_id        blob        not null,
    cancel_notice_hours integer      not null,
    hold_minutes        integer      not null,
    offer_minutes       integer      not null,
    no_show_fee         integer     not null,
    quiet_from          integer      not null,
    quiet_until         integer      not null,
    offer_template      text,
    version             integer      not null,
    updated_at          integer not null,
    constraint appointment_policies_pkey primary key (workspace_id),
    constraint appointment_policies_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint appointment_policies_version_positive check (version > 0)
) strict;

-- blocked_from and blocked_until are the interval with its buffers: no two that block share a professional or a room.
-- moves counts the changes of time; plan grows when reminders are planned anew, so that those of an earlier time find nothing.
create table appointments (
    workspace_id    blob        not null,
    id              blob        not null,
    client_id       blob        not null,
    service_id      blob        not null,
    professional_id blob        not null,
    room_id         blob,
    starts_at       integer not null,
    ends_at         integer not null,
    blocked_from    integer not null,
    blocked_until   integer not null,
    time_zone       text        not null,
    status          text        not null,
    hold_expires_at integer,
    reminded_at     integer,
    acknowledged_at integer,
    reason          text,
    note            text,
    fee_due         integer     not null,
    moves           integer      not null,
    plan            integer      not null,
    idempotency_key text,
    content_hash    blob       not null,
    version         integer      not null,
    created_at      integer not null,
    updated_at      integer not null,
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
    constraint appointments_version_positive check (version > 0)
) strict;

create unique index appointments_workspace_id_idempotency_key_key on appointments (workspace_id, idempotency_key)
    where idempotency_key is not null;
create index appointments_by_start on appointments (workspace_id, starts_at, id);
create index appointments_of_professional on appointments (workspace_id, professional_id, starts_at, id);
create index appointments_of_room on appointments (workspace_id, room_id, starts_at, id) where room_id is not null;
create index appointments_of_client on appointments (workspace_id, client_id, starts_at, id);
create index appointments_blocking_professional on appointments (workspace_id, professional_id, blocked_from, blocked_until)
    where status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress');
create index appointments_blocking_room on appointments (workspace_id, room_id, blocked_from, blocked_until)
    where room_id is not null and status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress');
create index appointments_held on appointments (workspace_id, hold_expires_at, id) where status = 'held';
create index appointments_requested on appointments (workspace_id, starts_at, id) where status = 'requested';

-- What the exclusion constraints do in PostgreSQL, under the same names: adjacent intervals pass, and the workspace is part of it.
create trigger appointments_professional_new before insert on appointments
when new.professional_id is not null and new.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
begin
    select raise(abort, 'appointments_professional_no_overlap') where exists (
        select 1 from appointments a
        where a.workspace_id = new.workspace_id and a.professional_id = new.professional_id
            and a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
            and a.blocked_from < new.blocked_until and a.blocked_until > new.blocked_from and a.id <> new.id
    );
end;

create trigger appointments_room_new before insert on appointments
when new.room_id is not null and new.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
begin
    select raise(abort, 'appointments_room_no_overlap') where exists (
        select 1 from appointments a
        where a.workspace_id = new.workspace_id and a.room_id = new.room_id
            and a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
            and a.blocked_from < new.blocked_until and a.blocked_until > new.blocked_from and a.id <> new.id
    );
end;

create trigger appointments_professional_moved before update of status, professional_id, room_id, blocked_from, blocked_until on appointments
when new.professional_id is not null and new.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
begin
    select raise(abort, 'appointments_professional_no_overlap') where exists (
        select 1 from appointments a
        where a.workspace_id = new.workspace_id and a.professional_id = new.professional_id
            and a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
            and a.blocked_from < new.blocked_until and a.blocked_until > new.blocked_from and a.id <> new.id
    );
end;

create trigger appointments_room_moved before update of status, professional_id, room_id, blocked_from, blocked_until on appointments
when new.room_id is not null and new.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
begin
    select raise(abort, 'appointments_room_no_overlap') where exists (
        select 1 from appointments a
        where a.workspace_id = new.workspace_id and a.room_id = new.room_id
            and a.status in ('held', 'requested', 'confirmed', 'checked_in', 'in_progress')
            and a.blocked_from < new.blocked_until and a.blocked_until > new.blocked_from and a.id <> new.id
    );
end;

-- One row for each version. Rows are added and, but for erasure, never changed.
create table appointment_history (
    workspace_id    blob        not null,
    appointment_id  blob        not null,
    version         integer      not null,
    at              integer not null,
    action          text        not null,
    actor           text        not null,
    actor_id        blob,
    from_status     text,
    to_status       text        not null,
    starts_at       integer not null,
    ends_at         integer not null,
    professional_id blob        not null,
    room_id         blob,
    reason          text,
    constraint appointment_history_pkey primary key (workspace_id, appointment_id, version),
    constraint appointment_history_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id)
) strict;

-- When clients are reminded; of one service, or of every service that has no rules of its own.
create table reminder_rules (
    workspace_id   blob        not null,
    id             blob        not null,
    service_id     blob,
    minutes_before integer      not null,
    shift          text        not null,
    template       text,
    text_pt        text,
    text_en        text,
    created_at     integer not null,
    constraint reminder_rules_pkey primary key (workspace_id, id),
    constraint reminder_rules_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint reminder_rules_workspace_id_service_id_fkey
        foreign key (workspace_id, service_id) references services (workspace_id, id),
    constraint reminder_rules_shift_known check (shift in ('earlier', 'later')),
    constraint reminder_rules_before_positive check (minutes_before > 0)
) strict;

create unique index reminder_rules_workspace_id_service_id_minutes_before_key
    on reminder_rules (workspace_id, service_id, minutes_before) where service_id is not null;
create unique index reminder_rules_workspace_id_minutes_before_key
    on reminder_rules (workspace_id, minutes_before) where service_id is null;

-- One row for each reminder that is planned. plan is that of the appointment when it was: a later plan makes it void.
-- rule_id names no row any more when its rule was removed, and then nothing is sent.
create table appointment_reminders (
    workspace_id   blob        not null,
    id             blob        not null,
    appointment_id blob        not null,
    plan           integer      not null,
    rule_id        blob        not null,
    due_at         integer not null,
    state          text        not null,
    settled_at     integer,
    constraint appointment_reminders_pkey primary key (workspace_id, id),
    constraint appointment_reminders_workspace_id_appointment_id_plan_rule_id_key
        unique (workspace_id, appointment_id, plan, rule_id),
    constraint appointment_reminders_workspace_id_appointment_id_fkey
        foreign key (workspace_id, appointment_id) references appointments (workspace_id, id),
    constraint appointment_reminders_state_known check (state in ('planned', 'sent', 'skipped'))
) strict;

-- Who wants to come when a time becomes free. appointment_id is the time that is held as an offer; passed_* is the time that
-- was last offered and not taken, which is not offered again. told_at is when the client was told of the offer; untold_at is when an
-- offer last ended that nobody could be told of, which does not count.
create table waiting_list (
    workspace_id           blob        not null,
    id                     blob        not null,
    client_id              blob        not null,
    service_id             blob        not null,
    professional_id        blob,
    wanted_from            integer not null,
    wanted_until           integer not null,
    part_of_day            text        not null,
    priority               integer      not null,
    status                 text        not null,
    appointment_id         blob,
    offer_expires_at       integer,
    offers                 integer      not null,
    passed_professional_id blob,
    passed_starts_at       integer,
    told_at                integer,
    untold_at              integer,
    version                integer      not null,
    created_at             integer not null,
    updated_at             integer not null,
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
) strict;

create index waiting_list_in_order on waiting_list (workspace_id, status, priority, created_at, id);
create index waiting_list_of_client on waiting_list (workspace_id, client_id, created_at, id);
create unique index waiting_list_workspace_id_appointment_id_key on waiting_list (workspace_id, appointment_id)
    where appointment_id is not null;

