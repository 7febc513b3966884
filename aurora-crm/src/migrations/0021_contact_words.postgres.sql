-- The words by which contacts are found: those of their names, and their numbers.
create table contact_words (
    workspace_id uuid not null,
    contact_id   uuid not null,
    word         text collate "C" not null,
    constraint contact_words_pkey primary key (workspace_id, contact_id, word),
    constraint contact_words_contact_id_fkey foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
        on delete cascade
);

create index contact_words_by_word on contact_words (workspace_id, word, contact_id);

alter table contact_words enable row level security;
alter table contact_words force row level security;
create policy contact_words_of_workspace on contact_words using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
