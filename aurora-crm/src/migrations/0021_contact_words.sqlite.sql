-- The words by which contacts are found: those of their names, and their numbers.
create table contact_words (
    workspace_id blob not null,
    contact_id   blob not null,
    word         text not null,
    constraint contact_words_pkey primary key (workspace_id, contact_id, word),
    constraint contact_words_contact_id_fkey foreign key (workspace_id, contact_id) references contacts (workspace_id, id)
        on delete cascade
) strict, without rowid;

create index contact_words_by_word on contact_words (workspace_id, word, contact_id);
