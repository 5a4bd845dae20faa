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
drop schema eager_changes cascade;
drop role eager_changes_reader;
