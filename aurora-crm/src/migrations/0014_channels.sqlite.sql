-- Numbers of the WhatsApp Business Platform. The token is sealed. A removed number keeps its row, without its token, for what came in
-- on it. number_id is Meta's name of it (phone_number_id), app the Meta app whose secret signs its webhooks.
create table whatsapp_numbers (
    workspace_id   blob not null,
    id             blob not null,
    number_id      text not null,
    account_id     text,
    display_number text not null,
    name           text not null,
    app            text not null,
    token          text not null,
    version        integer not null,
    created_at     integer not null,
    updated_at     integer not null,
    deleted_at     integer,
    constraint whatsapp_numbers_pkey primary key (workspace_id, id),
    constraint whatsapp_numbers_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint whatsapp_numbers_version_positive check (version > 0)
) strict, without rowid;

create index whatsapp_numbers_listed on whatsapp_numbers (workspace_id, id) where deleted_at is null;

-- Where the workspace of a number is looked up, before it is known: no row-level security, and nothing but ids.
create table whatsapp_number_directory (
    number_id    text not null,
    workspace_id blob not null,
    id           blob not null,
    app          text not null,
    constraint whatsapp_number_directory_pkey primary key (number_id)
) strict, without rowid;

-- What Meta posted, each thing once. key is a hash of what makes it the same thing again: the ids at Meta hold numbers of people. What was
-- posted is removed once it is in its conversation.
create table whatsapp_inbound (
    workspace_id blob not null,
    id           blob not null,
    channel_id   blob not null,
    key          blob not null,
    kind         text not null,
    payload      text,
    state        text not null,
    error        text,
    received_at  integer not null,
    settled_at   integer,
    constraint whatsapp_inbound_pkey primary key (workspace_id, id),
    constraint whatsapp_inbound_channel_id_fkey foreign key (workspace_id, channel_id)
        references whatsapp_numbers (workspace_id, id),
    constraint whatsapp_inbound_state_known check (state in ('pending', 'done', 'kept', 'failed')),
    constraint whatsapp_inbound_settled_whole check ((state = 'pending') = (settled_at is null))
) strict;

create unique index whatsapp_inbound_channel_id_key_key on whatsapp_inbound (workspace_id, channel_id, key);
create index whatsapp_inbound_received on whatsapp_inbound (workspace_id, received_at, id);
create index whatsapp_inbound_settled on whatsapp_inbound (workspace_id, settled_at, id);
create index whatsapp_inbound_in_state on whatsapp_inbound (workspace_id, state, id);
