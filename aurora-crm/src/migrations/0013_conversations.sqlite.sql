-- The order in which the conversations of a workspace change. Whoever writes takes the next number first, and so waits for whoever
-- did before: what is committed later never has a lower number.
create table conversation_feeds (
    workspace_id blob not null,
    seq          integer not null,
    constraint conversation_feeds_pkey primary key (workspace_id),
    constraint conversation_feeds_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict, without rowid;

create table conversation_settings (
    workspace_id   blob not null,
    first_assignee text not null,
    fallback       text,
    notices_from   blob,
    constraint conversation_settings_pkey primary key (workspace_id),
    constraint conversation_settings_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint conversation_settings_first_assignee_known check (first_assignee in ('nobody', 'assistant'))
) strict, without rowid;

-- Ends of channels from which nothing is sent.
create table channel_pauses (
    workspace_id blob not null,
    channel_id   blob not null,
    code         text not null,
    detail       text not null,
    since        integer not null,
    constraint channel_pauses_pkey primary key (workspace_id, channel_id),
    constraint channel_pauses_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict, without rowid;

-- Ends of channels that are a chat on a page of the workspace.
create table web_chats (
    workspace_id blob not null,
    id           blob not null,
    name         text not null,
    created_at   integer not null,
    disabled_at  integer,
    constraint web_chats_pkey primary key (workspace_id, id),
    constraint web_chats_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict;

-- unlinked_at: a person has said that it is no client, and no number makes it one again.
create table contacts (
    workspace_id blob not null,
    id           blob not null,
    name         text,
    addresses    text not null,
    client_id    blob,
    unlinked_at  integer,
    blocked_at   integer,
    created_at   integer not null,
    constraint contacts_pkey primary key (workspace_id, id),
    constraint contacts_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint contacts_client_id_fkey foreign key (workspace_id, client_id) references clients (workspace_id, id)
) strict;

create index contacts_of_client on contacts (workspace_id, client_id);

-- What contacts are recognised by. Equal addresses have one key: the number behind a WhatsApp id, with its ninth digit.
create table contact_addresses (
    workspace_id blob not null,
    kind         text not null,
    key          text not null,
    contact_id   blob not null,
    constraint contact_addresses_pkey primary key (workspace_id, kind, key),
    constraint contact_addresses_contact_id_fkey foreign key (workspace_id, contact_id) references contacts (workspace_id, id),
    constraint contact_addresses_kind_known check (kind in ('wa_id', 'bsuid', 'parent_bsuid', 'visitor'))
) strict, without rowid;

create index contact_addresses_of_contact on contact_addresses (workspace_id, contact_id);

create table conversations (
    workspace_id    blob not null,
    id              blob not null,
    contact_id      blob not null,
    channel_kind    text not null,
    channel_id      blob not null,
    status          text not null,
    assignee        text not null,
    tags            text not null,
    unread          integer not null,
    last_inbound_at integer,
    last_message_at integer not null,
    version         integer not null,
    changed_seq     integer not null,
    merged_into     blob,
    created_at      integer not null,
    constraint conversations_pkey primary key (workspace_id, id),
    constraint conversations_contact_id_fkey foreign key (workspace_id, contact_id) references contacts (workspace_id, id),
    constraint conversations_merged_into_fkey foreign key (workspace_id, merged_into) references conversations (workspace_id, id),
    constraint conversations_channel_kind_known check (channel_kind in ('whatsapp', 'web_chat')),
    constraint conversations_status_known check (status in ('open', 'pending', 'closed'))
) strict;

create unique index conversations_workspace_id_contact_id_channel_id_key on conversations (workspace_id, contact_id, channel_id)
    where merged_into is null;
create unique index conversations_changes on conversations (workspace_id, changed_seq);
create index conversations_newest on conversations (workspace_id, last_message_at, id) where merged_into is null;
create index conversations_of_status on conversations (workspace_id, status, last_message_at, id) where merged_into is null;
create index conversations_of_assignee on conversations (workspace_id, assignee, last_message_at, id) where merged_into is null;
create index conversations_of_channel on conversations (workspace_id, channel_id, last_message_at, id) where merged_into is null;
create index conversations_of_contact on conversations (workspace_id, contact_id, last_message_at, id) where merged_into is null;
create index conversations_unread on conversations (workspace_id, last_message_at, id) where merged_into is null and unread > 0;
create index conversations_unread_of on conversations (workspace_id, assignee, unread) where merged_into is null and unread > 0;
create index conversations_joined on conversations (workspace_id, merged_into) where merged_into is not null;

-- Labels, with the key that conversations are sorted by.
create table conversation_tags (
    workspace_id    blob not null,
    conversation_id blob not null,
    tag             text not null,
    last_message_at integer not null,
    constraint conversation_tags_pkey primary key (workspace_id, conversation_id, tag),
    constraint conversation_tags_conversation_id_fkey foreign key (workspace_id, conversation_id)
        references conversations (workspace_id, id)
) strict, without rowid;

create index conversation_tags_newest on conversation_tags (workspace_id, tag, last_message_at, conversation_id);

-- visible_seq: when both sides could see it, in the order of changes: what comes in at once, what goes out once the channel has it.
-- despite_closed: it is sent also in a closed conversation. attempt_at: an attempt to send has begun and its end is not written down. resent: it was sent once more after no answer.
create table messages (
    workspace_id      blob not null,
    id                blob not null,
    conversation_id   blob not null,
    channel_id        blob not null,
    position          integer not null,
    changed_seq       integer not null,
    visible_seq       integer,
    direction         text not null,
    author            text not null,
    content           text not null,
    extra             text,
    delivery          text,
    delivery_at       integer,
    failure           text,
    provider_id       text,
    reply_to          text,
    reaction_to       text,
    reaction_in       text,
    reaction_out      text,
    idempotency_key   text,
    despite_closed    integer not null,
    attempt_at        integer,
    resent            integer not null,
    sent_at           integer not null,
    created_at        integer not null,
    constraint messages_pkey primary key (workspace_id, id),
    constraint messages_conversation_id_fkey foreign key (workspace_id, conversation_id) references conversations (workspace_id, id),
    constraint messages_direction_known check (direction in ('in', 'out', 'note')),
    constraint messages_delivery_of_outgoing check ((direction = 'out') = (delivery is not null))
) strict;

create unique index messages_workspace_id_channel_id_provider_id_key on messages (workspace_id, channel_id, provider_id)
    where provider_id is not null;
create unique index messages_workspace_id_conversation_id_idempotency_key_key
    on messages (workspace_id, conversation_id, idempotency_key) where idempotency_key is not null;
create unique index messages_workspace_id_position_key on messages (workspace_id, position);
create index messages_changes on messages (workspace_id, changed_seq);
create index messages_shown on messages (workspace_id, conversation_id, sent_at, position);
create index messages_arrived on messages (workspace_id, conversation_id, position);
create index messages_visible on messages (workspace_id, conversation_id, visible_seq) where visible_seq is not null;
create index messages_reactions on messages (workspace_id, channel_id, reaction_to, position) where reaction_to is not null;

-- The words by which messages are found.
create table message_words (
    workspace_id blob not null,
    message_id   blob not null,
    word         text not null,
    position     integer not null,
    constraint message_words_pkey primary key (workspace_id, message_id, word),
    constraint message_words_message_id_fkey foreign key (workspace_id, message_id) references messages (workspace_id, id)
        on delete cascade
) strict, without rowid;

create index message_words_by_word on message_words (workspace_id, word, position desc, message_id);

-- What channels told of messages before they had their provider's name.
create table early_deliveries (
    workspace_id blob not null,
    channel_id   blob not null,
    provider_id  text not null,
    state        text not null,
    at           integer not null,
    failure      text,
    kept_at      integer not null,
    constraint early_deliveries_pkey primary key (workspace_id, channel_id, provider_id, state),
    constraint early_deliveries_workspace_id_fkey foreign key (workspace_id) references workspaces (id)
) strict, without rowid;

create index early_deliveries_oldest on early_deliveries (workspace_id, kept_at);
