-- Functions that are called while keys and specifications are read, and that alter or drop the very tables
-- they are read for.
create schema ddl_inside;
set search_path = ddl_inside;
\set SHOW_CONTEXT never
create type mood as enum ('a');
-- keeps queries out of workers, which cannot alter anything
create function here() returns text language plpgsql as $$ begin return 'here'; end $$;
create function type_of(t regclass, c name) returns regtype language sql as
	'select atttypid::regtype from pg_attribute where attrelid = t and attname = c';

-- a cast from an enum to name
create table named (n name primary key);
insert into named values ('x');
create function mood_to_name(mood) returns name language sql as 'select ''x''::name';
create cast (mood as name) with function mood_to_name(mood) as implicit;
select hotpath.get(null::named, 'a'::mood), (select array_agg(n) from hotpath.get_many(null::named, array['a'::mood]));
drop cast (mood as name);

-- a cast that drops the table
create table dropped (id text primary key);
create function mood_to_text(mood) returns text language plpgsql as $$
begin
	if to_regclass('dropped') is not null then
		drop table dropped;
	end if;
	if type_of('changed', 'v') = 'text'::regtype then
		alter table changed alter v type bigint using 1073741820;
	end if;
	return 'x';
end $$;
create table changed (v text, id text primary key);
insert into changed values ('hello', 'x');
create cast (mood as text) with function mood_to_text(mood) as implicit;
\set VERBOSITY sqlstate
begin;
select here(), hotpath.get(null::dropped, 'a'::mood);
rollback;
begin;
select here(), hotpath.get_json('dropped', 'a'::mood);
rollback;
begin;
select *, here() from hotpath.get_many(null::dropped, array['a'::mood]);
rollback;

\set VERBOSITY default

-- one that alters it
begin;
select g.*, type_of('changed', 'v') as type, here() from hotpath.get_many(null::changed, array['a'::mood]) g;
rollback;
begin;
select hotpath.get(null::changed, 'a'::mood), here();
rollback;
drop cast (mood as text);

-- domains inside of arrays, in filters
create table parent (id int primary key, v text);
insert into parent values (1, 'hello');
create function alters_parent(text) returns bool language plpgsql as $$
begin
	if type_of('parent', 'v') = 'text'::regtype then
		alter table parent alter v type bigint using 81985529216486895;
	end if;
	return true;
end $$;
create domain parent_altering as text check (alters_parent(value));
create table kid (id int primary key, parent_id int references parent, arr parent_altering[]);
begin;
select here(), hotpath.page_json('parent', embed => '{"kid": {"filter": {"arr": ["x"]}}}');
rollback;
begin;
select here(), hotpath.embed('parent', array[1], '{"with": {"kid": {"filter": {"arr": ["x"]}}}}');
rollback;
create function drops_kid(text) returns bool language plpgsql as $$
begin
	if to_regclass('kid') is not null then
		drop table kid;
	end if;
	return true;
end $$;
create domain kid_dropping as text check (drops_kid(value));
alter table parent add column arr kid_dropping[];
begin;
\set VERBOSITY sqlstate
select here(), hotpath.page_json('parent', filter => '{"arr": ["x"]}', embed => '{"kid": {"join": "inner"}}');
rollback;

\set VERBOSITY default

-- one that swaps the names of columns of a level that was read
create table folder (id int primary key);
create table a (id int primary key, folder_id int references folder, x text, y text);
create function swaps(text) returns bool language plpgsql as $$
begin
	alter table a rename x to z;
	alter table a rename y to x;
	alter table a rename z to y;
	return true;
end $$;
create domain swapping as text check (swaps(value));
create table b (id int primary key, folder_id int references folder, arr swapping[]);
insert into folder values (1);
insert into a values (1, 1, 'x', 'y');
begin;
select here(), hotpath.embed('folder', array[1],
	'{"with": {"a": {"columns": ["x"], "filter": {"x": "x"}}, "b": {"filter": {"arr": ["s"]}}}}');
rollback;
select hotpath.embed('folder', array[1], '{"with": {"a": {"columns": ["x"], "filter": {"x": "x"}}, "b": {}}}');

create table other (id int primary key);
create function adds_columns(text) returns bool language plpgsql as $$
begin
	if (select max(attnum) = 2 from pg_attribute where attrelid = 'wide'::regclass) then
		execute 'alter table wide ' || (select string_agg(format('add c%s int', i), ',') from generate_series(1, 1500) i)
			|| ', add other int references other';
	end if;
	return true;
end $$;
create domain column_adding as text check (adds_columns(value));
create table wide (id int primary key, arr column_adding[]);
begin;
select *, here() from hotpath.embed_where('wide', '{"filter": {"arr": ["x"]}, "with": {"other": {}}}');
rollback;

-- what alters a table that is open: its columns go with their domain, and are renamed, and a partition gets a key
create domain gone as bigint;
create table keyed (key gone primary key, txt text not null);
create function mood_to_int8(mood) returns bigint language plpgsql as $$
begin
	if to_regtype('gone') is not null then
		drop domain gone cascade;
		alter table keyed rename txt to key;
		create table above (key text primary key) partition by list (key);
		alter table above attach partition keyed for values in ('x');
	end if;
	return 1094795585;
end $$;
create cast (mood as bigint) with function mood_to_int8(mood) as implicit;
set client_min_messages = warning;
begin;
select here(), count(*) from hotpath.get_many(null::keyed, array_fill('a'::mood, array[300]));
rollback;
drop cast (mood as bigint);

create domain shed as text;
create function sheds(text) returns bool language plpgsql as $$
begin
	if to_regtype('shed') is not null then
		drop domain shed cascade;
	end if;
	return true;
end $$;
create domain shedding as text check (sheds(value));
create table leaves (id int primary key, x shed, v text, arr shedding[]);
insert into leaves select i, 'x' || i, 'v' || i from generate_series(1, 10) i;
begin;
select here(), p.item from hotpath.page(null::leaves, 'v desc', first => 2, filter => '{"arr": null}') p;
select here(), p.item from hotpath.page(null::leaves, 'v desc', first => 2, filter => '{"arr": ["x"]}') p;
rollback;
begin;
select here(), p.item from hotpath.page(null::leaves, 'v desc', first => 2, filter => '{"arr": {"$ne": ["x"]}, "id": {"$gt": 0}}') p;
rollback;
-- the enum type that orders, before there is a cursor
create type tint as enum ('red', 'green');
create function drops_tint(text) returns bool language plpgsql as $$
begin
	drop type if exists tint cascade;
	return true;
end $$;
create domain tint_dropping as text check (drops_tint(value));
create table tinted (id int primary key, c tint not null, cs tint[] not null, parent int, arr tint_dropping[]);
insert into tinted values (1, 'red', '{green}', 1);
begin;
select here(), hotpath.page_json('tinted', 'c', filter => '{"arr": {"$ne": ["x"]}}');
rollback;
begin;
select here(), hotpath.page_json('tinted', 'cs', filter => '{"arr": {"$ne": ["x"]}}');
rollback;
begin;
select here(), p.* from hotpath.pages(null::tinted, 'parent', array[1], 'c', filter => '{"arr": {"$ne": ["x"]}}') p;
rollback;
-- what comes to a column, a type or an index that went
\set VERBOSITY terse
begin;
select here(), e.* from hotpath.embed_where('leaves', '{"filter": {"arr": ["x"]}, "order_by": "x"}') e;
rollback;
begin;
select here(), p.* from hotpath.page_query('select x, id from leaves where $1::shedding is not null', 'id',
	params => '["a"]', unique_key => '{id}', first => 1) p;
rollback;
\set VERBOSITY default
create table indexed (id int primary key, parent int);
insert into indexed select i, 1 from generate_series(1, 3) i;
create index indexed_parent on indexed (parent, id);
create function mood_to_int(mood) returns int language plpgsql as $$
begin
	drop index if exists indexed_parent;
	return 1;
end $$;
create cast (mood as int) with function mood_to_int(mood) as implicit;
begin;
select here(), p.item from hotpath.pages(null::indexed, 'parent', array['a'::mood], first => 5) p;
select to_regclass('indexed_parent') is null as dropped;
rollback;
drop cast (mood as int);
-- by a policy, which is evaluated while the page is read
alter table leaves enable row level security;
alter table leaves force row level security;
create policy p on leaves using (true);
create role regress_ddl_inside;
grant usage, create on schema ddl_inside to regress_ddl_inside;
alter table leaves owner to regress_ddl_inside;
alter domain shed owner to regress_ddl_inside;
set role regress_ddl_inside;
select hotpath.cursor_at('leaves', 'v desc', 5) as place \gset
delete from leaves where id = 5;
alter policy p on leaves using (sheds('x'));
begin;
select here(), hotpath.page_json('leaves', 'v desc', first => 2, after => :'place') -> 'items';
select here(), hotpath.page_json('leaves', 'v desc', first => 2, after => :'place') -> 'items';
rollback;
reset role;
reset client_min_messages;

-- a level that one below it has altered, and that the rows above have altered back
create table far (id bigint primary key, t text);
create table root (id int primary key);
create table middle (id int primary key, root_id int references root, far_id bigint references far) partition by list (id);
create table part partition of middle default;
insert into root values (1);
insert into far values (1094795585, 'x');
insert into middle values (1, 1, 1094795585);
create function alters_middle(text) returns bool language plpgsql as $$
begin
	if type_of('middle', 'far_id') = 'bigint'::regtype then
		alter table middle detach partition part;
		alter table middle drop constraint middle_far_id_fkey;
		alter table middle alter far_id type text;
	end if;
	return true;
end $$;
create domain middle_altering as text check (alters_middle(value));
create table sibling (id int primary key, root_id int references root, arr middle_altering[]);
create function alters_back() returns bool language plpgsql as $$
begin
	if type_of('middle', 'far_id') = 'text'::regtype then
		alter table middle alter far_id type bigint using far_id::bigint;
		alter table middle attach partition part default;
	end if;
	return true;
end $$;
alter table root enable row level security;
alter table root force row level security;
create policy p on root using (alters_back());
alter table root owner to regress_ddl_inside;
alter table middle owner to regress_ddl_inside;
alter table part owner to regress_ddl_inside;
grant select on far, sibling to regress_ddl_inside;
set role regress_ddl_inside;
begin;
select here(), e.* from hotpath.embed_where('root', '{"with": {"middle": {"with": {"far": {}}}, "sibling": {"filter": {"arr": ["x"]}}}}') e;
rollback;
reset role;

-- the parameters of a query may alter what it reads
create table sorted (p int, x text) partition by list (p);
create table sorted_part (p int, x int);
insert into sorted_part select 1, 123456789 + i from generate_series(1, 3) i;
create function alters_sorted(text) returns bool language plpgsql as $$
begin
	if type_of('sorted', 'x') = 'text'::regtype then
		alter table sorted alter x type int using null;
		alter table sorted attach partition sorted_part for values in (1);
	end if;
	return true;
end $$;
create domain sorted_altering as text check (alters_sorted(value));
begin;
select here(), hotpath.export_json('select x from sorted where $1::sorted_altering is not null order by x', '["a"]', 'compact');
rollback;
begin;
select here(), hotpath.export_json('select x, count(*) from sorted where $1::sorted_altering is not null group by x order by x', '["a"]', 'compact');
rollback;
-- and with that their own types
create function alters_types(text) returns bool language plpgsql as $$
begin
	if type_of('sorted', 'x') = 'text'::regtype then
		alter table sorted alter x type int using null;
	end if;
	return true;
end $$;
create domain type_altering as text check (alters_types(value));
begin;
select here(), hotpath.export_json('select x from sorted where $1::type_altering is not null and x = $2', '["a", "1"]');
rollback;

-- a table of the configuration with columns of a later version
create table item (id int primary key);
insert into item values (1);
select hotpath.cache_table('item');
begin;
do $$ begin
	execute 'alter table hotpath.cached_key ' || (select string_agg(format('add c%s text default ''A''', i), ',') from generate_series(1, 400) i);
end $$;
select hotpath.get(null::item, 1), hotpath.cache_check('item');
create table another (id int primary key);
select hotpath.cache_table('another', ttl => '1 hour');
select hotpath.get(null::another, 1), (select ttl from hotpath.cached_key where relation = 'another'::regclass);
update hotpath.cached_key set c1 = 'B' where relation = 'another'::regclass;
select hotpath.cache_table('another', ttl => '2 hours');
select ttl, c1, c2 from hotpath.cached_key where relation = 'another'::regclass;
rollback;
select hotpath.get(null::item, 1), hotpath.cache_check('item');

set client_min_messages = warning;
drop schema ddl_inside cascade;
drop role regress_ddl_inside;
