-- Foreign keys are checked by a plan that each connection makes once, while the tables may still be all but empty. Then
-- every index that begins with tenant_id looked as good as the primary key, and was taken: each check read all rows of the
-- tenant, until ANALYZE came by. To end a thousand credentials took six seconds. So in tables that others refer to nothing
-- but the primary key answers for the two columns of a foreign key: what is unique beside it ends with tenant_id.
-- readers: 0001

do $$
declare of record;
begin
  for of in
    select * from (values
      ('credential', 'credential_tenant_id_provider_kind_resource_id_account_name_key', 'resource_id, account_name, provider_kind'),
      ('identity', 'identity_tenant_id_name_key', 'name'),
      ('identity', 'identity_tenant_id_spiffe_id_key', 'spiffe_id'),
      ('offline_site', 'offline_site_tenant_id_name_key', 'name'),
      ('offline_site', 'offline_site_tenant_id_origin_key', 'origin'),
      ('owner', 'owner_tenant_id_name_key', 'name'),
      ('person', 'person_tenant_id_email_key', 'email'),
      ('policy_version', 'policy_version_tenant_id_number_key', 'number'),
      ('resource', 'resource_tenant_id_name_key', 'name'),
      ('role', 'role_tenant_id_resource_id_name_key', 'resource_id, name'),
      ('trust_provider', 'trust_provider_tenant_id_issuer_key', 'issuer'),
      ('trust_provider', 'trust_provider_tenant_id_name_key', 'name')
    ) as wanted (in_table, constraint_name, columns)
  loop
    execute format('alter table %I drop constraint %I', of.in_table, of.constraint_name);
    execute format('alter table %I add constraint %I unique (%s, tenant_id)', of.in_table, of.constraint_name, of.columns);
  end loop;
end $$;
