-- Every kind of target: what has ended is told to those that keep lists of it (docs/decisions/0029-kinds-that-publish.md).

-- Of the lists that the resource publishes or pushes (CRL, KRL, an account's revocations): each gets a higher one.
alter table resource add column published_number bigint not null default 0;

-- Serves listEnded(): what a revocation list of the resource names, and nothing that is past its time.
create index credential_ended on credential (resource_id, expires_at) where revoking_at is not null;
