-- What a revocation waits for is held against the credentials and the revocation that it names a statement at a time: a thousand
-- credentials that end write a thousand rows, and to look each up by itself, twice, took a sixth of the request to end them.
-- Neither of the two is ever deleted, and no statement gives one another id, so there is nothing to lock.
-- (docs/decisions/0036-removals-beside-the-record.md)
-- readers: 0001

create function refuse_unknown_parts() returns trigger language plpgsql as $$
begin
  if exists (
    select from added a
    where not exists (select from credential c where c.credential_id = a.credential_id and c.tenant_id = a.tenant_id)
       or not exists (select from revocation r where r.revocation_id = a.revocation_id and r.tenant_id = a.tenant_id))
  then
    raise exception 'a revocation waits for credentials that are there, of its own tenant' using errcode = 'foreign_key_violation';
  end if;
  return null;
end $$;
create trigger refuse_unknown_parts after insert on revocation_credential
  referencing new table as added for each statement execute function refuse_unknown_parts();

alter table revocation_credential drop constraint revocation_credential_revocation_id_tenant_id_fkey;
alter table revocation_credential drop constraint revocation_credential_credential_id_tenant_id_fkey;
