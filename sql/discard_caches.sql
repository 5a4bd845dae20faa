-- Every function gives the same answer where the server forgets its catalog caches at each chance.
-- That needs a server with assertions (debug_discard_caches); on others everything is called twice.
create schema discard_caches;
set search_path = discard_caches;
create table users (id int primary key, email text unique, plan text);
create table orders (id int primary key, user_id int references users, total numeric);
create index on orders (user_id, id);
create table tags (id int primary key, label text);
create table user_tags (user_id int references users, tag_id int references tags, primary key (user_id, tag_id));
create table parts (k text, n int, primary key (k, n)) partition by list (k);
create table parts_a partition of parts for values in ('a');
insert into users select i, 'user' || i, case i % 2 when 0 then 'free' end from generate_series(1, 6) i;
insert into orders select i, 1 + i % 3, i * 1.50 from generate_series(1, 9) i;
insert into tags select i, 'tag ' || i from generate_series(1, 2) i;
insert into user_tags select u, t from generate_series(1, 3) u, generate_series(1, 2) t;
insert into parts select 'a', i from generate_series(1, 3) i;

create table queries (id int generated always as identity, query text, expected text, answer text);
insert into queries (query) values
	('select hotpath.cache_table(''users'')'),
	('select hotpath.cache_table(''users'', ''users_email_key'', ''1 hour'', true)'),
	('select hotpath.cache_table(''parts'')'),
	('select hotpath.cache_check(''users''), hotpath.cache_check(''orders''), hotpath.cache_check(''parts'')'),
	('select hotpath.get(null::users, 2), hotpath.get(null::users, 2), hotpath.get(null::users, 7)'),
	('select hotpath.get(null::parts, ''a'', 2), hotpath.get(null::parts, ''a'', 9)'),
	('select * from hotpath.get_by(null::users, ''users_email_key'', ''user3'')'),
	('select * from hotpath.get_many(null::users, array[3, 9, 1, 3], keep_missing => true)'),
	('select * from hotpath.get_many(null::parts, array[row(''a'', 2), row(''a'', 1)])'),
	('select hotpath.get_json(''users'', 4), hotpath.get_json(''users'', 4), hotpath.get_json(''parts'', ''a'', 1)'),
	('select hotpath.put(row(5, ''user5'', ''pro'')::users)'),
	('select hotpath.put(row(''a'', 4)::parts)'),
	('select coalesce(hotpath.peek(null::users, 5), hotpath.get(null::users, 5))'),
	('select hotpath.evict(''users'', 5) is not null, hotpath.evict_all(''users'') is not null, hotpath.evict_all() is not null'),
	('select hotpath.warm(''users'') is not null, hotpath.warm(''parts'') is not null'),
	('select stale from hotpath.verify_cache(''users'')'),
	('select relation, key, hits is not null as hits from hotpath.cache_stats order by key'),
	('select size_bytes > 0 as size from hotpath.cache_memory'),
	('select hotpath.reset_cache_stats()'),
	('select hotpath.row_to_json(u) from users u order by id'),
	('select hotpath.row_to_json(p, true) from parts p order by n'),
	('select hotpath.page(null::users, ''plan desc nulls last, id'', 2, filter => ''{"id": {"$gt": 1}}'')'),
	('select hotpath.page(null::parts, ''n desc'', last => 2)'),
	('select hotpath.page_json(''users'', ''id'', first => 2, after => hotpath.cursor_at(''users'', ''id'', 2), count => ''exact'', embed => ''{"orders": {"limit": 1, "order_by": "id"}}'')'),
	('select hotpath.page_json(''users'', ''plan, id'', filter => ''{"plan": {"$in": ["pro", null]}}'', columns => array[''id''], count => ''estimated'')::jsonb -> ''items'''),
	('select hotpath.connection(''parts'', ''n'', last => 2)'),
	('select hotpath.pages(null::orders, ''user_id'', array[3, 1], ''id desc'', 2)'),
	('select hotpath.page_query(''select plan, count(*) as n from users group by plan'', ''n desc'', first => 2, unique_key => array[''plan''])'),
	('select hotpath.page_explain(''users'', ''plan, id''), hotpath.page_explain(''orders'', ''id'')'),
	('select hotpath.embed(''users'', array[2, 8, 1], ''{"with": {"orders": {"order_by": "id"}, "tags": {"order_by": "id", "columns": ["label"]}}}'')'),
	('select hotpath.embed(''orders'', array[2, 1, 3], ''{"with": {"user": {"columns": ["email"]}}}'')'),
	('select hotpath.embed_where(''users'', ''{"order_by": "id", "columns": ["id"], "with": {"orders": {"join": "inner", "columns": ["id"], "order_by": "id", "limit": 1}, "sums": {"relation": "orders", "aggregate": {"n": "count", "sum": {"sum": "total"}}}}}'')'),
	('select hotpath.load_children(null::orders, array[1, 2], order_by => ''id desc'', per_parent => 2)'),
	('select hotpath.load_through(null::tags, ''user_tags'', array[3, 1], order_by => ''id'')'),
	('select * from hotpath.relationships(''users'') order by name'),
	('select hotpath.export_json(''select * from users where plan = $1 order by id'', ''["free"]'', ''array'')'),
	('select count(*) from (select hotpath.export_json_compressed(''select * from orders'', ''zstd'', chunk_size => 1)) c'),
	('select rows from hotpath.export_json_file(''/dev/null/no'', ''select * from orders'')'),
	('select hotpath.uncache_table(''users''), hotpath.uncache_table(''parts'')');

-- the rows of a query, or its error without the number of the process
create function answer(query text) returns text language plpgsql as $$
declare
	result text;
begin
	execute format('select json_agg(x) from (%s) x', query) into result;
	return coalesce(result, 'nothing');
exception when others then
	return regexp_replace(sqlerrm, '\d+', 'N');
end $$;

-- one by one, as each is to see what those before it have done
\set ECHO none
select format('update queries set expected = answer(query) where id = %s', id) from queries order by id \gexec
\set ECHO all
select set_config('debug_discard_caches', least(max_val::int, 1)::text, false) is not null as set
	from pg_settings where name = 'debug_discard_caches';
\set ECHO none
select format('update queries set answer = answer(query) where id = %s', id) from queries order by id \gexec
\set ECHO all
reset debug_discard_caches;
select query, expected, answer from queries where answer is distinct from expected order by id;
select query, expected from queries where expected is null or expected !~ '^\[' order by id;

-- all functions are called here, but for those behind cache_stats, cache_memory and row_to_json
select p.proname from pg_proc p
	where p.pronamespace = 'hotpath'::regnamespace
	and p.prorettype not in ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
	and p.proname not in ('cache_slots', 'key_seed', 'key_index', 'cache_memory_status', 'row_columns_to_json')
	and not exists (select from queries where query ~ ('hotpath\.' || p.proname || '\M'))
	order by 1;

set client_min_messages = warning;
drop schema discard_caches cascade;
