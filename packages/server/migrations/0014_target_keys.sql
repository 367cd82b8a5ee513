-- Targets that know a credential by a key and not by a name (NATS): the row holds the key before the target is touched,
-- since nothing else says what to revoke (docs/decisions/0034-keys-at-the-target.md).

-- The public half only; null where the account has a name.
alter table credential add column target_key text check (char_length(target_key) between 1 and 200);

-- A key is of one credential: the end of one must not be the end of another. Serves listLongOver() too.
create unique index credential_target_key on credential (tenant_id, resource_id, target_key)
  where target_key is not null;
