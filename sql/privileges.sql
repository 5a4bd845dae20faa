-- Who may call what: reads need what SELECT needs, the rest needs the owner.
create schema rights;
set search_path = rights;
\pset null '(null)'
\set SHOW_CONTEXT never

create role regress_rights_owner;
create role regress_rights_reader;
create role regress_rights_group;
grant usage on schema rights to public;
grant create on schema rights to regress_rights_owner;
set role regress_rights_owner;
create table item (id int primary key, name text);
insert into item values (1, 'one');

-- the owner attaches
select hotpath.cache_table('item');
select hotpath.get(null::item, 1);
select hotpath.warm('item') >= 0 as warmed, hotpath.evict_all('item') >= 0 as emptied;
select hotpath.get(null::item, 1);

-- nobody else does
set role regress_rights_reader;
select hotpath.cache_table('item');
select hotpath.uncache_table('item');
select hotpath.warm('item');
select hotpath.evict_all('item');
select hotpath.evict_all();
select hotpath.reset_cache_stats();

-- without SELECT nothing is read, from whatever place
select hotpath.get(null::item, 1);
select hotpath.get_by(null::item, 'item_pkey', 1);
select hotpath.get_many(null::item, array[1]);
select hotpath.get_json('item', 1);
select hotpath.peek(null::item, 1);
select hotpath.evict('item', 1);
select hotpath.verify_cache('item');

-- granted, revoked: effective at once, cached or not
set role regress_rights_owner;
grant select on item to regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
select hotpath.get(null::item, 1);
set role regress_rights_owner;
revoke select on item from regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
select hotpath.get_json('item', 1);

-- every column, or none
set role regress_rights_owner;
grant select (id) on item to regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
set role regress_rights_owner;
grant select (name) on item to regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
set role regress_rights_owner;
alter table item add column secret text;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
set role regress_rights_owner;
alter table item drop column secret;
revoke select (name) on item from regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);

-- membership
set role regress_rights_owner;
grant select on item to regress_rights_group;
reset role;
grant regress_rights_group to regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
reset role;
revoke regress_rights_group from regress_rights_reader;
set role regress_rights_reader;
select hotpath.get(null::item, 1);
reset role;

-- the schema
grant select on item to regress_rights_reader;
revoke usage on schema rights from public;
set role regress_rights_reader;
select hotpath.get_json(c.oid, 1) from pg_class c
where relname = 'item' and relnamespace = (select oid from pg_namespace where nspname = 'rights');
reset role;
grant usage on schema rights to public;

-- a function that runs as its owner reads as its owner
revoke select on item from regress_rights_reader;
set role regress_rights_owner;
create function read_item(int) returns item language sql stable security definer
	as 'select hotpath.get(null::rights.item, $1)';
set role regress_rights_reader;
select read_item(1);
select hotpath.get(null::item, 1);

-- put() writes with the rights of INSERT and UPDATE
set role regress_rights_owner;
grant select, insert on item to regress_rights_reader;
set role regress_rights_reader;
select hotpath.put(row(2, 'two')::item);
set role regress_rights_owner;
grant update on item to regress_rights_reader;
set role regress_rights_reader;
select hotpath.put(row(2, 'two')::item);

-- a row written by somebody without any right to the extension's tables is noted all the same
update item set name = 'changed' where id = 1;
select hotpath.get(null::item, 1);

-- commands on the table that fail for want of rights leave the cache as it is
create temp view in_cache as select hotpath.peek(null::item, 1) is not null as hit;
table in_cache;
select hotpath.get(null::item, 1);
alter table item add column x int;
drop table item;
alter schema hotpath rename to other;
table in_cache;
drop view in_cache;
-- as does what does not concern it
select hotpath.get(null::item, 1);
begin;
create operator pg_temp.=== (leftarg = int, rightarg = int, function = int4eq);
select hotpath.peek(null::item, 1) is not null as hit;
rollback;

-- what everybody may see, and what is for administrators
select relation, key_columns from hotpath.cached_key where relation = 'item'::regclass;
select count(*) from hotpath.cache_stats where relation = 'item'::regclass;
select count(*) <= 1 as may_read from hotpath.cache_memory;
insert into hotpath.cached_key values ('item', true, '{id}', '{1}', null, false);
delete from hotpath.cached_key;
set pg_hotpath.max_entry_size = '1MB';
set pg_hotpath.enabled = off;
reset pg_hotpath.enabled;
reset role;
grant pg_monitor to regress_rights_reader;
set role regress_rights_reader;
select hotpath.reset_cache_stats();
reset role;

-- who has no right on a table does not keep it locked, whether told something or refused
create table upper (id int primary key);
create table forbidden (id int primary key, upper_id int references upper);
create table lower (id int primary key, forbidden_id int references forbidden);
create table linking (forbidden_id int references forbidden, lower_id int references lower, primary key (forbidden_id, lower_id));
insert into upper values (1);
insert into forbidden values (1, 1);
insert into lower values (1, 1);
insert into linking values (1, 1);
grant select on upper, lower, linking to regress_rights_group;
select hotpath.cache_table('forbidden');
select 'forbidden'::regclass::oid as forbidden \gset
create function is_locked() returns bool language sql security definer as
	$$ select exists (select from pg_locks where pid = pg_backend_pid() and relation = 'rights.forbidden'::regclass) $$;
set role regress_rights_group;
begin;
select hotpath.cache_check(:forbidden) is null as is_cached, is_locked();
select count(*) from hotpath.relationships(:forbidden);
select strategy from hotpath.page_explain(:forbidden);
select is_locked();
do $$ begin
	perform hotpath.get_json((select oid from pg_class where relname = 'forbidden'), 1);
exception when insufficient_privilege then
	raise notice 'refused';
end $$;
do $$ begin
	perform hotpath.page_explain((select oid from pg_class where relname = 'forbidden'), 'nothing');
exception when undefined_column then
	raise notice 'no such column';
end $$;
select is_locked();
commit;
-- nor if no key is usable, or if none of its rows is read
reset role;
create function refused(query text) returns bool language plpgsql as $$ begin
	execute query;
	return false;
exception when insufficient_privilege then
	return true;
end $$;
set role regress_rights_group;
begin;
select call, keys, refused(format(call, keys)), is_locked() from unnest(array[
	'select hotpath.embed(''forbidden'', %s)',
	'select hotpath.embed(''forbidden'', %s, ''{"columns": [], "with": {"lower": {}}}'')',
	'select hotpath.load_children(null::forbidden, %s)',
	'select hotpath.load_through(null::forbidden, ''linking'', %s)',
	'select hotpath.pages(null::forbidden, ''upper_id'', %s)']) call,
	unnest(array['null::int[]', '''{}''::int[]', 'array[null::int]', 'array[1]']) keys
order by call, keys;
select count(*), is_locked() from hotpath.load_children(null::lower, array[1]);
select count(*), is_locked() from hotpath.load_through(null::lower, 'linking', array[1]);
commit;
-- but what functions lock that are called meanwhile stays locked
reset role;
create function locks(int) returns bool language plpgsql as $$ begin
	perform pg_advisory_xact_lock(42);
	perform from theirs;
	return true;
end $$;
reset role;
grant create on schema rights to regress_rights_group;
set role regress_rights_group;
create table theirs (id int primary key);
create domain locking as int check (locks(value));
create table domains (id int primary key, arr locking[]);
begin;
select strategy from hotpath.page_explain('domains', filter => '{"arr": [5]}');
select locktype, mode from pg_locks where pid = pg_backend_pid() and (locktype = 'advisory' or relation = 'theirs'::regclass) order by 1, 2;
commit;
drop table domains, theirs;
reset role;
grant insert on forbidden to regress_rights_group;
set role regress_rights_group;
begin;
select hotpath.cache_check(:forbidden) is null as is_cached;
select is_locked();
commit;
reset role;

set client_min_messages = warning;
drop schema rights cascade;
drop role regress_rights_owner, regress_rights_reader, regress_rights_group;
