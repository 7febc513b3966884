-- Where each chain ended at a time, signed. The same texts are kept outside of the database, which alone shows that the
-- whole of it was set back.
create table audit_checkpoints (
    workspace_id uuid        not null,
    seq          bigint      not null,
    at           timestamptz not null,
    statement    text        not null,
    constraint audit_checkpoints_pkey primary key (workspace_id, seq),
    constraint audit_checkpoints_seq_positive check (seq > 0)
);

create trigger audit_checkpoints_unchanged before update or delete or truncate on audit_checkpoints
    for each statement execute function aurora_refuse_change();

alter table audit_checkpoints enable row level security;
alter table audit_checkpoints force row level security;
create policy audit_checkpoints_of_workspace on audit_checkpoints using (workspace_id = nullif(current_setting('aurora.workspace', true), '')::uuid);
