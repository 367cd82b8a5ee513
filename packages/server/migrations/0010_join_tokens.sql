-- Join tokens under a rule, a trust provider of kind join_token: their use is an attestation. And which keys of an offline
-- site a person pinned, apart from those that its bundles have listed since, so that a manifest can say them again.
-- readers: 0001

-- The rule under which it was made; null where it was made under none.
alter table join_token add column rule_id uuid;
alter table join_token add constraint join_token_rule_fkey
  foreign key (rule_id, tenant_id) references trust_provider (trust_provider_id, tenant_id) not valid;
-- What its use was recorded as. A server that knows nothing of rules cannot use it up past the policies.
alter table join_token add column attestation_id uuid;
alter table join_token add constraint join_token_attestation_fkey
  foreign key (attestation_id, tenant_id) references attestation (attestation_id, tenant_id) not valid;
alter table join_token add constraint join_token_use_is_attested
  check (rule_id is null or (state = 'used') = (attestation_id is not null));
-- Serves the end of all that a trust provider gave.
create index join_token_rule on join_token (rule_id) where rule_id is not null;
create index join_token_becomes on join_token (trust_provider_id) where state = 'active';

-- Null for sites that were registered before, until their keys change: then `keys` are the ones that were pinned.
alter table offline_site add column pinned_keys jsonb
  check (jsonb_typeof(pinned_keys) = 'array' and jsonb_array_length(pinned_keys) between 1 and 20);
