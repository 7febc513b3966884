-- Where each chain ended at a time, signed. The same texts are kept outside of the database, which alone shows that the
-- whole of it was set back.
create table audit_checkpoints (
    workspace_id blob    not null,
    seq          integer not null,
    at           integer not null,
    statement    text    not null,
    constraint audit_checkpoints_pkey primary key (workspace_id, seq),
    constraint audit_checkpoints_seq_positive check (seq > 0)
) strict, without rowid;

create trigger audit_checkpoints_unchanged before update on audit_checkpoints
begin
    select raise(abort, 'audit checkpoints are never changed');
end;

create trigger audit_checkpoints_kept before delete on audit_checkpoints
begin
    select raise(abort, 'audit checkpoints are never removed');
end;
