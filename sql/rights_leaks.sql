-- What somebody without rights learns, and whose code runs with whose rights.
create schema rl;
create schema evil;
set search_path = rl;
\pset null '(null)'
\set SHOW_CONTEXT never
create role regress_rl_owner;
create role regress_rl_reader;
create role regress_rl_bound;
create role regress_rl_none;
grant usage on schema rl, evil to public;
grant create on schema rl, evil to regress_rl_owner, regress_rl_bound;

-- the rights after CREATE EXTENSION, but for the owner's and those that PostgreSQL gives by default
select name, (select string_agg(case grantee when 0 then 'public' else grantee::regrole::text end ||
		': ' || privilege_type, ', ' order by grantee) from aclexplode(acl) where grantee <> owner) as rights
from (
	select 1 as kind, nspname::text as name, nspacl as acl, nspowner as owner from pg_namespace where nspname = 'hotpath'
	union all select 2, relname, relacl, relowner from pg_class where relnamespace = 'hotpath'::regnamespace
	union all select 3, proname, proacl, proowner from pg_proc where pronamespace = 'hotpath'::regnamespace
) o where acl is not null order by kind, name;
-- none of its functions runs with the rights of another, or promises to leak nothing
select count(*) from pg_proc where pronamespace = 'hotpath'::regnamespace and (prosecdef or proleakproof);

-- a table with a policy, and one with a column that the reader may not read
set role regress_rl_owner;
create table note (id int primary key, owner name, v text unique);
insert into note values (1, 'regress_rl_bound', 'mine'), (2, 'x', 'hidden-2'), (3, 'regress_rl_bound', 'too');
insert into note select i, 'x', E'hidden-\\' || i from generate_series(4, 30) i;
insert into note values (31, 'x', 'hidden');
alter table note enable row level security;
create policy own on note using (owner = current_user);
create table kid (id int primary key, note_id int references note, v text);
create index on kid (note_id);
insert into kid select i, i, 'kid ' || i from generate_series(1, 31) i;
create view barrier with (security_barrier) as select * from note where owner = current_user;
create table item (id int primary key, v text, secret text unique, check (length(secret) > 2));
insert into item values (1, 'one', 'secret 1'), (2, 'two', 'secret 2');
grant select, insert, update on note to regress_rl_bound;
grant select on kid, barrier to regress_rl_bound;
grant select (id, v), insert, update on item to regress_rl_reader;
reset role;
select hotpath.cache_table('note'), hotpath.cache_table('item'), hotpath.cache_table('kid');
select hotpath.warm('note'), hotpath.warm('item'), hotpath.warm('kid');

-- messages name no value that the role may not read
set role regress_rl_none;
select hotpath.get(null::item, 1);
select hotpath.get(null::item, 'x');
select hotpath.get_by(null::item, 'item_secret_key', 'secret 1');
select hotpath.page_json('item', 'secret', filter => '{"secret": "secret 1"}');
select hotpath.page_json('item', first => 0, count => 'estimated');
select hotpath.embed('item', array[1]);
set role regress_rl_reader;
select hotpath.put(row(3, 'x', 'secret 1')::item);
select hotpath.page_json('item', columns => '{id}', filter => '{"secret": "secret 1"}');
select hotpath.page_json('item', 'secret', columns => '{id}');
select hotpath.page_json('item', columns => '{id}', filter => '{"secret": "secret 1"}', count => 'estimated');
select hotpath.cursor_at('item', 'secret', 1);
set role regress_rl_bound;
select hotpath.put(row(2, 'regress_rl_bound', 'x')::note);
select hotpath.put(row(99, 'regress_rl_bound', 'hidden-2')::note);
select hotpath.get(null::note, 2), hotpath.peek(null::note, 2), hotpath.cursor_at('note', 'v', 2);

-- a pattern that would fail on a hidden value does not
select hotpath.page_json('note', columns => '{id}', filter => '{"v": {"$like": "hidden-\\"}}') -> 'items' as items;
select hotpath.page_json('barrier', 'id', columns => '{id}', filter => '{"v": {"$like": "hidden-\\"}}') -> 'items' as items;
-- what a role subject to a policy may know of the cache is what pg_stat_all_tables tells of any table
select relation, entries > 0 as entries from hotpath.cache_stats where relation = 'note'::regclass;
select checked from hotpath.verify_cache('note');

-- operators, functions, casts and types of the same names, which tell what they are given
create function evil.tell(text) returns boolean language plpgsql cost 0.0000001 as
	$$ begin raise notice 'told % to %', $1, current_user; return true; end $$;
do $$
declare
	op text;
	t text;
begin
	foreach t in array '{int4, int8, text, name, oid, regclass, jsonb}'::text[] loop
		execute format('create function evil.tell(pg_catalog.%1$s, pg_catalog.%1$s) returns boolean language plpgsql
			cost 0.0000001 as ''begin raise notice ''''told %% and %% to %%'''', $1, $2, current_user; return true; end''', t);
		foreach op in array '{=, <>, <, <=, >, >=, ~~, ~~*, ~, @>, ||}'::text[] loop
			execute format('create operator evil.%s (leftarg = pg_catalog.%s, rightarg = pg_catalog.%s, function = evil.tell)',
				op, t, t);
		end loop;
	end loop;
end $$;
create function evil.count() returns bigint language sql as 'select 0::bigint where evil.tell(''count'')';
create function evil.row_to_json(record) returns json language plpgsql as
	'begin perform evil.tell(''row''); return null; end';
create function evil.unnest(anyarray) returns setof anyelement language sql as 'select $1[1] where evil.tell(''unnest'')';
create domain evil.text as pg_catalog.text check (evil.tell(value));
create domain evil.json as pg_catalog.json check (evil.tell(value::pg_catalog.text));
create domain pg_temp.int8 as pg_catalog.int8 check (evil.tell(value::pg_catalog.text));
create domain pg_temp.regclass as pg_catalog.regclass check (evil.tell(value::pg_catalog.text));
create domain pg_temp.text as pg_catalog.text check (evil.tell(value));
set search_path = evil, rl, pg_catalog;
select 'x'::pg_catalog.text = 'y'::pg_catalog.text as trap;
select (item).id from hotpath.page(null::note, 'v desc, id', 2, filter => '{"v": {"$ne": "x", "$gt": "a", "$like": "%o%", "$regex": "."}}');
select (p -> 'items')::pg_catalog.text as items, p ->> 'total_count' as count from hotpath.page_json('note', 'v', 1,
	filter => '{"$or": [{"id": {"$in": [1, 3]}}, {"v": {"$ilike": "A"}}]}', columns => '{id}', count => 'exact') p;
select (p -> 'items')::pg_catalog.text as items, p ->> 'total_count' as count from hotpath.page_json('note', 'v', 1,
	columns => '{id}', embed => '{"with": {"kid": {"columns": ["id"]}}}', count => 'bounded:9') p;
select (item).id, parent_ord from hotpath.pages(null::kid, 'note_id', array[1, 3], 'v desc', 1);
select (item).id from hotpath.load_children(null::kid, array[1, 3], filter => '{"v": {"$gte": "kid"}}', order_by => 'v', per_parent => 1);
select hotpath.embed_where('kid', '{"columns": ["id"], "with": {"note": {"columns": ["id"], "join": "inner", "filter": {"v": {"$ne": "q"}}}}}')::pg_catalog.text;
select hotpath.get(null::note, 3), hotpath.get_json('note', 1)::pg_catalog.text, hotpath.evict('note', 1);
select hotpath.export_json('select id from note', format => 'compact');
select item::pg_catalog.text from hotpath.page_query('select id, v from note', 'v desc', 1, unique_key => '{id}');
set search_path = rl;
-- and such a condition in a query of one's own is told the rows that the policy shows, no others
select item from hotpath.page_query('select id from note where evil.tell(v)', 'id', unique_key => '{id}');
select hotpath.export_json('select id from barrier where evil.tell(v)');
reset role;
drop domain pg_temp.int8, pg_temp.regclass, pg_temp.text;

-- code of a table's owner: what a superuser reads and maintains runs none of it
set role regress_rl_owner;
create function evil.trap() returns boolean language plpgsql as
	$$ begin raise notice 'the code of % ran as %', 'regress_rl_owner', current_user; return true; end $$;
create function evil.trap(text) returns boolean language sql immutable as $$ select evil.trap() $$;
create domain code as text check (evil.trap(value));
create type label as enum ('one', 'two');
create type pair as (a int, b code);
create function evil.label(text) returns label language sql as $$ select 'one'::rl.label where evil.trap() $$;
create cast (text as label) with function evil.label(text) as implicit;
create table hostile (id label primary key, c code default evil.trap()::text, p pair,
	n int generated always as (case when evil.trap('n') then 1 end) stored);
create unique index hostile_c on hostile (c);
create index on hostile (evil.trap(c)) where evil.trap(c);
create table hostile_kid (id int primary key, hostile label references hostile, c code);
create index on hostile_kid (hostile);
alter table hostile enable row level security;
create policy trap on hostile using (evil.trap());
set client_min_messages = warning;
insert into hostile values ('one', 'c1', row(1, 'x')), ('two', 'c2', row(2, 'y'));
insert into hostile_kid select i, 'one', 'k' || i from generate_series(1, 3) i;
reset client_min_messages;
reset role;
select hotpath.cache_table('hostile'), hotpath.cache_table('hostile', 'hostile_c'), hotpath.cache_table('hostile_kid');
select hotpath.warm('hostile'), hotpath.warm('hostile_kid');
select hotpath.get(null::hostile, 'one'), hotpath.get_by(null::hostile, 'hostile_c', 'c2');
select hotpath.get_json('hostile', 'two'), hotpath.peek(null::hostile, 'one') is not null as peeked;
select hotpath.get_many(null::hostile, array['two', 'one']);
select stale from hotpath.verify_cache('hostile');
select hotpath.page_json('hostile', 'c', filter => '{"c": {"$gte": "c1", "$like": "c%"}, "id": "one"}', columns => '{c}') -> 'items' as items;
select (item).id from hotpath.page(null::hostile, 'c desc');
-- but that the place of a cursor has to be a value of the columns' types, as a literal has
select '(1,c)'::pair;
select (item).id from hotpath.page(null::hostile, 'c, p', 1, (select cursor from hotpath.page(null::hostile, 'c, p', 1)));
select hotpath.embed('hostile', array['one'], '{"columns": ["c"], "with": {"hostile_kid": {"columns": ["c"]}}}');
select (item).c from hotpath.load_children(null::hostile_kid, array['one'], order_by => 'id') limit 1;
select hotpath.page_explain('hostile', 'c'), (select count(*) from hotpath.relationships('hostile'));
select hotpath.export_json('select id, c from hostile order by id');
alter table hostile_kid add more int;
select hotpath.evict('hostile', 'one'), hotpath.evict_all('hostile') >= 0, hotpath.evict_all() >= 0;
select hotpath.reset_cache_stats();
select hotpath.uncache_table('hostile');
-- a cast to json runs where row_to_json() would run it, and nowhere else
create function evil.to_json(label) returns json language sql as $$ select '1'::json where evil.trap() $$;
create cast (label as json) with function evil.to_json(label);
create table plainer (id int primary key, l label);
insert into plainer values (1, 'one');
select hotpath.cache_table('plainer');
select hotpath.warm('plainer');
select row_to_json(p) from plainer p;
select hotpath.get_json('plainer', 1);
select stale from hotpath.verify_cache('plainer');
-- an implicit cast to the key's type is the reader's to use, if it is theirs to execute
create type other as enum ('one');
create function evil.other(other) returns label language sql as $$ select 'one'::rl.label $$;
create cast (other as label) with function evil.other(other) as implicit;
select (hotpath.get(null::hostile, 'one'::other)).id;
revoke execute on function evil.other(other) from public;
grant select on hostile to regress_rl_reader;
set role regress_rl_reader;
select (hotpath.get(null::hostile, 'one'::other)).id;
reset role;

-- statements prepared as one role and executed as another, functions that keep their plans
prepare p_get as select hotpath.get(null::item, 1);
prepare p_page as select hotpath.page_json('item', first => 1) -> 'items';
prepare p_embed as select hotpath.embed('item', array[1]);
prepare p_json as select hotpath.row_to_json(i) from item i where id = 1;
create function kept() returns text language plpgsql as
	$$ begin return hotpath.page_json('rl.item', first => 1) -> 'items'; end $$;
create function lent() returns text language plpgsql security definer as
	$$ begin return current_user || ' ' || (hotpath.page_json('rl.item', first => 1) -> 'items') ||
		hotpath.get(null::rl.item, 1); end $$;
alter function lent() owner to regress_rl_owner;
execute p_get; execute p_page; execute p_embed; execute p_json; select kept(); select lent();
set role regress_rl_reader;
execute p_get; execute p_page; execute p_embed; execute p_json; select kept(); select lent();
reset role;
execute p_get; execute p_page; select kept();
-- in one transaction, too
begin;
set local role regress_rl_owner;
select kept();
set local role regress_rl_reader;
savepoint s;
select kept();
rollback to s;
reset role;
select kept();
commit;
deallocate all;

-- the cursor of a page is no right: who gets it sees what they may see behind it
select hotpath.page_json('note', 'v desc', 2) #>> '{page_info,end_cursor}' as "cursor" \gset
set role regress_rl_bound;
select (item).id from hotpath.page(null::note, 'v desc', 9, :'cursor');
set role regress_rl_none;
select (item).id from hotpath.page(null::note, 'v desc', 9, :'cursor');
reset role;
-- an SQL cursor that somebody else goes on with
begin;
declare c cursor for select hotpath.get(null::item, k), hotpath.export_json('select id from rl.item') from generate_series(1, 2) k;
fetch c;
set local role regress_rl_none;
fetch c;
rollback;

-- whoever may write any table may write the configuration; garbage in it harms nobody
grant pg_write_all_data to regress_rl_none;
set role regress_rl_none;
insert into hotpath.cached_key values
	('kid', false, '{NULL}', '{NULL}', null, true), ('kid', false, '{}', '{}', null, true),
	('kid', false, '{nowhere}', '{-7}', '-1 day', true), ('kid', false, '{{id,v},{a,b}}', '{{1,2},{3,4}}', '0', true),
	(0, true, '{id}', '{1}', null, true), (1259, true, '{oid}', '{1}', null, true), ('barrier', true, '{id}', '{1}', null, true);
reset role;
select hotpath.get(null::kid, 1), hotpath.cache_check('kid'), hotpath.get_json('barrier', 1);
select relation from hotpath.cache_stats order by relation::text;
update kid set v = 'changed' where id = 1;
alter table kid add more int;
select hotpath.get(null::kid, 1);
select (hotpath.get(null::pg_class, 'pg_class'::regclass::oid)).relname;
set role regress_rl_none;
delete from hotpath.cached_key where relation not in ('item'::regclass, 'note'::regclass);
reset role;

set client_min_messages = warning;
drop schema rl, evil cascade;
drop role regress_rl_owner, regress_rl_reader, regress_rl_bound, regress_rl_none;
