-- The numbers of published lists, apart from the resource: anybody may ask for a list, and a resource whose version moved with
-- each of them would be opened anew, and every decision about it made again. `resource.published_number` is read once, so
-- that numbers go on from there; nobody writes it any more.
-- readers: 0001

create table published_list (
  tenant_id   uuid   not null default current_tenant() references tenant,
  resource_id uuid   not null,
  -- Of the latest list: each gets a higher one.
  number      bigint not null check (number > 0),
  primary key (resource_id, tenant_id),
  foreign key (resource_id, tenant_id) references resource (resource_id, tenant_id)
);
alter table published_list enable row level security;
alter table published_list force row level security;
create policy own_tenant on published_list using (tenant_id = current_setting('mayfly.tenant_id')::uuid);
create trigger refuse_truncate before truncate on published_list execute function refuse_truncate();
