-- Who has which removal in hand. The claim was a moved `next_attempt_at` before: to take a thousand credentials wrote each of
-- their dozen indexes anew, and that stood between the request of an end and the end.
-- (docs/decisions/0036-removals-beside-the-record.md)
-- readers: 0001

-- A note that is worth nothing once its time is over: no foreign key, and whoever takes the credential next writes over it.
create table removal_claim (
  tenant_id      uuid        not null default current_tenant() references tenant,
  credential_id  uuid        not null,
  claimed_until  timestamptz not null,
  primary key (credential_id, tenant_id)
);
alter table removal_claim enable row level security;
alter table removal_claim force row level security;
create policy own_tenant on removal_claim using (tenant_id = current_setting('mayfly.tenant_id')::uuid);
create trigger refuse_truncate before truncate on removal_claim for each statement execute function refuse_truncate();

-- When a credential is cut is written into its row where it lies, while there is room beside it: no index names that column.
alter table credential set (fillfactor = 70);

-- Both keys that it refers to hold the tenant already: a third look for each row proved nothing.
alter table revocation_credential drop constraint revocation_credential_tenant_id_fkey;

-- Serves the selector as before, and the sweep, which reads the live ones of a resource a page at a time in the order of their
-- ids: each page looked at all of them.
drop index credential_live_resource;
create index credential_live_resource on credential (resource_id, credential_id) where state in ('requested', 'active', 'revoking');
