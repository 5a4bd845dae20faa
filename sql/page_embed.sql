-- Pages with related rows.
create schema page_embed;
set search_path = page_embed, public;
create table users (id int primary key, name text not null);
create table orders (id int primary key, user_id int references users, total numeric, placed_at date);
create table items (order_id int references orders, line int, what text, primary key (order_id, line));
create index on orders (user_id, placed_at desc);
insert into users select i, 'u' || i from generate_series(1, 6) i;
insert into orders select i, 1 + i % 4, i * 10, date '2024-01-01' + i from generate_series(1, 12) i;
insert into items select i, l, 'w' || i || '-' || l from generate_series(1, 12) i, generate_series(1, 2) l;
create function items(json) returns text language sql as
$$ select (select string_agg(i::text, e'\n') from json_array_elements($1 -> 'items') i)
	|| e'\n' || ($1 #>> '{page_info,has_previous_page}') || ' ' || ($1 #>> '{page_info,has_next_page}') $$;

select items(hotpath.page_json('users', 'name desc', 2, embed => '{"orders": {"limit": 2, "order_by": "placed_at desc",
	"columns": ["id"], "with": {"items": {"columns": ["what"], "order_by": "line"}}}}'));
select hotpath.page_json('users', 'name desc', 2, columns => array['name'], embed => '{"orders": {"columns": ["id"]}}')
	#>> '{page_info,end_cursor}' as place \gset
-- the order's column is not among those shown
select items(hotpath.page_json('users', 'name desc', 2, :'place', columns => array['id'],
	embed => '{"with": {"orders": {"columns": ["total"], "order_by": "id"}}}'));
select items(hotpath.page_json('users', 'name desc', last => 2, before => :'place', columns => array['id'],
	embed => '{"orders": {"aggregate": {"n": "count", "sum": {"sum": "total"}}}}'));
-- the same as embed() of the keys
select (hotpath.page_json('users', 'id', 3, embed => '{"orders": {"order_by": "id"}}') -> 'items')::text
	= '[' || string_agg(e::text, ',') || ']' as same
	from hotpath.embed('users', array[1, 2, 3], '{"with": {"orders": {"order_by": "id"}}}') e;
select jsonb_pretty(regexp_replace(hotpath.connection('orders', 'placed_at desc', 1, columns => array['id'],
	embed => '{"user": {}}', count => 'exact')::text, '(ursor":)"[^"]*"', '\1"..."', 'g')::jsonb);

-- related rows that filter: pages, flags and counts are those of what is left
select items(hotpath.page_json('users', 'id', 3, columns => array['id'], embed => '{"orders": {"join": "inner",
	"filter": {"total": {"$gt": 90}}, "columns": ["id"]}}'));
select items(hotpath.page_json('users', 'id', 2, columns => array['id'], embed => '{"orders": {"join": "anti"}}', count => 'exact')),
	hotpath.page_json('users', 'id', 1, embed => '{"orders": {"join": "anti"}}', count => 'exact') -> 'total_count' as n;
-- a cursor is bound to what filters
select hotpath.page_json('users', 'id', 1, embed => '{"orders": {"join": "anti"}}') #>> '{page_info,end_cursor}' as of_anti \gset
select items(hotpath.page_json('users', 'id', 2, :'of_anti', embed => '{"orders": {"join": "anti"}}'));
\set VERBOSITY terse
select hotpath.page_json('users', 'id', 2, :'of_anti');
select hotpath.page_json('users', 'id', 2, :'of_anti', embed => '{"orders": {"join": "inner"}}');

-- empty pages, no related rows, bad specifications
select items(hotpath.page_json('users', 'id', filter => '{"id": 99}', embed => '{"orders": {}}'));
select items(hotpath.page_json('users', 'id', 1, filter => '{"id": 5}', embed => '{"orders": {}}'));
select items(hotpath.page_json('users', 'id', 1, embed => '{}'));
select items(hotpath.page_json('users', 'id', 1, columns => '{}', embed => '{}'));
select hotpath.page_json('users', 'id', 1, embed => '{"nope": {}}');
select hotpath.page_json('users', 'id', 1, embed => '{"limit": 3, "with": {}}');
select hotpath.page_json('users', 'id', 1, embed => '[]');

drop schema page_embed cascade;
