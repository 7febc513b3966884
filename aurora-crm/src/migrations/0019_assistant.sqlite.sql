-- What a workspace has told its assistant, as one document.
create table assistant_settings (
    workspace_id blob not null,
    settings     text not null,
    version      integer not null,
    updated_at   integer not null,
    constraint assistant_settings_pkey primary key (workspace_id),
    constraint assistant_settings_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint assistant_settings_version_positive check (version > 0)
) strict, without rowid;

-- How far the assistant has answered a conversation. covered_through is the position of the last message that a turn has covered;
-- next_ref numbers what was offered. client_id is who was registered from it,
-- client_key by which call: the same call finds it again, and no other does.
create table assistant_threads (
    workspace_id    blob not null,
    conversation_id blob not null,
    covered_through integer not null,
    next_ref        integer not null,
    client_id       blob,
    client_key      text,
    updated_at      integer not null,
    constraint assistant_threads_pkey primary key (workspace_id, conversation_id),
    constraint assistant_threads_client_has_key check ((client_id is null) = (client_key is null)),
    constraint assistant_threads_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict, without rowid;

-- One answer to the messages after after_position up to through_position.
create table assistant_turns (
    workspace_id     blob not null,
    id               blob not null,
    conversation_id  blob not null,
    after_position   integer not null,
    through_position integer not null,
    status           text not null,
    reason           text,
    message_id       blob,
    started_at       integer not null,
    ended_at         integer,
    constraint assistant_turns_pkey primary key (workspace_id, id),
    constraint assistant_turns_thread_fkey foreign key (workspace_id, conversation_id)
        references assistant_threads (workspace_id, conversation_id) on delete cascade,
    constraint assistant_turns_status_known check (status in ('open', 'replied', 'handed_over', 'silent')),
    constraint assistant_turns_ended_when_not_open check ((status = 'open') = (ended_at is null))
) strict, without rowid;

-- One turn of a conversation at a time.
create unique index assistant_turns_workspace_id_conversation_id_key on assistant_turns (workspace_id, conversation_id) where status = 'open';
create index assistant_turns_of_conversation on assistant_turns (workspace_id, conversation_id, started_at, status, reason);
create index assistant_turns_of_message on assistant_turns (workspace_id, message_id) where message_id is not null;

-- What a turn has done, in order; written before it goes on. cost_nanos is in nano-dollars, absent where no price is known.
create table assistant_steps (
    workspace_id     blob not null,
    turn_id          blob not null,
    ordinal          integer not null,
    conversation_id  blob not null,
    through_position integer not null,
    kind             text not null,
    body             text not null,
    model            text,
    input_tokens     integer not null,
    output_tokens    integer not null,
    cost_nanos       integer,
    at               integer not null,
    constraint assistant_steps_pkey primary key (workspace_id, turn_id, ordinal),
    constraint assistant_steps_turn_fkey foreign key (workspace_id, turn_id)
        references assistant_turns (workspace_id, id) on delete cascade,
    constraint assistant_steps_kind_known check (kind in ('understood', 'answered', 'ran', 'decided'))
) strict, without rowid;

create index assistant_steps_of_conversation on assistant_steps (workspace_id, conversation_id, through_position, ordinal);

-- Times that were offered to a contact, by the only names under which they can be booked.
create table assistant_offers (
    workspace_id    blob not null,
    conversation_id blob not null,
    ref             text not null,
    service_id      blob not null,
    professional_id blob not null,
    room_id         blob,
    starts_at       integer not null,
    ends_at         integer not null,
    label           text not null,
    moves           blob,
    expires_at      integer not null,
    constraint assistant_offers_pkey primary key (workspace_id, conversation_id, ref),
    constraint assistant_offers_thread_fkey foreign key (workspace_id, conversation_id)
        references assistant_threads (workspace_id, conversation_id) on delete cascade
) strict, without rowid;

create index assistant_offers_by_end on assistant_offers (workspace_id, conversation_id, expires_at);
