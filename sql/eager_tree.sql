-- Trees: what embed and embed_where return.
create schema eager_tree;
set search_path = eager_tree;
set timezone = 'UTC';
create table users (id bigint primary key, name text, "Odd ""name""" int);
create table products (id int primary key, title text, price numeric(10, 2));
create table orders (id int primary key, user_id bigint references users, total numeric, placed_at timestamptz, note text);
create table items (order_id int references orders, n int, product_id int references products, primary key (order_id, n));
create table tags (id int primary key, label text);
create table user_tags (user_id bigint references users, tag_id int references tags, primary key (user_id, tag_id));
create table profiles (user_id bigint primary key references users, bio text);
create table employees (id int primary key, boss_id int references employees, name text);
create index on orders (user_id);
insert into users select i, 'user ' || i, i from generate_series(1, 5) i;
insert into products select i, 'product ' || i, i * 1.5 from generate_series(1, 4) i;
insert into orders select i, nullif(i % 4 + 1, 4), i * 10, timestamptz '2024-01-01 00:00Z' + i * interval '1 day',
	case when i % 3 = 0 then 'a "note"' end from generate_series(1, 12) i;
insert into items select o, n, nullif((o + n) % 5, 0) from generate_series(1, 12) o, generate_series(1, 2) n;
insert into tags select i, 'tag ' || i from generate_series(1, 3) i;
insert into user_tags select u, t from generate_series(1, 3) u, generate_series(1, 3) t where u <= t;
insert into profiles values (1, 'first'), (3, null);
insert into employees values (1, null, 'ann'), (2, 1, 'bob'), (3, 1, 'cid'), (4, 2, 'dee');
\pset tuples_only on
\pset format unaligned

-- the shape: rows as row_to_json gives them, to-one an object or null, to-many an array
select hotpath.embed('users', array[1, 2], '{"with": {"orders": {"limit": 2, "order_by": "placed_at desc",
	"with": {"items": {"order_by": "n", "with": {"product": {}}}}}, "profiles": {}, "tags": {"order_by": "id"}}}');
select hotpath.embed('users', array[5], '{"with": {"orders": {}, "profiles": {}, "tags": {}}}');
select e::text = row_to_json(u)::text from users u, hotpath.embed('users', array[u.id]) e;
select e::text = row_to_json(o)::text from orders o, hotpath.embed('orders', array[o.id]) e;
select hotpath.embed_where('orders', '{"columns": ["id"], "order_by": "id", "limit": 4, "with": {"user": {"columns": ["name"]}}}');
select hotpath.embed_where('profiles', '{"with": {"user": {}}}');

-- the contract of a data loader: order, length, repetition, null for what is missing
select ordinality, embed from hotpath.embed('users', array[3, 9, 1, 3, null, 1], '{"columns": ["id"]}') with ordinality;
select ordinality, embed from hotpath.embed('users', array['3', '1'], '{"columns": ["id"]}') with ordinality;
select count(*), count(embed) from hotpath.embed('users', array[9999999999, 1::bigint]);
select count(*), count(embed) from hotpath.embed('orders', array[9999999999, 1::bigint]);
select hotpath.embed('items', array[row(1, 2), row(1, 9), row(2, 1)], '{"columns": ["n"]}');
select hotpath.embed('items', array['(1,2)', '(1,9)', '(2,)', '(2,1)'], '{"columns": ["n"]}');
select hotpath.embed('items', array[row(1, 2, 3)]);
select hotpath.embed('items', array[1]);

-- projection: as asked for, in that order; keys are read and not shown
select hotpath.embed('orders', array[1], '{"columns": ["total", "id"], "with": {"user": {"columns": []}, "items": {"columns": ["n"], "order_by": "n"}}}');
select hotpath.embed('users', array[1], '{"columns": ["Odd \"name\""]}');
select hotpath.embed('users', array[1], '{"columns": []}');
select hotpath.embed('users', array[1], '{"columns": [], "with": {"say \"hi\"": {"relation": "profiles", "columns": ["bio"]}}}');

-- filters at each level; at the root of embed a row that does not pass is missing
select hotpath.embed('users', array[1, 2], '{"columns": ["id"], "filter": {"id": {"$lt": 2}}, "with": {"orders": {"columns": ["id"],
	"order_by": "id", "filter": {"$or": [{"total": {"$gt": 50}}, {"note": null}]}}}}');
select hotpath.embed('users', array[1], '{"columns": ["id"], "with": {"tags": {"filter": {"label": {"$like": "%2"}}}}}');
select hotpath.embed_where('items', '{"filter": {"order_id": 4}, "order_by": "n", "with": {"product": {"filter": {"price": {"$gt": 100}}}}}');

-- limit and offset for each parent, with and without an index, by order and without
select hotpath.embed('users', array[1, 2, 3], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "total desc", "limit": 1, "offset": 1}}}');
select hotpath.embed('users', array[1, 2, 3], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "total", "offset": 2}}}');
select hotpath.embed('users', array[1], '{"columns": ["id"], "with": {"orders": {"limit": 0}, "profiles": {"limit": 0}}}');
select hotpath.embed('tags', array[1, 2, 3], '{"columns": ["id"], "with": {"users": {"columns": ["id"], "order_by": "id desc", "limit": 2}}}');
select hotpath.embed('users', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id", "limit": 9223372036854775807, "offset": 1}}}');
select json_array_length(embed -> 'orders') from hotpath.embed('users', array[1, 2, 5], '{"with": {"orders": {"limit": 2}}}');

-- the root of embed_where
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id desc", "limit": 2, "offset": 1}');
select hotpath.embed_where('users', '{"columns": ["id"], "filter": {"name": "user 4"}, "with": {"orders": {}}}');
select count(*) from hotpath.embed_where('users');
select count(*) from hotpath.embed_where('users', '{"limit": 0}');

-- joins filter parents, and limits count what is left
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id", "limit": 1, "offset": 1, "with": {"orders": {"join": "inner", "aggregate": {"n": "count"}}}}');
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id", "with": {"orders": {"join": "anti"}}}');
select hotpath.embed('users', array[1, 4, 5], '{"columns": ["id"], "with": {"orders": {"join": "anti"}}}');
select hotpath.embed('users', array[1, 4], '{"columns": ["id"], "with": {"orders": {"join": "inner", "columns": ["id"], "order_by": "id"}}}');
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id", "with": {"orders": {"join": "inner", "columns": ["id"], "order_by": "id",
	"with": {"items": {"join": "inner", "columns": ["n"], "filter": {"product_id": 4}, "with": {"product": {"join": "inner", "columns": ["id"]}}}}}}}');
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id", "with": {"orders": {"columns": ["id"], "order_by": "id", "limit": 2,
	"with": {"items": {"join": "anti", "filter": {"product_id": null}}}}}}');
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id", "with": {"orders": {"join": "anti", "with": {"items": {"join": "inner", "filter": {"product_id": 4}}}}}}');
select hotpath.embed_where('tags', '{"columns": ["id"], "order_by": "id", "with": {"users": {"join": "inner", "columns": ["id"], "filter": {"id": {"$gt": 1}}, "order_by": "id"}}}');

-- aggregates, instead of rows
select hotpath.embed('users', array[1, 4], '{"columns": ["id"], "with": {"stats": {"relation": "orders", "aggregate":
	{"n": "count", "notes": {"count": "note"}, "total": {"sum": "total"}, "first": {"min": "placed_at"}, "last": {"max": "placed_at"}, "mean": {"avg": "total"}}},
	"paid": {"relation": "orders", "filter": {"total": {"$gte": 80}}, "aggregate": {"n": "count"}},
	"tags": {"aggregate": {"n": "count", "max": {"max": "label"}}}, "profiles": {"aggregate": {"n": "count"}}}}');

select hotpath.embed('users', array[1, 4], '{"columns": ["id"], "with": {"orders": {"aggregate": {"n": "count"}, "with": {"items": {"join": "inner", "filter": {"product_id": 4}}}}}}');

-- one table under several keys; a table below itself; many-to-many rows shared by parents
select hotpath.embed('users', array[1], '{"columns": ["id"], "with": {"newest": {"relation": "orders", "order_by": "placed_at desc", "limit": 1, "columns": ["id"]},
	"largest": {"relation": "orders", "order_by": "total desc", "limit": 1, "columns": ["total"]}}}');
select hotpath.embed('employees', array[1, 2, 4], '{"columns": ["name"], "with": {"boss": {"columns": ["name"], "with": {"boss": {"columns": ["name"]}}},
	"reports": {"relation": "employees", "fk": "boss_id", "columns": ["name"], "order_by": "id",
		"with": {"reports": {"relation": "employees", "fk": "boss_id", "columns": ["name"], "order_by": "id"}}}}}');
select hotpath.embed('users', array[1, 2, 3], '{"columns": ["id"], "with": {"tags": {"order_by": "id desc", "with": {"users": {"columns": ["id"], "order_by": "id"}}}}}');
select hotpath.embed('orders', array[1], '{"columns": ["id"], "with": {"products": {"through": "items", "columns": ["id"], "order_by": "id"}}}');

-- in batches
set pg_hotpath.batch_size = 1;
select hotpath.embed('users', array[1, 9, 2, 1, 3], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id"}, "tags": {"order_by": "id desc", "columns": ["id"]}}}');
select hotpath.embed_where('users', '{"columns": ["id"], "order_by": "id desc", "with": {"orders": {"aggregate": {"n": "count"}}}}');
reset pg_hotpath.batch_size;

-- types, settings, dropped and added columns
set timezone = 'Asia/Tokyo';
select hotpath.embed('users', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["placed_at"], "order_by": "id", "limit": 1}}}');
set timezone = 'UTC';
alter table users drop column "Odd ""name""", add column plan text default 'free';
select hotpath.embed('users', array[1], '{"with": {"orders": {"columns": ["id"], "limit": 1, "order_by": "id"}}}');
alter table orders rename column total to amount;
select hotpath.embed('users', array[1], '{"columns": ["plan"], "with": {"orders": {"columns": ["amount"], "limit": 1, "order_by": "id"}}}');
alter table orders alter column amount type text;
select hotpath.embed('users', array[1], '{"columns": ["plan"], "with": {"orders": {"columns": ["amount"], "limit": 1, "order_by": "id"}}}');

-- under one snapshot: nothing of what the statement itself writes
with w as (insert into orders (id, user_id) values (100, 5) returning id) select count(*), hotpath.embed('users', array[5], '{"with": {"orders": {}}}') from w;
select hotpath.embed('users', array[5], '{"columns": [], "with": {"orders": {"columns": ["id"]}}}');

-- prepared, from PL/pgSQL, in FROM and SELECT, with an untyped parameter, under another search_path
prepare p as select hotpath.embed('users', $1, '{"columns": ["id"], "with": {"tags": {"aggregate": {"n": "count"}}}}');
execute p('{1,2}');
execute p(null);
begin;
declare c cursor for select hotpath.embed('users', array[1, 2, 3], '{"columns": ["id"]}');
fetch 2 from c;
alter table users rename to people;
fetch 2 from c;
rollback;
set search_path = pg_catalog;
select hotpath.embed('eager_tree.users', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id desc", "limit": 1}}}');
create schema eager_evil;
create function eager_evil.eq(bigint, bigint) returns boolean language plpgsql as $$ begin raise exception 'evil'; end $$;
create operator eager_evil.= (leftarg = bigint, rightarg = bigint, function = eager_evil.eq);
set search_path = eager_evil, pg_catalog;
select hotpath.embed('eager_tree.users', array[1], '{"columns": ["id"], "with": {"orders": {"columns": ["id"], "order_by": "id desc", "limit": 1}}}');

set client_min_messages = warning;
drop schema eager_tree, eager_evil cascade;
