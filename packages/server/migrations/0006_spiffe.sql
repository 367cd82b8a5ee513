-- The SPIFFE authority: who signs SVIDs, which SVIDs there are, which keys are published, and whose keys are believed.
-- readers: 0001

-- Signs X509-SVIDs. Its private key is sealed; its key id names its CRL. A new one is published in the bundle before it
-- signs, and stays there until the last SVID under it has ended.
create table x509_authority (
  tenant_id         uuid        not null default current_tenant() references tenant,
  x509_authority_id uuid        not null,
  -- The subject key identifier, hexadecimal: also what links an SVID to the authority that signed it.
  key_id            text        not null check (key_id ~ '^[0-9a-f]{40}$'),
  -- SubjectPublicKeyInfo, DER.
  public_key        bytea       not null check (octet_length(public_key) between 32 and 1000),
  -- Signed by itself, by an authority above whose key is in a file, or by one elsewhere that a person asked.
  signed_by         text        not null check (signed_by in ('itself', 'upstream_file', 'upstream_request')),
  -- DER; empty as long as the one above has not signed it.
  certificate       bytea       check (octet_length(certificate) <= 65536),
  -- What stands between it and the root, DER, nearest first. Goes out with each SVID.
  intermediates     bytea[]     not null default '{}' check (cardinality(intermediates) <= 8),
  -- What goes into the bundle, DER: its own certificate where it signed itself.
  root              bytea       check (octet_length(root) <= 65536),
  sealed_private    text        not null,
  state             text        not null check (state in ('requested', 'prepared', 'active', 'retired')),
  not_before        timestamptz,
  not_after         timestamptz,
  requested_at      timestamptz not null,
  prepared_at       timestamptz,
  activated_at      timestamptz,
  retired_at        timestamptz,
  -- What was signed by a retired one is believed until then.
  trusted_until     timestamptz,
  version           integer     not null default 1,
  primary key (x509_authority_id, tenant_id),
  unique (tenant_id, key_id),
  check (state in ('requested', 'retired') or num_nulls(certificate, root, not_before, not_after, prepared_at) = 0),
  check ((state = 'retired') = (retired_at is not null)),
  check (not_after > not_before)
);
create unique index x509_authority_active on x509_authority (tenant_id) where state = 'active';
-- One waits at a time: two that were published at once would be two answers to "who is next".
create unique index x509_authority_waiting on x509_authority (tenant_id) where state in ('requested', 'prepared');

-- An X509-SVID or JWT-SVID that was signed: the row stands before the signature leaves (law 1). It holds no key.
create table svid (
  tenant_id       uuid        not null default current_tenant() references tenant,
  svid_id         uuid        not null,
  kind            text        not null check (kind in ('x509', 'jwt')),
  -- 16 random bytes, hexadecimal: the certificate's serial number, the token's jti.
  serial_number   text        not null check (serial_number ~ '^[0-9a-f]{32}$'),
  -- Empty for the server's own.
  identity_id     uuid,
  attestation_id  uuid,
  decision_id     uuid,
  spiffe_id       text        not null check (octet_length(spiffe_id) <= 2048),
  -- What signed it: the key id of an X.509 authority, or of a JWT key.
  issuing_key_id  text        not null check (char_length(issuing_key_id) <= 64),
  issued_at       timestamptz not null,
  expires_at      timestamptz not null,
  state           text        not null default 'live' check (state in ('live', 'revoked')),
  revoked_at      timestamptz,
  revocation_id   uuid,
  version         integer     not null default 1,
  primary key (svid_id, tenant_id),
  unique (tenant_id, serial_number),
  foreign key (identity_id, tenant_id) references identity (identity_id, tenant_id),
  foreign key (attestation_id, tenant_id) references attestation (attestation_id, tenant_id),
  foreign key (revocation_id, tenant_id) references revocation (revocation_id, tenant_id),
  check (num_nulls(identity_id, attestation_id, decision_id) in (0, 3)),
  check (expires_at > issued_at),
  check ((state = 'revoked') = (revoked_at is not null)),
  check ((state = 'revoked') = (revocation_id is not null))
);
-- Serve the end of an identity, of a proof and of a signing key, and what an identity holds: by their end, so that history
-- costs nothing.
create index svid_identity on svid (identity_id, expires_at) where identity_id is not null;
create index svid_attestation on svid (attestation_id, expires_at) where attestation_id is not null;
create index svid_issuing_key on svid (issuing_key_id, expires_at);
-- Serves the making of a CRL.
create index svid_revoked on svid (issuing_key_id, expires_at) where state = 'revoked' and kind = 'x509';
create index svid_revocation on svid (revocation_id) where revocation_id is not null;

-- Which revoked X509-SVIDs the CRL does not list yet: written in the transaction of the revocation, taken out by the one
-- that signs the CRL. As long as a row stands, no older CRL is served.
create table crl_due (
  tenant_id      uuid not null default current_tenant() references tenant,
  issuing_key_id text not null,
  svid_id        uuid not null,
  primary key (issuing_key_id, svid_id, tenant_id)
);

-- The CRL of an X.509 authority, as it was signed last.
create table crl (
  tenant_id      uuid        not null default current_tenant() references tenant,
  issuing_key_id text        not null,
  number         bigint      not null check (number > 0),
  der            bytea       not null,
  this_update    timestamptz not null,
  next_update    timestamptz not null,
  primary key (issuing_key_id, tenant_id)
);

-- What is published of the trust domain. The sequence moves exactly when the keys do.
create table trust_bundle (
  tenant_id       uuid        primary key default current_tenant() references tenant,
  trust_domain    text        not null check (trust_domain ~ '^[a-z0-9._-]{1,255}$'),
  bundle_sequence bigint      not null check (bundle_sequence > 0),
  keys            jsonb       not null check (jsonb_typeof(keys) = 'array'),
  changed_at      timestamptz not null,
  -- How often everyone was told to fetch new SVIDs at once, and why the last time.
  reissues        integer     not null default 0,
  reissue_reason  text        check (char_length(reissue_reason) <= 200),
  version         integer     not null default 1
);

-- Another trust domain whose SVIDs are believed, with the bundle that it published last.
create table federated_bundle (
  tenant_id            uuid        not null default current_tenant() references tenant,
  federation_id        uuid        not null,
  trust_domain         text        not null check (trust_domain ~ '^[a-z0-9._-]{1,255}$'),
  url                  text        not null check (char_length(url) between 9 and 2000),
  profile              text        not null check (profile in ('https_web', 'https_spiffe')),
  -- Of https_spiffe: who the endpoint must be.
  endpoint_spiffe_id   text        check (octet_length(endpoint_spiffe_id) <= 2048),
  -- Of https_web, where its certificate is not of a public authority: PEM.
  ca_pem               text        check (octet_length(ca_pem) <= 65536),
  keys                 jsonb       check (jsonb_typeof(keys) = 'array'),
  bundle_sequence      bigint,
  refresh_hint_seconds integer,
  state                text        not null default 'active' check (state in ('active', 'retired')),
  created_at           timestamptz not null,
  version              integer     not null default 1,
  primary key (federation_id, tenant_id),
  check ((profile = 'https_spiffe') = (endpoint_spiffe_id is not null)),
  check (profile = 'https_web' or ca_pem is null)
);
create unique index federated_bundle_domain on federated_bundle (tenant_id, trust_domain) where state = 'active';

-- When each is asked again: changes with every look, so it stands apart from what is believed.
create table federation_poll (
  tenant_id     uuid        not null default current_tenant() references tenant,
  federation_id uuid        not null,
  next_at       timestamptz not null,
  asked_at      timestamptz,
  answered_at   timestamptz,
  last_error    text        check (char_length(last_error) <= 1000),
  primary key (federation_id, tenant_id),
  foreign key (federation_id, tenant_id) references federated_bundle (federation_id, tenant_id)
);
create index federation_poll_due on federation_poll (tenant_id, next_at);

-- How many SVIDs a revocation ended, beside its credentials.
alter table revocation add column svid_count integer not null default 0 check (svid_count >= 0);

do $$
declare made text;
begin
  foreach made in array
    array['x509_authority', 'svid', 'crl_due', 'crl', 'trust_bundle', 'federated_bundle', 'federation_poll']
  loop
    execute format('alter table %I enable row level security', made);
    execute format('alter table %I force row level security', made);
    execute format('create policy own_tenant on %I using (tenant_id = current_setting(''mayfly.tenant_id'')::uuid)', made);
    execute format('create trigger refuse_truncate before truncate on %I execute function refuse_truncate()', made);
  end loop;
  foreach made in array array['x509_authority', 'svid', 'trust_bundle', 'federated_bundle'] loop
    execute format('create trigger move_version before update on %I for each row execute function move_version()', made);
    execute format('create trigger refuse_delete before delete on %I for each row execute function refuse_delete()', made);
  end loop;
end $$;

-- What was signed was signed, and what has ended has ended.
create function keep_svid_law() returns trigger language plpgsql as $$
begin
  if (new.svid_id, new.kind, new.serial_number, new.identity_id, new.attestation_id, new.decision_id, new.spiffe_id, new.issuing_key_id, new.issued_at, new.expires_at)
    is distinct from
     (old.svid_id, old.kind, old.serial_number, old.identity_id, old.attestation_id, old.decision_id, old.spiffe_id, old.issuing_key_id, old.issued_at, old.expires_at)
    or old.state = 'revoked'
  then
    raise exception 'of an SVID only its end changes, and that once' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_svid_law before update on svid for each row execute function keep_svid_law();

create function keep_x509_authority_law() returns trigger language plpgsql as $$
begin
  if (new.key_id, new.public_key, new.signed_by) is distinct from (old.key_id, old.public_key, old.signed_by)
    or (old.certificate is not null and (new.certificate, new.intermediates, new.root) is distinct from (old.certificate, old.intermediates, old.root))
  then
    raise exception 'the key and the certificate of an authority are fixed' using errcode = 'check_violation';
  end if;
  if new.state <> old.state and not (old.state, new.state) in
    (('requested', 'prepared'), ('requested', 'retired'), ('prepared', 'active'), ('prepared', 'retired'), ('active', 'retired'))
  then
    raise exception 'an authority does not go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_x509_authority_law before update on x509_authority
  for each row execute function keep_x509_authority_law();

create function keep_bundle_law() returns trigger language plpgsql as $$
begin
  if new.keys is distinct from old.keys and new.bundle_sequence <= old.bundle_sequence
    or new.bundle_sequence < old.bundle_sequence
  then
    raise exception 'the sequence of a bundle moves on when its keys do' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger keep_bundle_law before update on trust_bundle for each row execute function keep_bundle_law();
