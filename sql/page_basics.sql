-- A page at any depth, by a cursor: forward, backward, mixed directions, nulls.
create schema page_basics;
set search_path = page_basics, public;
create table event (id int primary key, created_at timestamptz, kind text not null, note text);
insert into event
	select i, case when i % 5 = 0 then null else timestamptz '2024-01-01 00:00Z' + i / 3 * interval '1 hour' end,
		'k' || i % 2, repeat('x', i)
	from generate_series(1, 12) i;
set timezone = 'UTC';

select (item).id, (item).created_at, has_previous_page, has_next_page
	from hotpath.page(null::event, 'created_at desc, id', first => 5);

-- the next page is behind the last cursor, the previous one before the first
select cursor as last_cursor from hotpath.page(null::event, 'created_at desc, id', first => 5)
	with ordinality p (item, cursor, prev, next, n) order by n desc limit 1 \gset
select (item).id, (item).created_at, has_previous_page, has_next_page
	from hotpath.page(null::event, 'created_at desc, id', first => 5, after => :'last_cursor');
select (item).id, has_previous_page, has_next_page
	from hotpath.page(null::event, 'created_at desc, id', last => 2, before => :'last_cursor');
select (item).id, has_previous_page, has_next_page
	from hotpath.page(null::event, 'created_at desc, id', last => 3);

-- "before" alone: the page right before it; both bounds: what lies between
set pg_hotpath.default_page_size = 3;
select array_agg((item).id) from hotpath.page(null::event, 'id', before => hotpath.cursor_at('event', 'id', 9));
select array_agg((item).id) from hotpath.page(null::event, 'id', after => hotpath.cursor_at('event', 'id', 9));
select array_agg((item).id) from hotpath.page(null::event, 'id', after => hotpath.cursor_at('event', 'id', 7),
	before => hotpath.cursor_at('event', 'id', 9));
select array_agg((item).id) from hotpath.page(null::event);
reset pg_hotpath.default_page_size;

-- both sizes: the first ones, and of these the last
select array_agg((item).id), bool_and(has_previous_page), bool_and(has_next_page)
	from hotpath.page(null::event, 'id', first => 5, last => 2);

-- sizes above the limit are coerced down
set pg_hotpath.max_page_size = 4;
select count(*), bool_and(has_next_page) from hotpath.page(null::event, 'id', first => 2147483647);
reset pg_hotpath.max_page_size;

-- the key is added in the direction of the last column, once
select array_agg((item).id) from hotpath.page(null::event, 'kind desc', first => 4);
select array_agg((item).id) from hotpath.page(null::event, 'kind desc, id', first => 4);

-- a cursor outlives its row, and finds the same place
select hotpath.cursor_at('event', 'created_at desc, id', 7) as place \gset
begin;
delete from event where id = 7;
select array_agg((item).id), bool_and(has_previous_page)
	from hotpath.page(null::event, 'created_at desc, id', first => 3, after => :'place');
-- rows of this transaction are seen
insert into event values (13, '2024-01-01 02:30Z', 'k0');
select array_agg((item).id)
	from hotpath.page(null::event, 'created_at desc, id', last => 3, before => :'place');
rollback;
-- there is no row with that key
select hotpath.cursor_at('event', 'created_at', 99), hotpath.cursor_at('event', 'created_at', null::int);

-- as JSON: page_info is there when the page is empty
create function no_cursors(json) returns text language sql as $$
	select regexp_replace($1::text, '"[A-Za-z0-9_-]{15,}"', '"..."', 'g') $$;
select no_cursors(hotpath.page_json('event', 'id', first => 2, columns => array['kind', 'id'], count => 'exact'));
select hotpath.page_json('event', 'id', filter => '{"kind": "none"}', count => 'exact');
select hotpath.page_json('event', 'id', first => 0)::jsonb -> 'page_info';
select hotpath.page_json('event', 'id', after => hotpath.cursor_at('event', 'id', 12))::jsonb -> 'page_info';
select no_cursors(hotpath.connection('event', 'id', first => 1, columns => array['id'], count => 'bounded:5'));
select hotpath.connection('event', 'id', last => 1, filter => '{"id": {"$lt": 1}}');
select x ->> 'total_count' as bounded from hotpath.page_json('event', count => 'bounded:12') x;
select (x ->> 'total_count')::int > 0 as estimated from hotpath.page_json('event', count => 'estimated') x;
-- items are what row_to_json makes of the rows
select (hotpath.page_json('event', 'id') -> 'items')::text = '[' || string_agg(row_to_json(e)::text, ',' order by id) || ']' as same
	from event e;
select no_cursors(hotpath.page_json('event', 'id', first => 1, columns => '{}'));

-- pages of several parents; one that is null or impossible has none
select parent_ord, (item).id, has_next_page
	from hotpath.pages(null::event, 'kind', array['k1', null, 'none', 'k0', 'k1'], 'id desc', 2);
select array_agg(cursor) as cursors from hotpath.pages(null::event, 'kind', array['k0', 'k1'], 'id', 2)
	with ordinality p (parent, item, cursor, next, n) where n % 2 = 0 \gset
select parent_ord, (item).id, has_next_page
	from hotpath.pages(null::event, 'kind', array['k0', 'k1'], 'id', 2, :'cursors');
select parent_ord, (item).id from hotpath.pages(null::event, 'id', array[7::bigint, 12345678901], 'kind');
select count(*) from hotpath.pages(null::event, 'kind', null::text[]);
select parent_ord, (item).id from hotpath.pages(null::event, 'kind', array['k0'], 'id', 2, filter => '{"id": {"$gt": 5}}');

-- pages of a query: expressions, joins, aggregates
select item, has_previous_page, has_next_page from hotpath.page_query(
	$$ select kind, count(*) as n, max(created_at) as latest from event group by kind having count(*) > $1 -- all
	$$, 'n desc', first => 1, params => '[1]', unique_key => array['kind']);
select cursor as place from hotpath.page_query('select e.id, upper(kind) as "Kind" from event e;', '"Kind" desc',
	first => 3, unique_key => array['id']) with ordinality p (item, cursor, prev, next, n) where n = 3 \gset
select item, has_previous_page, has_next_page from hotpath.page_query('select e.id, upper(kind) as "Kind" from event e;',
	'"Kind" desc', first => 3, after => :'place', unique_key => array['id']);
select array_agg(item -> 'id') from hotpath.page_query('select e.id, upper(kind) as "Kind" from event e;',
	'"Kind" desc', last => 2, before => :'place', unique_key => array['id']);

-- a prepared call with parameters of no type, as drivers make them
prepare p as select (item).id from hotpath.page(null::event, $1, $2, $3, filter => $4);
execute p('id desc', 2, null, '{"kind": "k1"}');
-- inside PL/pgSQL, again and again, while the table changes
do $$
declare ids int[];
begin
	for i in 1 .. 3 loop
		select array_agg((item).id) into ids from hotpath.page(null::event, 'id desc', 2);
		raise notice '%', ids;
		insert into event values (100 + i, null, 'k9');
	end loop;
end $$;
drop schema page_basics cascade;
