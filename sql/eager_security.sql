-- Whose rights: the caller's, on every table, by row and by column.
create schema eager_sec;
set search_path = eager_sec;
create role regress_eager_owner;
create role regress_eager_ann;
create role regress_eager_bob;
grant usage on schema eager_sec to regress_eager_ann, regress_eager_bob;
grant create, usage on schema eager_sec to regress_eager_owner;
set role regress_eager_owner;
create table users (id text primary key, name text);
create table orders (id int primary key, user_id text references users, owner text, secret text);
create table items (id int primary key, order_id int references orders, label text);
create table tags (id int primary key, label text);
create table order_tags (order_id int references orders, tag_id int references tags, primary key (order_id, tag_id));
create index on orders (user_id);
create index on items (order_id);
insert into users values ('a', 'ann'), ('b', 'bob');
insert into orders select i, case when i % 2 = 0 then 'a' else 'b' end, case when i % 3 = 0 then 'regress_eager_ann' else 'regress_eager_bob' end, 's' || i
	from generate_series(1, 12) i;
insert into items select i, i % 12 + 1, 'item ' || i from generate_series(1, 24) i;
insert into tags select i, 'tag ' || i from generate_series(1, 3) i;
insert into order_tags select o, t from generate_series(1, 12) o, generate_series(1, 3) t where (o + t) % 2 = 0;
alter table orders enable row level security;
create policy own on orders using (owner = current_user);
grant select on users, items, tags, order_tags to regress_eager_ann, regress_eager_bob;
grant select (id, user_id, owner) on orders to regress_eager_ann, regress_eager_bob;
\set SHOW_CONTEXT never
\pset tuples_only on
\pset format unaligned

\set spec '\'{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id", "with": {"items": {"columns": ["id"], "order_by": "id"}}}}}\''
set role regress_eager_ann;
select hotpath.embed('users', array['a', 'b'], :spec);
set role regress_eager_bob;
select hotpath.embed('users', array['a', 'b'], :spec);
set role regress_eager_owner;
select hotpath.embed('users', array['a', 'b'], :spec);
-- limits, aggregates and conditions count what the caller may see
set role regress_eager_ann;
select hotpath.embed('users', array['a'], '{"columns": [], "with": {"orders": {"columns": ["id"], "order_by": "id desc", "limit": 1}, "n": {"relation": "orders", "aggregate": {"n": "count"}}}}');
select count(*) from hotpath.embed_where('items', '{"with": {"order": {"join": "inner", "columns": ["id"]}}}');
select count(*) from hotpath.embed_where('items', '{"with": {"order": {"join": "anti"}}}');
select hotpath.embed_where('items', '{"columns": ["id"], "order_by": "id", "limit": 3, "with": {"order": {"columns": ["id"]}}}');
select hotpath.embed('tags', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id"}}}');
select hotpath.embed('orders', array[1, 3], '{"columns": ["id"], "with": {"tags": {"columns": ["id"], "order_by": "id"}}}');
select parent_ord, (item).id from hotpath.load_children(null::items, array[3, 1], order_by => 'id');

-- columns that the caller may not read
select hotpath.embed('users', array['a'], '{"columns": ["id"], "with": {"orders": {}}}');
select hotpath.embed('users', array['a'], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "filter": {"secret": "s3"}}}}');
select hotpath.embed('users', array['a'], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "secret"}}}');
select hotpath.embed('users', array['a'], '{"columns": ["id"], "with": {"orders": {"aggregate": {"x": {"max": "secret"}}}}}');
select hotpath.load_children(null::orders, array['a']);

-- tables that the caller may not read, or see
set role regress_eager_owner;
revoke select on items from regress_eager_ann;
set role regress_eager_ann;
select hotpath.embed('users', array['a'], :spec);
select hotpath.embed_where('items');
set role regress_eager_owner;
revoke select on order_tags from regress_eager_ann;
set role regress_eager_ann;
select hotpath.embed('tags', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["id"]}}}');
reset role;
revoke usage on schema eager_sec from regress_eager_ann;
set role regress_eager_ann;
select hotpath.embed(c.oid, array['a']) from pg_class c where relname = 'users' and relnamespace = (select oid from pg_namespace where nspname = 'eager_sec');
reset role;
grant usage on schema eager_sec to regress_eager_ann;

-- a policy changes between calls; row_security = off is an error where one applies
set role regress_eager_owner;
alter policy own on orders using (owner = current_user and id > 6);
set role regress_eager_bob;
select hotpath.embed('users', array['a'], '{"columns": [], "with": {"orders": {"columns": ["id"], "order_by": "id"}}}');
set row_security = off;
select hotpath.embed('users', array['a'], '{"columns": [], "with": {"orders": {"columns": ["id"], "order_by": "id"}}}');
reset row_security;

-- a policy that writes: levels are loaded while the root is read, which must not be in parallel mode
reset role;
create table many (id int primary key, user_id text references users,
	a_column_with_a_name_that_is_about_as_long_as_a_name_may_be int default 7);
create table seen (what int);
create function note_seen(int) returns boolean language plpgsql volatile security definer as
$$ begin insert into eager_sec.seen values ($1); return true; end $$;
create table note (id int primary key, many_id int references many);
insert into many select i, 'a' from generate_series(1, 300) i;
insert into note select i, i from generate_series(1, 300) i;
alter table note enable row level security;
create policy noted on note using (note_seen(id));
grant select on many, note to regress_eager_bob;
analyze many, note;
set parallel_setup_cost = 0; set parallel_tuple_cost = 0; set min_parallel_table_scan_size = 0;
set pg_hotpath.batch_size = 50;
set role regress_eager_bob;
select count(*) from hotpath.embed_where('many', '{"with": {"note": {}}}');
-- by a condition whose text is too long for the plan to be kept
select count(*) from hotpath.embed_where('many', (select jsonb_build_object('with', '{"note": {}}'::jsonb, 'filter', jsonb_build_object('$or',
	jsonb_agg(jsonb_build_object('a_column_with_a_name_that_is_about_as_long_as_a_name_may_be', i)))) from generate_series(1, 1000) i));
reset role;
reset parallel_setup_cost; reset parallel_tuple_cost; reset min_parallel_table_scan_size; reset pg_hotpath.batch_size;
select count(distinct what) from seen;

-- a level is planned under settings that what runs then does not have
create table lot (id int primary key, many_id int references many, pad text);
insert into lot select i, i % 300 + 1, repeat('x', 200) from generate_series(1, 600) i;
create index on lot (many_id, id);
alter table lot enable row level security;
create policy settled on lot using (current_setting('enable_seqscan') = 'on' and current_setting('jit') = 'on');
grant select on lot to regress_eager_bob;
set jit = on;
set role regress_eager_bob;
select parent_ord, (item).id from hotpath.load_children(null::lot, array[2, 1], order_by => 'id', per_parent => 1);
reset role;
reset jit;

-- cached tables: the same rights
reset role;
set client_min_messages = warning;
select hotpath.cache_table('eager_sec.users'), hotpath.cache_table('eager_sec.orders');
select hotpath.warm('users'), hotpath.warm('orders');
set role regress_eager_bob;
select hotpath.embed_where('items', '{"columns": ["id"], "order_by": "id", "limit": 8, "with": {"order": {"columns": ["id"], "with": {"user": {}}}}}');
reset role;
revoke select on users from regress_eager_bob;
grant select (id) on users to regress_eager_bob;
set role regress_eager_bob;
select hotpath.embed_where('orders', '{"columns": ["id"], "order_by": "id", "limit": 2, "with": {"user": {"columns": ["id"]}}}');
select hotpath.embed_where('orders', '{"columns": ["id"], "order_by": "id", "limit": 2, "with": {"user": {}}}');
reset role;
drop schema eager_sec cascade;
drop role regress_eager_owner, regress_eager_ann, regress_eager_bob;
