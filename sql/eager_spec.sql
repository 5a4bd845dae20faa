-- What can be wrong with a specification, and how that is said.
create schema eager_spec;
set search_path = eager_spec;
create table users (id bigint primary key, name text, "Odd ""name""" int, tags jsonb);
create table orders (id int primary key, user_id bigint references users, total numeric, at timestamptz);
create table nokey (id int);
create view user_view as select * from users;
insert into users values (1, 'one', 1, '[1]'), (2, 'two', 2, null);
insert into orders values (1, 1, 10), (2, 1, 20);

create function try(rel regclass, spec jsonb, where_form boolean default true) returns text language plpgsql as $$
declare code text; message text; detail text; hint text;
begin
	if where_form then perform hotpath.embed_where(rel, spec);
	else perform hotpath.embed(rel, array[1], spec); end if;
	return 'fine';
exception when others then
	get stacked diagnostics code = returned_sqlstate, message = message_text, detail = pg_exception_detail,
		hint = pg_exception_hint;
	return format(E'%s: %s\n%s\n%s', code, message, detail, hint);
end $$;
\pset format unaligned
\pset tuples_only on

-- not an object; keys that are unknown, or not for this place
select try('users', '[]');
select try('users', '7');
select try('users', 'null');
select try('users', '{"colums": ["id"]}');
select try('users', '{"relation": "orders"}');
select try('users', '{"limit": 1}', false);
select try('users', '{"order_by": "id"}', false);
select try('users', '{"filter": {"id": 1}}', false);
select try('users', '{"with": {"orders": {"spread": true}}}');
select try('users', '{"columns": null, "filter": null, "order_by": null, "limit": null, "offset": null, "with": null}');

-- values of the wrong kind
select try('users', '{"columns": "id"}');
select try('users', '{"columns": [1]}');
select try('users', '{"columns": [["id"]]}');
select try('users', '{"filter": ["id"]}');
select try('users', '{"order_by": ["id"]}');
select try('users', '{"limit": "1"}');
select try('users', '{"limit": -1}');
select try('users', '{"limit": 1.5}');
select try('users', '{"offset": 1e30}');
select try('users', '{"with": ["orders"]}');
select try('users', '{"with": {"orders": true}}');
select try('users', '{"with": {"orders": null}}');
select try('users', '{"with": {"orders": {"join": "outer"}}}');
select try('users', '{"with": {"orders": {"join": 1}}}');
select try('users', '{"with": {"orders": {"relation": 1}}}');
select try('users', '{"with": {"x": {"relation": "a.b.c.d"}}}');
select try('users', '{"with": {"x": {"relation": "orders; drop table users"}}}');

-- columns
select try('users', '{"columns": ["id", "nothing"]}');
select try('users', '{"columns": ["id", "id"]}');
select try('users', '{"columns": ["ctid"]}');
select try('users', '{"columns": ["Id"]}');
select try('users', '{"with": {"orders": {"columns": ["id", "name"]}}}');
select try('users', '{"with": {"name": {"relation": "orders"}}}');
select try('users', '{"columns": ["id"], "with": {"name": {"relation": "orders"}}}');

-- filters and orders are data, and checked
select try('users', '{"filter": {"nothing": 1}}');
select try('users', '{"filter": {"id": {"$sql": "1=1"}}}');
select try('users', '{"filter": {"id": "1 or 1=1"}}');
select try('users', '{"filter": {"name": "x'' or true --"}}');
select try('users', '{"order_by": "id; select 1"}');
select try('users', '{"order_by": "nothing"}');
select try('users', '{"with": {"orders": {"filter": {"nothing": 1}}}}');
select try('users', '{"with": {"orders": {"order_by": "lower(at)"}}}');

-- aggregates
select try('users', '{"with": {"orders": {"aggregate": {}}}}');
select try('users', '{"with": {"orders": {"aggregate": "count"}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": "sum"}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": "median"}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": {"sum": "nothing"}}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": {"sum": "at"}}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": {"sum": "total", "avg": "total"}}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": {"string_agg": "total"}}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": 1}}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": "count"}, "limit": 1}}}');
select try('users', '{"with": {"orders": {"aggregate": {"n": "count"}, "with": {"user": {}}}}}');
select try('users', jsonb_build_object('with', jsonb_build_object('orders', jsonb_build_object('aggregate',
	jsonb_build_object(repeat('n', 64), 'count')))));

-- join anti shows nothing
select try('users', '{"with": {"orders": {"join": "anti", "columns": ["id"]}}}');
select try('users', '{"with": {"orders": {"join": "anti", "limit": 1}}}');

-- depth: cycles by name end somewhere
select try('users', '{"with": {"orders": {"with": {"user": {"with": {"orders": {"with": {"user": {}}}}}}}}}');
set pg_hotpath.max_embed_depth = 3;
select try('users', '{"with": {"orders": {"with": {"user": {"with": {"orders": {}}}}}}}');
select try('users', '{"with": {"orders": {"with": {"user": {"with": {"orders": {"with": {"user": {}}}}}}}}}');
reset pg_hotpath.max_embed_depth;
create function nested(n int) returns jsonb language plpgsql as $$
declare s text := '{}';
begin
	for i in 1..n loop
		s := format('{"with": {"%s": %s}}', case when (n - i) % 2 = 0 then 'orders' else 'user' end, s);
	end loop;
	return s;
end $$;
select try('users', nested(16));
select try('users', nested(17));
set pg_hotpath.max_embed_depth = 1000;
delete from orders where id = 2;
select try('users', nested(200));
select try('users', nested(1001));
reset pg_hotpath.max_embed_depth;

-- keys of the wrong type, no key, no table
select try('nokey', '{}', false);
select try('user_view', '{}', false);
select try('user_view', '{"columns": ["id"], "filter": {"id": 1}}');
\pset tuples_only off
\pset format aligned
select hotpath.embed('users', array['x']);
select hotpath.embed('users', array[true]);
select hotpath.embed('users', array[row(1, 2)]);
select hotpath.embed('users', array[1.5]);
select hotpath.embed(null::regclass, array[1]);
select hotpath.embed_where(null);
select hotpath.embed(0::regclass, array[1]);
select hotpath.embed('users', null::int[]);
select hotpath.embed('users', array[]::int[]);
select hotpath.embed('users', array[]::int[], '{"nonsense": 1}');
select hotpath.embed('users', array[1], null);
select hotpath.embed('users_pkey', array[1]);
select hotpath.embed_where('users_pkey');
select hotpath.load_children(null::int, array[1]);
select hotpath.load_children(null::users, array[1]);
select hotpath.load_children(null::orders, array[true]);
select hotpath.load_children(null::orders, array[1], 'nothing');
select hotpath.load_children(null::orders, array[1], per_parent => -1);
select hotpath.load_children(null::orders, array[1], filter => '[]');
select hotpath.load_children(null::orders, array[1], order_by => 'nothing');
select hotpath.load_through(null::orders, null, array[1]);
select hotpath.load_through(null::orders, 'users', array[1]);

set client_min_messages = warning;
drop schema eager_spec cascade;
