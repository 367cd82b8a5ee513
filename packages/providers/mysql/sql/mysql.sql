-- Mayfly's procedures at a MySQL target (8.0.22 and later).
--
-- The same promise, names and SQLSTATEs as the procedures for MariaDB (see there). Written from the documentation of MySQL 8:
-- no server of it has judged this text yet. What differs there: the account tables have columns instead of JSON, roles stand
-- in mysql.role_edges, accounts are locked and dropped atomically, a definer's default roles are active in what it defines,
-- performance_schema is on unless somebody turns it off, and nothing but lock_wait_timeout bounds how long a change waits.

create table if not exists {schema}.rotatable_account (
  user_name varchar(32) character set utf8mb4 collate utf8mb4_bin not null,
  host_name varchar(255) character set utf8mb4 collate utf8mb4_bin not null default '%',
  primary key (user_name, host_name)
);

drop procedure if exists {schema}.require_accounts;
drop procedure if exists {schema}.require_role;
drop procedure if exists {schema}.require_definer_rights;
drop procedure if exists {schema}.require_rotatable;
drop procedure if exists {schema}.run_statement;
drop procedure if exists {schema}.issue;
drop procedure if exists {schema}.lock_accounts;
drop procedure if exists {schema}.end_sessions;
drop procedure if exists {schema}.remove_accounts;
drop procedure if exists {schema}.observe;
drop procedure if exists {schema}.list_accounts;
drop procedure if exists {schema}.list_sessions;
drop procedure if exists {schema}.cut_sessions;
drop procedure if exists {schema}.rotate;
drop procedure if exists {schema}.end_rotated_sessions;
drop procedure if exists {schema}.keeps_hash;
drop procedure if exists {schema}.self_check;

delimiter //

create definer = {definer} procedure {schema}.require_accounts(in accounts longtext)
sql security definer reads sql data
begin
  if accounts is null or not json_valid(accounts) or json_type(cast(accounts as json)) <> 'ARRAY' or json_length(accounts) > 1000 then
    signal sqlstate 'MF001' set message_text = 'a list of at most 1000 account names is wanted';
  end if;
  if exists (
    select 1 from json_table(cast(accounts as json), '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a
    where a.name is null or not regexp_like(a.name, '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z', 'c')
  ) then
    signal sqlstate 'MF001' set message_text = 'an account name is not of the form mf_ and 26 characters';
  end if;
end//

-- PREPARE takes a variable of the session and no expression. What passes through it holds hashes, never a password.
create definer = {definer} procedure {schema}.run_statement(in statement_text longtext)
sql security definer modifies sql data
begin
  set @mayfly_statement = statement_text;
  prepare mayfly_statement from @mayfly_statement;
  set @mayfly_statement = null;
  execute mayfly_statement;
  deallocate prepare mayfly_statement;
end//

create definer = {definer} procedure {schema}.require_role(in role_name varchar(32) character set utf8mb4 collate utf8mb4_bin)
sql security definer reads sql data
begin
  declare fault varchar(64);
  if not exists (
    select 1 from mysql.role_edges as e
    where e.TO_HOST = '{definer_host}' and e.TO_USER = '{definer_user}'
      and e.FROM_USER = role_name and char_length(e.FROM_USER) = char_length(role_name) and e.FROM_HOST = '%' and e.WITH_ADMIN_OPTION = 'Y'
  ) then
    signal sqlstate 'MF003' set message_text = 'the role does not exist, or is not permitted';
  end if;
  with recursive reached(user_name, host_name) as (
    select cast(role_name as char(32) character set utf8mb4), cast('%' as char(255) character set utf8mb4)
    union
    select e.FROM_USER, e.FROM_HOST from mysql.role_edges as e
      join reached on e.TO_USER = reached.user_name and e.TO_HOST = reached.host_name
  )
  select case
      when exists (
        select 1 from reached join mysql.user as u on u.User = reached.user_name and u.Host = reached.host_name
        where 'Y' in (u.Insert_priv, u.Update_priv, u.Delete_priv, u.Create_priv, u.Drop_priv, u.Shutdown_priv, u.File_priv,
                      u.Grant_priv, u.References_priv, u.Index_priv, u.Alter_priv, u.Super_priv, u.Execute_priv, u.Repl_slave_priv,
                      u.Create_view_priv, u.Create_routine_priv, u.Alter_routine_priv, u.Create_user_priv, u.Event_priv,
                      u.Trigger_priv, u.Create_tablespace_priv, u.Create_role_priv, u.Drop_role_priv)
      ) then 'the role has privileges on *.* that are an administrator''s'
      when exists (
        select 1 from reached join mysql.global_grants as g on g.USER = reached.user_name and g.HOST = reached.host_name
      ) then 'the role has privileges on *.* that are an administrator''s'
      when exists (
        select 1 from reached join mysql.db as d on d.User = reached.user_name and d.Host = reached.host_name
        where d.Grant_priv = 'Y' or '{schema}' like d.Db
           or ('mysql' like d.Db and 'Y' in (d.Insert_priv, d.Update_priv, d.Delete_priv, d.Create_priv, d.Drop_priv, d.Alter_priv, d.Trigger_priv, d.Create_routine_priv))
      ) then 'the role may hand rights on, or reaches into mysql or {schema}'
      when exists (
        select 1 from reached join mysql.tables_priv as t on t.User = reached.user_name and t.Host = reached.host_name
        where find_in_set('Grant', t.Table_priv) or t.Db = '{schema}'
           or (t.Db = 'mysql' and (find_in_set('Insert', t.Table_priv) or find_in_set('Update', t.Table_priv) or find_in_set('Delete', t.Table_priv)))
      ) then 'the role may hand rights on, or reaches into mysql or {schema}'
      when exists (
        select 1 from reached join mysql.procs_priv as p on p.User = reached.user_name and p.Host = reached.host_name
        where find_in_set('Grant', p.Proc_priv) or p.Db = '{schema}'
      ) then 'the role may hand rights on, or reaches into {schema}'
      when exists (
        select 1 from reached join mysql.role_edges as e on e.TO_USER = reached.user_name and e.TO_HOST = reached.host_name
        where e.WITH_ADMIN_OPTION = 'Y'
      ) then 'the role may grant roles to others'
    end into fault;
  if fault is not null then
    signal sqlstate 'MF004' set message_text = fault;
  end if;
end//

create definer = {definer} procedure {schema}.issue(
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
  declare exit handler for sqlexception
  begin
    if made then
      call {schema}.run_statement(concat('drop user if exists ', who));
    end if;
    resignal;
  end;

  if account is null or not regexp_like(account, '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z', 'c') then
    signal sqlstate 'MF001' set message_text = 'an account name is not of the form mf_ and 26 characters';
  end if;
  if account_host is null or not regexp_like(account_host, '^(%|[0-9.]{7,15}(/[0-9.]{7,15})?|[0-9a-f:.]{2,45})\\z', 'c') then
    signal sqlstate 'MF001' set message_text = 'the host is not an address, a network with its mask, or %';
  end if;
  if password_hash is null or not regexp_like(password_hash, '^[$]A[$]005[$][./0-9A-Za-z]{20}[./0-9A-Za-z]{43}\\z', 'c') then
    signal sqlstate 'MF001' set message_text = 'the hash is not one of caching_sha2_password';
  end if;
  if max_connections is null or max_connections < 1 or create_deadline is null then
    signal sqlstate 'MF001' set message_text = 'a connection limit from 1 and a deadline are wanted';
  end if;
  if requires is null or requires not in ('NONE', 'SSL', 'SUBJECT')
     or (requires = 'SUBJECT' and (coalesce(certificate_issuer, '') = '' or coalesce(certificate_subject, '') = '')) then
    signal sqlstate 'MF001' set message_text = 'what the connection must be is not said';
  end if;
  if sysdate(6) >= create_deadline then
    signal sqlstate 'MF002' set message_text = 'the deadline for this create has passed';
  end if;
  call {schema}.require_role(role_name);
  if exists (select 1 from mysql.user as u where u.User = account) then
    signal sqlstate 'MF005' set message_text = 'an account of this name exists';
  end if;
  -- Each wait for a lock ends by the deadline, to the second.
  set session lock_wait_timeout = greatest(1, timestampdiff(second, sysdate(6), create_deadline));

  call {schema}.run_statement(concat(
    'create user ', who, ' identified with caching_sha2_password as ', quote(password_hash),
    case requires
      when 'NONE' then ' require none'
      when 'SSL' then ' require ssl'
      else concat(' require issuer ', quote(certificate_issuer), ' and subject ', quote(certificate_subject))
    end,
    ' with max_user_connections ', max_connections));
  set made = true;
  call {schema}.run_statement(concat('grant `', replace(role_name, '`', '``'), '`@`%` to ', who));
  call {schema}.run_statement(concat('alter user ', who, ' default role `', replace(role_name, '`', '``'), '`@`%`'));
  if sysdate(6) >= create_deadline then
    signal sqlstate 'MF002' set message_text = 'the deadline for this create has passed';
  end if;
end//

create definer = {definer} procedure {schema}.lock_accounts(in accounts longtext)
sql security definer modifies sql data
begin
  declare list longtext character set utf8mb4 collate utf8mb4_bin;
  call {schema}.require_accounts(accounts);
  set session group_concat_max_len = 1048576, session lock_wait_timeout = 2;
  select group_concat(quote(u.User), '@', quote(u.Host) separator ', ') into list
    from mysql.user as u
    where u.User in (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(32) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
      and u.account_locked <> 'Y';
  if list is not null then
    call {schema}.run_statement(concat('alter user if exists ', list, ' account lock'));
  end if;
end//

create definer = {definer} procedure {schema}.require_definer_rights()
sql security definer reads sql data
begin
  if not exists (
    select 1 from mysql.user as u
    where u.User = '{definer_user}' and u.Host = '{definer_host}' and u.Process_priv = 'Y'
  ) then
    signal sqlstate 'MF006' set message_text = 'PROCESS';
  end if;
  if not exists (
    select 1 from mysql.global_grants as g
    where g.USER = '{definer_user}' and g.HOST = '{definer_host}' and g.PRIV = 'CONNECTION_ADMIN'
  ) then
    signal sqlstate 'MF006' set message_text = 'CONNECTION_ADMIN';
  end if;
  -- Without it nobody says whose a session is.
  if not exists (select 1 from performance_schema.threads as t where t.PROCESSLIST_ID = connection_id()) then
    signal sqlstate 'MF006' set message_text = 'performance_schema and SELECT on it';
  end if;
end//

-- By id: there is no KILL USER. performance_schema.threads keeps who logged in, whatever routine runs; the list of processes
-- shows a login under way.
create definer = {definer} procedure {schema}.end_sessions(in accounts longtext, in before_id bigint unsigned)
sql security definer modifies sql data
begin
  declare busy longtext character set utf8mb4 collate utf8mb4_bin default '[]';
  declare session_id, mark bigint unsigned;
  declare session_account varchar(80) character set utf8mb4 collate utf8mb4_bin;
  declare done boolean default false;
  declare open_sessions cursor for
    select p.ID, coalesce(t.PROCESSLIST_USER, p.USER)
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where convert(p.USER using utf8mb4) collate utf8mb4_bin in
            (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a)
       or convert(t.PROCESSLIST_USER using utf8mb4) collate utf8mb4_bin in
            (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a);
  declare continue handler for not found set done = true;
  call {schema}.require_accounts(accounts);
  call {schema}.require_definer_rights();
  open open_sessions;
  each_session: loop
    fetch open_sessions into session_id, session_account;
    if done then
      leave each_session;
    end if;
    set busy = json_array_append(busy, '$', session_account);
    begin
      declare continue handler for 1094 begin end;
      kill connection session_id;
    end;
  end loop;
  close open_sessions;
  select max(p.ID) into mark from information_schema.PROCESSLIST as p;
  select busy, mark, '[]' as suspects;
end//

create definer = {definer} procedure {schema}.remove_accounts(in accounts longtext)
sql security definer modifies sql data
begin
  declare list longtext character set utf8mb4 collate utf8mb4_bin;
  call {schema}.require_accounts(accounts);
  set session group_concat_max_len = 1048576, session lock_wait_timeout = 10;
  select group_concat(quote(u.User), '@', quote(u.Host) separator ', ') into list
    from mysql.user as u
    where u.User in (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(32) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
      and u.account_locked = 'Y';
  if list is not null then
    call {schema}.run_statement(concat('drop user if exists ', list));
  end if;
end//

create definer = {definer} procedure {schema}.observe(in accounts longtext)
sql security definer reads sql data
begin
  call {schema}.require_accounts(accounts);
  call {schema}.require_definer_rights();
  select seen.account, max(seen.present) as present, max(seen.usable) as usable, sum(seen.sessions) as sessions
  from (
    select convert(u.User using utf8mb4) collate utf8mb4_bin as account, 1 as present, u.account_locked <> 'Y' as usable, 0 as sessions
      from mysql.user as u
      where u.User in (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(32) character set utf8mb3 collate utf8mb3_bin path '$')) as a)
    union all
    select s.account, 0, 0, count(*)
      from (
        select convert(coalesce(t.PROCESSLIST_USER, p.USER) using utf8mb4) collate utf8mb4_bin as account
        from information_schema.PROCESSLIST as p
        left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
      ) as s
      where s.account in (select a.name from json_table(cast(accounts as json), '$[*]' columns (name varchar(80) character set utf8mb4 collate utf8mb4_bin path '$')) as a)
      group by s.account
  ) as seen
  group by seen.account;
end//

create definer = {definer} procedure {schema}.list_accounts(in after_name varchar(80), in page_size integer unsigned)
sql security definer reads sql data
begin
  select distinct u.User as account from mysql.user as u
    where u.User > convert(after_name using utf8mb3) collate utf8mb3_bin
      and regexp_like(u.User, '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z', 'c')
    order by u.User limit page_size;
end//

create definer = {definer} procedure {schema}.list_sessions()
sql security definer reads sql data
begin
  call {schema}.require_definer_rights();
  select p.ID as id, coalesce(t.PROCESSLIST_USER, p.USER) as account,
         coalesce(t.PROCESSLIST_HOST, regexp_replace(p.HOST, ':[0-9]+$', '')) as source
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where regexp_like(coalesce(t.PROCESSLIST_USER, p.USER), '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z', 'c');
end//

create definer = {definer} procedure {schema}.cut_sessions(in sessions longtext)
sql security definer modifies sql data
begin
  declare session_id bigint unsigned;
  declare done boolean default false;
  declare named_sessions cursor for
    select p.ID
    from json_table(cast(sessions as json), '$[*]' columns (
           id bigint unsigned path '$[0]', account varchar(80) character set utf8mb4 collate utf8mb4_bin path '$[1]')) as s
    join information_schema.PROCESSLIST as p on p.ID = s.id
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where regexp_like(s.account, '^mf_[0-7][0-9a-hjkmnp-tv-z]{25}\\z', 'c')
      and s.account = convert(coalesce(t.PROCESSLIST_USER, p.USER) using utf8mb4) collate utf8mb4_bin;
  declare continue handler for not found set done = true;
  if sessions is null or not json_valid(sessions) or json_type(cast(sessions as json)) <> 'ARRAY' or json_length(sessions) > 10000 then
    signal sqlstate 'MF001' set message_text = 'a list of at most 10000 sessions is wanted';
  end if;
  call {schema}.require_definer_rights();
  open named_sessions;
  each_session: loop
    fetch named_sessions into session_id;
    if done then
      leave each_session;
    end if;
    begin
      declare continue handler for 1094 begin end;
      kill connection session_id;
    end;
  end loop;
  close named_sessions;
end//

create definer = {definer} procedure {schema}.require_rotatable(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin)
sql security definer reads sql data
begin
  if user_name is null or host_name is null or regexp_like(user_name, '^mf_', 'c')
     or not exists (select 1 from {schema}.rotatable_account as r where r.user_name = user_name and r.host_name = host_name)
     or not exists (select 1 from mysql.user as u where convert(u.Host using utf8mb4) collate utf8mb4_bin = host_name and convert(u.User using utf8mb4) collate utf8mb4_bin = user_name)
  then
    signal sqlstate 'MF007' set message_text = 'the account does not exist, or is not listed for rotation';
  end if;
end//

create definer = {definer} procedure {schema}.rotate(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin,
  in password_hash varchar(200) character set utf8mb4 collate utf8mb4_bin)
sql security definer modifies sql data
begin
  call {schema}.require_rotatable(user_name, host_name);
  if password_hash is null or not regexp_like(password_hash, '^[$]A[$]005[$][./0-9A-Za-z]{20}[./0-9A-Za-z]{43}\\z', 'c') then
    signal sqlstate 'MF001' set message_text = 'the hash is not one of caching_sha2_password';
  end if;
  set session lock_wait_timeout = 10;
  call {schema}.run_statement(concat('alter user ', quote(user_name), '@', quote(host_name), ' identified with caching_sha2_password as ', quote(password_hash)));
end//

create definer = {definer} procedure {schema}.end_rotated_sessions(
  in user_name varchar(80) character set utf8mb4 collate utf8mb4_bin, in host_name varchar(255) character set utf8mb4 collate utf8mb4_bin)
sql security definer modifies sql data
begin
  declare seen integer default 0;
  declare session_id bigint unsigned;
  declare done boolean default false;
  declare open_sessions cursor for
    select p.ID
    from information_schema.PROCESSLIST as p
    left join performance_schema.threads as t on t.PROCESSLIST_ID = p.ID
    where convert(coalesce(t.PROCESSLIST_USER, p.USER) using utf8mb4) collate utf8mb4_bin = user_name;
  declare continue handler for not found set done = true;
  call {schema}.require_rotatable(user_name, host_name);
  call {schema}.require_definer_rights();
  open open_sessions;
  each_session: loop
    fetch open_sessions into session_id;
    if done then
      leave each_session;
    end if;
    set seen = seen + 1;
    begin
      declare continue handler for 1094 begin end;
      kill connection session_id;
    end;
  end loop;
  close open_sessions;
  select seen;
end//

create definer = {definer} procedure {schema}.self_check()
sql security definer reads sql data
begin
  select 1 as procedures_version,
         '{definer_user}@{definer_host}' as definer,
         u.Create_user_priv = 'Y' as may_create_users,
         u.Process_priv = 'Y' as sees_processes,
         exists (select 1 from mysql.global_grants as g where g.USER = u.User and g.HOST = u.Host and g.PRIV = 'CONNECTION_ADMIN') as may_kill,
         u.account_locked = 'Y' as definer_is_locked,
         exists (select 1 from performance_schema.threads as t where t.PROCESSLIST_ID = connection_id()) as names_every_session,
         @@global.read_only as is_read_only,
         0 as is_cluster,
         exists (select 1 from mysql.user as a where a.User = '') as lets_anonymous_in,
         exists (select 1 from mysql.db as d where '{schema}' like d.Db
                  and d.User not in ('{definer_user}', substring_index(user(), '@', 1))) as others_reach_procedures
    from mysql.user as u
    where u.User = '{definer_user}' and u.Host = '{definer_host}';
end//

delimiter ;
