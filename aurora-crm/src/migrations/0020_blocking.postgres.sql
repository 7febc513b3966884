-- Clients whose data nothing may be done with for the time being (LGPD, art. 5, XIII), and why.
alter table clients
    add column blocked_at timestamptz,
    add column blocked_reason text,
    add constraint clients_blocked_whole check ((blocked_at is null) = (blocked_reason is null));
