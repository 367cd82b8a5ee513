-- Mayfly's procedures at a MariaDB target (10.6 and later).
--
-- Promise: whoever may call these can make, end and remove accounts named `mf_` + 26 characters, in the roles that
-- {definer} holds WITH ADMIN OPTION, can change the passwords listed in {schema}.rotatable_account, and nothing else. The
-- rights that MariaDB itself asks for (CREATE USER alone changes root's password) stay with {definer}, which is locked:
-- nobody logs in as it. So a stolen Mayfly login is worth no more than what is written here.
-- Every procedure: DEFINER = {definer}, its sql_mode fixed, every value checked before it is put into a statement.
-- SQLSTATEs: MF001 a value is refused, MF002 too late, MF003 the role is not permitted, MF004 the role is an
-- administrator's, MF005 the account exists, MF006 {definer} lacks a right, MF007 the account is not listed for rotation.

create table if not exists {schema}.rotatable_account (
  user_name varchar(80) character set utf8mb4 collate utf8mb4_bin not null,
  host_name varchar(255) character set utf8mb4 collate utf8mb4_bin not null default '%',
  primary key (user_name, host_name)
);

-- Which roles were looked at lately, for `issue`: again after a minute. The tables of rights are locked by whoever makes an account, and who reads them waits
-- for all who write: asked at every create, they would cost more than the create itself.
create table if not exists {schema}.judged_role (
  role_name varchar(128) character set utf8mb4 collate utf8mb4_nopad_bin not null primary key,
  judged_at datetime(6) not null
) engine = InnoDB;

delimiter //

-- Refuses any name that is not one of Mayfly's own, before anything is done with it.
create or replace definer = {definer} procedure {schema}.require_accounts(in accounts longtext)
sql security definer reads sql data
begin
  if accounts is null or not json_valid(accounts) or json_type(accounts) <> 'ARRAY' or json_length(accounts) > 1000 then
    signal sqlstate 'MF001' set message_text = 'a list of at most 1000 account names is wanted';
  end if;
  if exists (
    select 1 from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a
    where a.name is null or a.name not regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z'
  ) then
    signal sqlstate 'MF001' set message_text = 'an account name is not of the form mf_ and 26 characters';
  end if;
end//

-- Refuses a role that is not permitted, and one by which an account could raise rights or leave some behind: it, or a
-- role that it holds, may write anywhere on the server, make accounts, call these procedures, or hand its rights on.
create or replace definer = {definer} procedure {schema}.require_role(in role_name varchar(128) character set utf8mb4 collate utf8mb4_bin)
sql security definer modifies sql data
begin
  declare is_permitted, holds_roles, is_administrators, reaches_further boolean default false;
  declare access bigint unsigned;
  select exists (select 1 from mysql.roles_mapping as h where h.Host = '' and h.User = m.Role),
         -- Names are compared as if blanks at their ends were not there.
         m.Admin_option = 'Y' and char_length(m.Role) = char_length(role_name),
         (select cast(json_value(g.Priv, '$.access') as unsigned) from mysql.global_priv as g where g.Host = '' and g.User = m.Role)
    into holds_roles, is_permitted, access
    from mysql.roles_mapping as m
    where m.Host = '{definer_host}' and m.User = '{definer_user}' and m.Role = convert(role_name using utf8mb3) collate utf8mb3_bin;
  if not is_permitted then
    signal sqlstate 'MF003' set message_text = 'the role does not exist, or is not permitted';
  end if;
  -- All but SELECT, RELOAD, PROCESS, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, BINLOG MONITOR and SHOW VIEW.
  set is_administrators = access & ~5456193 <> 0;
  if not holds_roles then
    -- Apart: most roles hold no others, and the walk costs more than all else here.
    set reaches_further =
      exists (
        select 1 from mysql.db as d where d.Host = '' and d.User = convert(role_name using utf8mb3) collate utf8mb3_bin
          and (d.Grant_priv = 'Y' or '{schema}' like d.Db or ('mysql' like d.Db and 'Y' in (
               d.Insert_priv, d.Update_priv, d.Delete_priv, d.Create_priv, d.Drop_priv, d.Alter_priv, d.Trigger_priv, d.Create_routine_priv))))
      or exists (
        select 1 from mysql.tables_priv as t where t.Host = '' and t.User = convert(role_name using utf8mb3) collate utf8mb3_bin
          and (find_in_set('Grant', t.Table_priv) or t.Db = '{schema}' or (t.Db = 'mysql' and t.Table_priv <> 'Select')))
      or exists (
        select 1 from mysql.procs_priv as p where p.Host = '' and p.User = convert(role_name using utf8mb3) collate utf8mb3_bin
          and (find_in_set('Grant', p.Proc_priv) or p.Db = '{schema}'));
  else
    with recursive reached(name) as (
      select convert(role_name using utf8mb3) collate utf8mb3_bin
      union
      select m.Role from mysql.roles_mapping as m join reached on m.Host = '' and m.User = reached.name
    )
    select exists (
             select 1 from reached join mysql.global_priv as g on g.Host = '' and g.User = reached.name
             where cast(json_value(g.Priv, '$.access') as unsigned) & ~5456193 <> 0),
           exists (
             select 1 from reached join mysql.db as d on d.Host = '' and d.User = reached.name
             where d.Grant_priv = 'Y' or '{schema}' like d.Db or ('mysql' like d.Db and 'Y' in (
                   d.Insert_priv, d.Update_priv, d.Delete_priv, d.Create_priv, d.Drop_priv, d.Alter_priv, d.Trigger_priv, d.Create_routine_priv)))
           or exists (
             select 1 from reached join mysql.tables_priv as t on t.Host = '' and t.User = reached.name
             where find_in_set('Grant', t.Table_priv) or t.Db = '{schema}' or (t.Db = 'mysql' and t.Table_priv <> 'Select'))
           or exists (
             select 1 from reached join mysql.procs_priv as p on p.Host = '' and p.User = reached.name
             where find_in_set('Grant', p.Proc_priv) or p.Db = '{schema}')
           or exists (
             select 1 from reached join mysql.roles_mapping as m on m.Host = '' and m.User = reached.name where m.Admin_option = 'Y')
      into is_administrators, reaches_further;
  end if;
  if is_administrators then
    signal sqlstate 'MF004' set message_text = 'the role has privileges on *.* that are an administrator''s';
  end if;
  if reaches_further then
    signal sqlstate 'MF004' set message_text = 'the role may hand rights on, or reaches into mysql or {schema}';
  end if;
  insert into {schema}.judged_role values (role_name, utc_timestamp(6)) on duplicate key update judged_at = values(judged_at);
end//

-- Creates one account. The password itself never comes here, only its hash, so no log can hold it. Nothing is granted to
-- the account but its role: a routine, trigger or event that it leaves behind then runs with no rights at all. What a role
-- may do is looked at once in a minute; whether it may be granted, GRANT itself asks each time.
create or replace definer = {definer} procedure {schema}.issue(
  in account varchar(80) character set utf8mb4 collate utf8mb4_bin,
  in account_host varchar(255) character set utf8mb4 collate utf8mb4_bin,
  in password_hash varchar(200) character set utf8mb4 collate utf8mb4_bin,
  in role_name varchar(128) character set utf8mb4 collate utf8mb4_bin,
  in requires varchar(10) character set utf8mb4 collate utf8mb4_bin,
  in certificate_issuer varchar(1000) character set utf8mb4 collate utf8mb4_bin,
  in certificate_subject varchar(1000) character set utf8mb4 collate utf8mb4_bin,
  in max_connections integer unsigned,
  in create_deadline datetime(6)
)
sql security definer modifies sql data
begin
  declare who varchar(400) character set utf8mb4 collate utf8mb4_bin default concat(quote(account), '@', quote(account_host));
  declare made boolean default false;
  -- What was begun and not finished is taken back here. A statement that runs out of its time ends without this: then an
  -- account without a role is left, which a second look finds.
  declare exit handler for sqlexception
  begin
    if made then
      execute immediate concat('drop user if exists ', who);
    end if;
    resignal;
  end;
  -- Of GRANT: the right to grant the role was taken away a moment ago.
  declare exit handler for 1698
  begin
    if made then
      execute immediate concat('drop user if exists ', who);
    end if;
    signal sqlstate 'MF003' set message_text = 'the role does not exist, or is not permitted';
  end;

  -- All at once, since every statement here costs a part of a create; one by one where something is wrong, to say what.
  if not coalesce(
    account regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z'
    -- By length too: text is compared as if blanks at its end were not there.
    and (account_host = '%' and char_length(account_host) = 1 or account_host regexp '^([0-9.]{7,15}(/[0-9.]{7,15})?|[0-9a-f:.]{2,45})\\z')
    -- Against a password sent in clear by mistake.
    and length(password_hash) = 41 and password_hash like '*%' and unhex(substr(password_hash, 2)) is not null
    and max_connections >= 1
    and (requires in ('NONE', 'SSL') or (requires = 'SUBJECT' and certificate_issuer <> '' and certificate_subject <> ''))
    -- A message can be held up on its way for longer than its sender lives.
    and utc_timestamp(6) < create_deadline, false)
  then
    if account is null or account not regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z' then
      signal sqlstate 'MF001' set message_text = 'an account name is not of the form mf_ and 26 characters';
    elseif utc_timestamp(6) >= create_deadline then
      signal sqlstate 'MF002' set message_text = 'the deadline for this create has passed';
    end if;
    signal sqlstate 'MF001' set message_text = 'host, hash, limit, deadline or what the connection must be is not as wanted';
  end if;
  if not exists (
    select 1 from {schema}.judged_role as j
    where j.role_name = role_name collate utf8mb4_nopad_bin and j.judged_at between utc_timestamp(6) - interval 60 second and utc_timestamp(6)
  ) then
    call {schema}.require_role(role_name);
  end if;
  -- CREATE USER itself refuses a second account of the same name and host; only with other hosts must be looked. Two IFs:
  -- one would lock the table in any case, and wait for all who make accounts.
  if account_host <> '%' then
    if exists (select 1 from mysql.global_priv as g where g.User = account) then
      signal sqlstate 'MF005' set message_text = 'an account of this name exists';
    end if;
  end if;

  execute immediate concat(
    'create user ', who, ' identified via mysql_native_password using ', quote(password_hash),
    case requires
      when 'NONE' then ' require none'
      when 'SSL' then ' require ssl'
      else concat(' require issuer ', quote(certificate_issuer), ' and subject ', quote(certificate_subject))
    end,
    ' with max_user_connections ', max_connections);
  set made = true;
  execute immediate concat('grant `', replace(role_name, '`', '``'), '` to ', who);
  execute immediate concat('set default role `', replace(role_name, '`', '``'), '` for ', who);
  if utc_timestamp(6) >= create_deadline then
    signal sqlstate 'MF002' set message_text = 'the deadline for this create has passed';
  end if;
end//

-- No new login from the end of this on, whatever host an account of the name is for. A login that is under way was
-- checked against the account as it was, and gets in: only `end_sessions`, which sees it, ends it.
create or replace definer = {definer} procedure {schema}.lock_accounts(in accounts longtext)
sql security definer modifies sql data
begin
  declare list longtext character set utf8mb4 collate utf8mb4_bin;
  call {schema}.require_accounts(accounts);
  set session group_concat_max_len = 1048576;
  select group_concat(quote(g.User), '@', quote(g.Host) separator ', ') into list
    from mysql.global_priv as g
    where g.User in (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
      and g.Host <> '' and coalesce(json_value(g.Priv, '$.account_locked'), 0) <> 1;
  if list is not null then
    execute immediate concat('alter user if exists ', list, ' account lock');
  end if;
end//

-- Ends the sessions of these accounts and says what it saw before it did: `busy`, names with a session or a login under
-- way; `mark`, the newest session there is; `suspects`, sessions that nobody can tell the owner of.
--
-- A session inside a routine, trigger or view of SQL SECURITY DEFINER is listed under its definer's name, in KILL USER too:
-- only performance_schema.threads keeps who logged in. Where that is off, a session that works and is listed under an
-- account literally (user and host) may be one of ours: it is named until it is seen idle, when the list is true.
-- A login under way is the other way round: only the list of processes has its name.
-- KILL by id: KILL USER says OK and ends nothing where a right is missing.
create or replace definer = {definer} procedure {schema}.end_sessions(in accounts longtext, in before_id bigint unsigned)
sql security definer modifies sql data
begin
  declare busy, suspects longtext character set utf8mb4 collate utf8mb4_bin default '[]';
  declare mark bigint unsigned;
  declare exact boolean default @@global.performance_schema;
  call {schema}.require_accounts(accounts);
  call {schema}.require_definer_rights();
  for session in (
    select p.ID as id, coalesce(t.PROCESSLIST_USER, p.USER) as account
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where convert(p.USER using utf8mb4) collate utf8mb4_bin in
            (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a)
       or convert(t.PROCESSLIST_USER using utf8mb4) collate utf8mb4_bin in
            (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a)
  ) do
    set busy = json_array_append(busy, '$', session.account);
    begin
      -- 1094: it has ended in the meantime.
      declare continue handler for 1094 begin end;
      kill hard connection session.id;
    end;
  end for;
  select max(p.ID) into mark from information_schema.PROCESSLIST as p;
  if not exact then
    for session in (
      select p.ID as id
      from information_schema.PROCESSLIST as p
      join mysql.global_priv as g on g.User = p.USER and g.Host = regexp_replace(p.HOST, ':[0-9]+$', '')
      where p.ID <> connection_id() and p.ID <= coalesce(before_id, mark) and p.COMMAND not in ('Sleep', 'Daemon')
        and not json_contains(accounts, json_quote(convert(p.USER using utf8mb4)))
    ) do
      set suspects = json_array_append(suspects, '$', session.id);
    end for;
  end if;
  select busy, mark, suspects;
end//

-- Removes accounts that are locked, whatever host they are for. What is gone by it, `observe` says.
create or replace definer = {definer} procedure {schema}.remove_accounts(in accounts longtext)
sql security definer modifies sql data
begin
  declare list longtext character set utf8mb4 collate utf8mb4_bin;
  call {schema}.require_accounts(accounts);
  set session group_concat_max_len = 1048576;
  select group_concat(quote(g.User), '@', quote(g.Host) separator ', ') into list
    from mysql.global_priv as g
    where g.User in (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
      and g.Host <> '' and json_value(g.Priv, '$.account_locked') = 1;
  if list is not null then
    execute immediate concat('drop user if exists ', list);
  end if;
end//

-- One row for each account that is there, and one for each that is not and has a session all the same.
create or replace definer = {definer} procedure {schema}.observe(in accounts longtext)
sql security definer reads sql data
begin
  call {schema}.require_accounts(accounts);
  call {schema}.require_definer_rights();
  select seen.account, max(seen.present) as present, max(seen.usable) as usable, sum(seen.sessions) as sessions
  from (
    select convert(g.User using utf8mb4) collate utf8mb4_bin as account, 1 as present, coalesce(json_value(g.Priv, '$.account_locked'), 0) <> 1 as usable, 0 as sessions
      from mysql.global_priv as g where g.Host <> ''
        and g.User in (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
    union all
    select s.account, 0, 0, count(*)
      from (
        select convert(case when t.PROCESSLIST_USER regexp '^mf_' then t.PROCESSLIST_USER else p.USER end using utf8mb4) collate utf8mb4_bin as account
        from information_schema.PROCESSLIST as p
        left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
      ) as s
      where s.account in (select a.name from json_table(accounts, '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a)
      group by s.account
  ) as seen
  group by seen.account;
end//

-- The names of Mayfly's accounts after `after_name`, in their order.
create or replace definer = {definer} procedure {schema}.list_accounts(in after_name varchar(80), in page_size integer unsigned)
sql security definer reads sql data
begin
  select distinct g.User as account from mysql.global_priv as g
    where g.Host <> '' and g.User > convert(after_name using utf8mb3) collate utf8mb3_bin
      and g.User regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z'
    order by g.User limit page_size;
end//

-- Every open session of an account of Mayfly's pattern.
create or replace definer = {definer} procedure {schema}.list_sessions()
sql security definer reads sql data
begin
  call {schema}.require_definer_rights();
  select p.ID as id,
         case when t.PROCESSLIST_USER regexp '^mf_' then t.PROCESSLIST_USER else p.USER end as account,
         coalesce(t.PROCESSLIST_HOST, regexp_replace(p.HOST, ':[0-9]+$', '')) as source
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where p.USER regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z' or t.PROCESSLIST_USER regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z';
end//

-- Ends these sessions where they are still those of the account named with them. `sessions`: [[id, account], ...].
create or replace definer = {definer} procedure {schema}.cut_sessions(in sessions longtext)
sql security definer modifies sql data
begin
  if sessions is null or not json_valid(sessions) or json_type(sessions) <> 'ARRAY' or json_length(sessions) > 10000 then
    signal sqlstate 'MF001' set message_text = 'a list of at most 10000 sessions is wanted';
  end if;
  call {schema}.require_definer_rights();
  for session in (
    select p.ID as id
    from json_table(sessions, '$[*]' columns (
           id bigint unsigned path '$[0]', account varchar(80) character set utf8mb4 collate utf8mb4_bin path '$[1]')) as s
    join information_schema.PROCESSLIST as p on p.ID = s.id
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where s.account regexp '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z'
      and (s.account = convert(p.USER using utf8mb4) collate utf8mb4_bin or s.account = convert(t.PROCESSLIST_USER using utf8mb4) collate utf8mb4_bin)
  ) do
    begin
      declare continue handler for 1094 begin end;
      kill hard connection session.id;
    end;
  end for;
end//

-- For accounts that Mayfly did not make: only those listed, and never one of Mayfly's pattern or an administrator's own.
create or replace definer = {definer} procedure {schema}.require_rotatable(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin)
sql security definer reads sql data
begin
  if user_name is null or host_name is null or user_name regexp '^mf_'
     or not exists (select 1 from {schema}.rotatable_account as r where r.user_name = user_name and r.host_name = host_name)
     or not exists (select 1 from mysql.global_priv as g where g.Host = convert(host_name using utf8mb3) collate utf8mb3_bin and g.User = convert(user_name using utf8mb3) collate utf8mb3_bin)
  then
    signal sqlstate 'MF007' set message_text = 'the account does not exist, or is not listed for rotation';
  end if;
end//

create or replace definer = {definer} procedure {schema}.rotate(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin,
  in password_hash varchar(200) character set utf8mb4 collate utf8mb4_bin)
sql security definer modifies sql data
begin
  call {schema}.require_rotatable(user_name, host_name);
  if password_hash is null or length(password_hash) <> 41 or password_hash not like '*%' or unhex(substr(password_hash, 2)) is null then
    signal sqlstate 'MF001' set message_text = 'the hash is not one of mysql_native_password';
  end if;
  execute immediate concat('alter user ', quote(user_name), '@', quote(host_name), ' identified via mysql_native_password using ', quote(password_hash));
end//

-- Ends the sessions of a listed account; says how many it saw. Accounts of one name and other hosts are not told apart.
create or replace definer = {definer} procedure {schema}.end_rotated_sessions(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin)
sql security definer modifies sql data
begin
  declare seen integer default 0;
  call {schema}.require_rotatable(user_name, host_name);
  call {schema}.require_definer_rights();
  for session in (
    select p.ID as id
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where convert(p.USER using utf8mb4) collate utf8mb4_bin = user_name or convert(t.PROCESSLIST_USER using utf8mb4) collate utf8mb4_bin = user_name
  ) do
    set seen = seen + 1;
    begin
      declare continue handler for 1094 begin end;
      kill hard connection session.id;
    end;
  end for;
  select seen;
end//

-- Whether the target keeps this hash for a listed account: tells a wrong password from a login that cannot be tried from here.
create or replace definer = {definer} procedure {schema}.keeps_hash(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin,
  in password_hash varchar(200) character set utf8mb4 collate utf8mb4_bin)
sql security definer reads sql data
begin
  call {schema}.require_rotatable(user_name, host_name);
  select exists (
    select 1 from mysql.global_priv as g
    where g.Host = convert(host_name using utf8mb3) collate utf8mb3_bin and g.User = convert(user_name using utf8mb3) collate utf8mb3_bin
      and json_value(g.Priv, '$.plugin') = 'mysql_native_password' and json_value(g.Priv, '$.authentication_string') = password_hash
  ) as kept;
end//

-- Without PROCESS the list of processes is short, and without CONNECTION ADMIN nothing of others is ended: both look like success.
create or replace definer = {definer} procedure {schema}.require_definer_rights()
sql security definer reads sql data
begin
  declare access bigint unsigned;
  select cast(json_value(g.Priv, '$.access') as unsigned) into access from mysql.global_priv as g
    where g.Host = '{definer_host}' and g.User = '{definer_user}';
  if access & 256 = 0 then
    signal sqlstate 'MF006' set message_text = 'PROCESS';
  end if;
  if access & 4294967296 = 0 then
    signal sqlstate 'MF006' set message_text = 'CONNECTION ADMIN';
  end if;
  if @@global.performance_schema and not exists (select 1 from performance_schema.threads where PROCESSLIST_ID = connection_id()) then
    signal sqlstate 'MF006' set message_text = 'SELECT on performance_schema.threads';
  end if;
end//

-- What `resource check` asks before it tries anything.
create or replace definer = {definer} procedure {schema}.self_check()
sql security definer reads sql data
begin
  declare access bigint unsigned;
  select cast(json_value(g.Priv, '$.access') as unsigned) into access from mysql.global_priv as g
    where g.Host = '{definer_host}' and g.User = '{definer_user}';
  select 1 as procedures_version,
         '{definer_user}@{definer_host}' as definer,
         access & 33554432 <> 0 as may_create_users,
         access & 256 <> 0 as sees_processes,
         access & 4294967296 <> 0 as may_kill,
         exists (select 1 from mysql.global_priv as g where g.Host = '{definer_host}'
                  and g.User = '{definer_user}' and json_value(g.Priv, '$.account_locked') = 1) as definer_is_locked,
         @@global.performance_schema as names_every_session,
         @@global.read_only as is_read_only,
         coalesce((select v.VARIABLE_VALUE from information_schema.GLOBAL_VARIABLES as v where v.VARIABLE_NAME = 'WSREP_ON'), 'OFF') = 'ON' as is_cluster,
         exists (select 1 from mysql.global_priv as g where g.User = '' and g.Host <> '') as lets_anonymous_in,
         exists (select 1 from mysql.db as d where '{schema}' like d.Db
                  and d.User not in ('{definer_user}', substring_index(user(), '@', 1))) as others_reach_procedures;
end//

delimiter ;
