-- DPoP proofs (RFC 9449 section 11.1) that were used, by a digest, until nobody could present them again.
-- readers: 0002

create table dpop_proof_seen (
  tenant_id    uuid        not null default current_tenant() references tenant,
  proof_digest bytea       not null check (octet_length(proof_digest) = 32),
  expires_at   timestamptz not null,
  primary key (tenant_id, proof_digest)
);
-- Serves deleteSeenDpopProofs(): oldest end first.
create index dpop_proof_seen_expiring on dpop_proof_seen (tenant_id, expires_at);

alter table dpop_proof_seen enable row level security;
alter table dpop_proof_seen force row level security;
create policy own_tenant on dpop_proof_seen using (tenant_id = current_setting('mayfly.tenant_id')::uuid);
create trigger refuse_truncate before truncate on dpop_proof_seen execute function refuse_truncate();
