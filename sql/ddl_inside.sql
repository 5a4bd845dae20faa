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
rollback;
select hotpath.get(null::item, 1), hotpath.cache_check('item');

set client_min_messages = warning;
drop schema ddl_inside cascade;
