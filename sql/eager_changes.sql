-- What changes while a tree is loaded: by functions that are called for its rows, or between calls.
create schema eager_changes;
set search_path = eager_changes;
set client_min_messages = warning;
\pset tuples_only on
\pset format unaligned

-- the size of batches
create table parents (id int primary key);
create table children (id int primary key, parent_id int references parents);
insert into parents select generate_series(1, 10);
insert into children select i, i from generate_series(1, 10) i;
create function larger_batches() returns boolean language plpgsql as
	$$ begin perform set_config('pg_hotpath.batch_size', '5', false); return true; end $$;
alter table children enable row level security;
create policy larger_batches on children using (larger_batches());
create role eager_changes_reader;
grant usage on schema eager_changes to eager_changes_reader;
grant select on parents, children to eager_changes_reader;
set role eager_changes_reader;
set pg_hotpath.batch_size = 3;
select array_agg(parent_ord) from hotpath.load_children(null::children, array[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
set pg_hotpath.batch_size = 3;
select count(*) from hotpath.embed_where('parents', '{"with": {"children": {"join": "inner"}}}') e where e -> 'children' ->> 0 is not null;
reset pg_hotpath.batch_size;
reset role;

-- the name of a schema
create schema eager_changes_a;
create table eager_changes_a.children (id int primary key, parent_id int references parents);
select name, target from hotpath.relationships('parents');
alter schema eager_changes_a rename to eager_changes_b;
select name, target from hotpath.relationships('parents');
drop schema eager_changes_b cascade;

-- the types of a table, by a function that turns a row above it into JSON
set timezone = 'UTC';
create type mood as enum ('good', 'bad');
create function mood_json(mood) returns json language plpgsql as $$
declare
	command text := coalesce(current_setting('eager_changes.command', true), '');
begin
	perform set_config('eager_changes.command', '', false);
	if command <> '' then
		execute command;
	end if;
	return to_json($1::text);
end $$;
create cast (mood as json) with function mood_json(mood);
create table days (id int primary key, mood mood);
create table events (id int primary key, day_id int references days, at timestamp);
insert into days values (1, 'good'), (2, 'bad');
insert into events values (1, 1, '2024-01-01 12:00'), (2, 2, null);
set eager_changes.command = 'alter table events alter column at type timestamptz';
select hotpath.embed_where('days', '{"with": {"events": {}}}');
alter table events alter column at type timestamptz;
set eager_changes.command = '';
select hotpath.embed_where('days', '{"with": {"events": {}}}');

-- a table of a lower level that is dropped, or a junction, or one that only filters
\set VERBOSITY sqlstate
create table tags (id int primary key);
create table event_tags (event_id int references events, tag_id int references tags, primary key (event_id, tag_id));
create function drops(command text) returns boolean language plpgsql as $$ begin execute $1; return true; end $$;
alter table events enable row level security, force row level security;
create policy drops on events using (drops(coalesce(current_setting('eager_changes.command', true), '')));
grant usage on schema eager_changes to eager_changes_reader;
alter table days owner to eager_changes_reader;
alter table events owner to eager_changes_reader;
alter table tags owner to eager_changes_reader;
alter table event_tags owner to eager_changes_reader;
set role eager_changes_reader;
set eager_changes.command = 'drop table if exists event_tags';
begin;
select hotpath.embed_where('days', '{"with": {"events": {"with": {"event_tags": {}}}}}');
rollback;
begin;
select hotpath.embed_where('days', '{"with": {"events": {"with": {"tags": {}}}}}');
rollback;
begin;
set local eager_changes.command = 'drop table if exists event_tags, tags';
select hotpath.embed_where('days', '{"with": {"events": {"with": {"event_tags": {"with": {"tag": {"join": "inner"}}}}}}}');
rollback;
reset role;
alter table events disable row level security;
\set VERBOSITY default

-- the types of a table, by a function that is called for a row of the row cache, when the next ones are there
create table moods (id int primary key, mood mood, n int);
create table people (id int primary key, mood_id int references moods);
insert into moods values (1, 'good', 1), (2, 'bad', 2);
insert into people values (1, 1), (2, 2);
select from hotpath.cache_table('moods');
select hotpath.warm('moods');
set eager_changes.command = $$alter table moods alter column n type text using repeat('x', 100)$$;
select hotpath.embed_where('people', '{"order_by": "id", "with": {"mood": {}}}');
set eager_changes.command = '';
select hotpath.embed_where('people', '{"order_by": "id", "with": {"mood": {}}}');

-- the type of the parents' key, by a cast of the keys that are given
create type number as enum ('1', '2', '3');
create function number_to_int(number) returns int language plpgsql as $$
begin
	if $1::text = '1' then
		alter table children drop constraint children_parent_id_fkey;
		alter table parents alter column id type text;
	end if;
	return $1::text::int;
end $$;
create cast (number as int) with function number_to_int(number) as implicit;
set pg_hotpath.batch_size = 1;
select * from hotpath.load_children(null::children, array['1', '2', '3']::number[]);
reset pg_hotpath.batch_size;
drop schema eager_changes cascade;
drop role eager_changes_reader;
