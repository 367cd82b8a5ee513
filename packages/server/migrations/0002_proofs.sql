-- What more kinds of proof bring: tokens bound to their holder, proofs that one identity gives for another, sessions of
-- people, and the words for all of it.
-- readers: 0001

-- What a token is bound to: a key (RFC 9449) or a certificate (RFC 8705), each by its SHA-256, base64url.
alter table attestation add column token_binding text
  check (token_binding ~ '^(jkt|x5t#S256):[A-Za-z0-9_-]{43}$');

-- A host agent vouches for a process: that proof is worth nothing without the agent's own.
alter table attestation add column vouched_by_attestation_id uuid;
-- Not validated: the column is new and empty, and to look at the rows of all tenants is what row-level security forbids.
alter table attestation add constraint attestation_vouched_by_fkey
  foreign key (vouched_by_attestation_id, tenant_id) references attestation (attestation_id, tenant_id) not valid;
-- Serves the end of a host agent's proof: what it vouched for ends with it.
create index attestation_vouched on attestation (vouched_by_attestation_id)
  where vouched_by_attestation_id is not null and state = 'fresh';
-- Serves the list and the end of a person's sessions.
create index attestation_fresh_person on attestation (person_id) where state = 'fresh' and person_id is not null;

-- A token of a workload lives five minutes. A person's lives as long as the session, since a person cannot prove again
-- every five minutes; each use is asked of this row all the same.
do $$
declare five_minutes text;
begin
  select conname into strict five_minutes from pg_constraint
  where conrelid = 'attestation'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%00:05:00%';
  execute format('alter table attestation drop constraint %I', five_minutes);
end $$;
alter table attestation add constraint attestation_token_life check (
  token_expires_at <= accepted_at + case when person_id is null then interval '5 minutes' else interval '12 hours' end);

alter table signing_key drop constraint signing_key_purpose_check;
alter table signing_key add constraint signing_key_purpose_check check (
  purpose in ('access_token', 'log_checkpoint', 'promise', 'fingerprint', 'jwt_svid', 'federated_token', 'offline_bundle'));
alter table signing_key drop constraint signing_key_algorithm_check;
alter table signing_key add constraint signing_key_algorithm_check check (algorithm in ('ES256', 'Ed25519', 'HS256', 'RS256'));

alter table revocation drop constraint revocation_cause_check;
alter table revocation add constraint revocation_cause_check check (cause in (
  'expired', 'task_completed', 'task_failed', 'task_expired', 'attestation_lapsed', 'identity_expired', 'identity_suspended',
  'identity_retired', 'owner_departed', 'no_longer_permitted', 'policy_violation', 'anomaly', 'rotation', 'scale_down',
  'issue_failed', 'issue_interrupted', 'requested_by_holder', 'requested_by_operator', 'resource_retired', 'role_retired',
  'trust_provider_retired', 'clone_detected', 'session_ended', 'person_left', 'key_compromised'));
alter table redecision drop constraint redecision_selector_kind_check;
alter table redecision add constraint redecision_selector_kind_check check (selector_kind in (
  'task', 'attestation', 'identity', 'owner', 'role', 'resource', 'trust_provider', 'environment', 'policy', 'host', 'person'));
