-- The addresses and numbers of clients, by which somebody who writes or calls is recognised. Several clients may share a
-- phone or an e-mail address; an identity of a channel belongs to one.
create table client_contacts (
    workspace_id blob    not null,
    id           blob    not null,
    client_id    blob    not null,
    channel      text not null,
    kind         text not null,
    value        text not null,
    key          text    not null,
    deleted_at   integer,
    constraint client_contacts_pkey primary key (workspace_id, id),
    constraint client_contacts_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade,
    constraint client_contacts_channel_known check (channel in ('email', 'phone', 'whatsapp'))
) strict;

create unique index client_contacts_workspace_id_key_key on client_contacts (workspace_id, key)
    where channel = 'whatsapp' and deleted_at is null;
create index client_contacts_by_key on client_contacts (workspace_id, key, client_id) where deleted_at is null;
create index client_contacts_of_client on client_contacts (workspace_id, client_id);

-- What lists can be narrowed by, with the keys that they are sorted by.
create table client_facets (
    workspace_id blob    not null,
    client_id    blob    not null,
    facet        text    not null,
    created_at   integer not null,
    name_key     text    not null,
    constraint client_facets_pkey primary key (workspace_id, client_id, facet),
    constraint client_facets_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade
) strict, without rowid;

create index client_facets_newest on client_facets (workspace_id, facet, created_at, client_id);
create index client_facets_by_name on client_facets (workspace_id, facet, name_key, client_id);

-- The words by which clients are found. source_id is a note, or the client itself.
create table client_words (
    workspace_id blob    not null,
    client_id    blob    not null,
    word         text    not null,
    source_id    blob    not null,
    weight       integer not null,
    constraint client_words_pkey primary key (workspace_id, client_id, word, source_id),
    constraint client_words_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade
) strict, without rowid;

create index client_words_by_word on client_words (workspace_id, word, client_id, weight);
create index client_words_of_source on client_words (workspace_id, source_id);

-- Numbers that clients of similar names most likely share.
create table client_bands (
    workspace_id blob    not null,
    band         integer not null,
    client_id    blob    not null,
    constraint client_bands_pkey primary key (workspace_id, band, client_id),
    constraint client_bands_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade
) strict, without rowid;

create index client_bands_of_client on client_bands (workspace_id, client_id);

create table client_notes (
    workspace_id blob    not null,
    id           blob    not null,
    client_id    blob    not null,
    author       text not null,
    text         text not null,
    version      integer not null,
    created_at   integer not null,
    updated_at   integer not null,
    constraint client_notes_pkey primary key (workspace_id, id),
    constraint client_notes_client_id_fkey foreign key (workspace_id, client_id)
        references clients (workspace_id, id) on delete cascade
) strict;

create index client_notes_newest on client_notes (workspace_id, client_id, created_at, id);

-- Fields of a workspace's own, and whether others are taken.
create table custom_fields (
    workspace_id blob    not null,
    id           blob    not null,
    applies_to   text not null,
    key          text    not null,
    label        text not null,
    kind         text not null,
    required     integer not null,
    options      text    not null,
    version      integer not null,
    created_at   integer not null,
    updated_at   integer not null,
    constraint custom_fields_pkey primary key (workspace_id, id),
    constraint custom_fields_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint custom_fields_applies_to_known check (applies_to in ('client', 'lead')),
    constraint custom_fields_workspace_id_applies_to_key_key unique (workspace_id, applies_to, key)
) strict;

create table custom_field_settings (
    workspace_id blob    not null,
    undefined    text not null,
    constraint custom_field_settings_pkey primary key (workspace_id),
    constraint custom_field_settings_workspace_id_fkey foreign key (workspace_id) references workspaces (id),
    constraint custom_field_settings_undefined_known check (undefined in ('allow', 'refuse'))
) strict, without rowid;
