-- What a workspace has told its assistant, as one document.
create table assistant_settings (
    workspace_id uuid not null,
    settings     text not null,
    version      bigint not null,
    updated_at   timestamptz not null,
    constraint assistant_settings_pkey primary key (workspace_id),
    constraint assistant_settings_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint assistant_settings_version_positive check (version > 0)
);

-- How far the assistant has answered a conversation. covered_through is the position of the last message that a turn has covered;
-- next_ref numbers what was offered. client_id is who was registered from it,
-- client_key by which call: the same call finds it again, and no other does.
create table assistant_threads (
    workspace_id    uuid not null,
    conversation_id uuid not null,
    covered_through bigint not null,
    next_ref        bigint not null,
    client_id       uuid,
    client_key      text,
    updated_at      timestamptz not null,
    constraint assistant_threads_pkey primary key (workspace_id, conversation_id),
    constraint assistant_threads_client_has_key check ((client_id is null) = (client_key is null)),
    constraint assistant_threads_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
);

-- One answer to the messages after after_position up to through_position.
create table assistant_turns (
    workspace_id     uuid not null,
    id               uuid not null,
    conversation_id  uuid not null,
    after_position   bigint not null,
    through_position bigint not null,
    status           text not null,
    reason           text,
    message_id       uuid,
    started_at       timestamptz not null,
    ended_at         timestamptz,
    constraint assistant_turns_pkey primary key (workspace_id, id),
    constraint assistant_turns_thread_fkey foreign key (workspace_id, conversation_id)
        references assistant_threads (workspace_id, conversation_id) on delete cascade,
    constraint assistant_turns_status_known check (status in ('open', 'replied', 'handed_over', 'silent')),
    constraint assistant_turns_ended_when_not_open check ((status = 'open') = (ended_at is null))
);

-- One turn of a conversation at a time.
create unique index assistant_turns_workspace_id_conversation_id_key on assistant_turns (workspace_id, conversation_id) where status = 'open';
create index assistant_turns_of_conversation on assistant_turns (workspace_id, conversation_id, started_at, status, reason);
create index assistant_turns_of_message on assistant_turns (workspace_id, message_id) where message_id is not null;

-- What a turn has done, in order; written before it goes on. cost_nanos is in nano-dollars, absent where no price is known.
create table assistant_steps (
    workspace_id     uuid not null,
    turn_id          uuid not null,
    ordinal          bigint not null,
    conversation_id  uuid not null,
    through_position bigint not null,
    kind             text not null,
    body             text not null,
    model            text,
    input_tokens     bigint not null,
    output_tokens    bigint not null,
    cost_nanos       bigint,
    at               timestamptz not null,
    constraint assistant_steps_pkey primary key (workspace_id, turn_id, ordinal),
    constraint assistant_steps_turn_fkey foreign key (workspace_id, turn_id)
        references assistant_turns (workspace_id, id) on delete cascade,
    constraint assistant_steps_kind_known check (kind in ('understood', 'answered', 'ran', 'decided'))
);

create index assistant_steps_of_conversation on assistant_steps (workspace_id, conversation_id, through_position, ordinal);

-- Times that were offered to a contact, by the only names under which they can be booked.
create table assistant_offers (
    workspace_id    uuid not null,
    conversation_id uuid not null,
    ref             text collate "C" not null,
    service_id      uuid not null,
    professional_id uuid not null,
    room_id         uuid,
    starts_at       timestamptz not null,
    ends_at         timestamptz not null,
    label           text not null,
    moves           uuid,
    expires_at      timestamptz not null,
    constraint assistant_offers_pkey primary key (workspace_id, conversation_id, ref),
    constraint assistant_offers_thread_fkey foreign key (workspace_id, conversation_id)
        references assistant_threads (workspace_id, conversation_id) on delete cascade
);

create index assistant_offers_by_end on assistant_offers (workspace_id, conversation_id, expires_at);

alter table assistant_settings enable row level security;
alter table assistant_settings force row level security;
create policy assistant_settings_of_workspace on assistant_settings
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table assistant_threads enable row level security;
alter table assistant_threads force row level security;
create policy assistant_threads_of_workspace on assistant_threads
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table assistant_turns enable row level security;
alter table assistant_turns force row level security;
create policy assistant_turns_of_workspace on assistant_turns
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table assistant_steps enable row level security;
alter table assistant_steps force row level security;
create policy assistant_steps_of_workspace on assistant_steps
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);

alter table assistant_offers enable row level security;
alter table assistant_offers force row level security;
create policy assistant_offers_of_workspace on assistant_offers
    using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
