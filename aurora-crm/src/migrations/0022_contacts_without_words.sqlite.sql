-- Contacts whose words were not written yet: those from before there were words, until the upkeep has seen to them.
alter table contacts add column has_words integer not null default 0;

create index contacts_without_words on contacts (workspace_id, id) where has_words = 0;
