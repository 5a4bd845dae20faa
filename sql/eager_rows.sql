-- Typed rows of many parents: load_children and load_through.
create schema eager_rows;
set search_path = eager_rows;
create table users (id bigint primary key, name text);
create table orders (id int primary key, user_id bigint references users, approver bigint references users, total numeric, t text);
create table tags (id int primary key, label text);
create table user_tags (user_id bigint references users, tag_id int references tags, primary key (user_id, tag_id));
create table regions (country text, code int, primary key (country, code));
create table cities (id int primary key, country text, code int, foreign key (country, code) references regions);
insert into users select i, 'user ' || i from generate_series(1, 5) i;
insert into orders select i, i % 3 + 1, i % 2 + 1, i * 10, repeat('t', i) from generate_series(1, 9) i;
insert into tags select i, 'tag ' || i from generate_series(1, 3) i;
insert into user_tags select u, t from generate_series(1, 3) u, generate_series(1, 3) t where u <= t;
insert into regions values ('de', 1), ('de', 2), ('fr', 1);
insert into cities values (1, 'de', 1), (2, 'de', 1), (3, 'fr', 1), (4, 'fr', null), (5, null, null);

-- grouped in the order of the parents, repeated ones repeated, missing and null ones without rows
select parent_ord, item from hotpath.load_children(null::orders, array[3, 9, 1, null, 3], 'user_id', order_by => 'id desc');
select parent_ord, (item).* from hotpath.load_children(null::orders, array[2], 'orders_user_id_fkey', order_by => 'id');
select parent_ord, (item).id from hotpath.load_children(null::orders, array['2', '1'], 'approver', '{"total": {"$gt": 40}}', 'total desc', 2);
select parent_ord, (item).id from hotpath.load_children(null::orders, array[1, 2, 3], 'user_id', per_parent => 0);
select count(*) from hotpath.load_children(null::orders, array[1, 2, 3], 'user_id', per_parent => 2);
select count(*) from hotpath.load_children(null::orders, null::int[], 'user_id');
select count(*) from hotpath.load_children(null::orders, '{}'::text[], 'user_id');
select hotpath.load_children(null::orders, array[1]);
select (hotpath.load_children(null::orders, array[1], 'user_id', order_by => 'id')).*;
select pg_typeof(item), count(*) from hotpath.load_children(null::orders, array[1], 'user_id') group by 1;
prepare p as select parent_ord, (item).id from hotpath.load_children(null::orders, $1, 'user_id', order_by => 'id');
execute p('{1,7,1}');

-- a column called as an alias of ours
select parent_ord, (item).t from hotpath.load_children(null::orders, array[2, 2], 'user_id', order_by => 't', per_parent => 2);

-- composite keys, as records or text
select parent_ord, item from hotpath.load_children(null::cities, array[row('de', 1), row('fr', 2), row('fr', 1), row('de', null)], order_by => 'id');
select parent_ord, item from hotpath.load_children(null::cities, array['(de,1)', '(fr,1)'], order_by => 'id desc');
select hotpath.load_children(null::cities, array['de']);

-- through a junction
select parent_ord, item from hotpath.load_through(null::tags, 'user_tags', array[2, 1, 9, 2], order_by => 'id');
select parent_ord, item from hotpath.load_through(null::tags, 'user_tags', array[1, 2], 'user_id', '{"id": {"$ne": 2}}', 'label desc', 1);
select parent_ord, item from hotpath.load_through(null::users, 'user_tags', array[3, 1], order_by => 'id');
create table follows (follower bigint references users, followed bigint references users, primary key (follower, followed));
insert into follows values (1, 2), (1, 3), (2, 1);
select parent_ord, item from hotpath.load_through(null::users, 'follows', array[1, 2]);
select parent_ord, item from hotpath.load_through(null::users, 'follows', array[1, 2], 'follower', order_by => 'id');
select parent_ord, item from hotpath.load_through(null::users, 'follows', array[1, 2], 'followed', order_by => 'id');
select parent_ord, item from hotpath.load_through(null::users, 'follows', array[1, 2], 'nothing');
select parent_ord, item from hotpath.load_through(null::cities, 'user_tags', array[1, 2]);

-- in batches; altered rows; partitions; many parents at once
set pg_hotpath.batch_size = 2;
select parent_ord, (item).id from hotpath.load_children(null::orders, array[3, 9, 1, 2, 3], 'user_id', order_by => 'id desc', per_parent => 1);
reset pg_hotpath.batch_size;
alter table orders drop column approver, add column flag boolean default true;
select parent_ord, item from hotpath.load_children(null::orders, array[1], order_by => 'id');
create table events (id int, user_id bigint references users, at int) partition by range (at);
create table events_2 (note text, at int, user_id bigint, id int);
alter table events_2 drop column note;
create table events_1 partition of events for values from (0) to (10);
alter table events attach partition events_2 for values from (10) to (20);
insert into events select i, i % 2 + 1, i from generate_series(1, 15) i;
select parent_ord, item from hotpath.load_children(null::events, array[2, 1], order_by => 'at desc', per_parent => 3);
create index on events (user_id, at desc);
select parent_ord, item from hotpath.load_children(null::events, array[2, 1], order_by => 'at desc', per_parent => 3);
select hotpath.embed('users', array[2, 1], '{"columns": ["id"], "with": {"events": {"columns": ["at"], "order_by": "at desc", "limit": 2}}}');
select hotpath.embed_where('events', '{"columns": ["at"], "order_by": "at", "limit": 1, "with": {"user": {}}}');
insert into users select i, 'user ' || i from generate_series(6, 3000) i;
insert into orders select i, i, i from generate_series(10, 3000) i;
select count(*), count(distinct parent_ord), sum((item).id) from hotpath.load_children(null::orders, array(select generate_series(3000, 1, -1)));
select count(*), sum((item).id) from hotpath.load_children(null::orders, array(select i % 3000 from generate_series(1, 100000) i), order_by => 'id', per_parent => 1) where parent_ord > 90000;
select count(*), count(embed) from hotpath.embed('users', array(select i % 4000 from generate_series(1, 1000000) i), '{"columns": []}');

-- types of keys: between foreign and primary key, without an array type, collated, of domains
create domain code as text check (value <> 'x');
create domain short as varchar(5);
create table kinds (a int[] primary key, b numeric unique, c text collate "C" unique, d code unique, e short unique, f char(4) unique, g name unique);
create table things (id int primary key, a int[] references kinds, b int references kinds (b), c text collate "C" references kinds (c), d code references kinds (d),
	e short references kinds (e), f char(4) references kinds (f), g name references kinds (g));
insert into kinds values ('{1,2}', 1.00, 'c1', 'd1', 'e1', 'f1', 'g1'), ('{}', 2, 'c2', 'd2', 'e2', 'f2', 'g2');
insert into things values (1, '{1,2}', 1, 'c1', 'd1', 'e1', 'f1', 'g1'), (2, '{}', 2, 'c2', 'd2', 'e2', 'f2', 'g2');
create index on things (c);
create index on things (d);
select name, kind, index from hotpath.relationships('kinds') order by name;
select k, (select array_agg((item).id) from hotpath.load_children(null::things, keys, k) ) from (values
	('b', array['1.0']), ('c', array['c1']), ('d', array['d2']), ('e', array['e1']), ('f', array['f2']), ('g', array['g1'])) v(k, keys);
select hotpath.embed_where('kinds', '{"columns": ["b"], "order_by": "b", "with": {"a": {"relation": "things", "fk": "a", "columns": ["id"]}, "b2": {"relation": "things", "fk": "b", "columns": ["id"]},
	"c": {"relation": "things", "fk": "c", "columns": ["id"]}, "d": {"relation": "things", "fk": "d", "columns": ["id"]}, "e": {"relation": "things", "fk": "e", "columns": ["id"]},
	"f": {"relation": "things", "fk": "f", "columns": ["id"]}, "g": {"relation": "things", "fk": "g", "columns": ["id"]}}}');
select hotpath.embed_where('things', '{"columns": ["id"], "order_by": "id", "with": {"x": {"relation": "kinds", "fk": "a", "columns": ["b"]}, "b": {"columns": ["b"]}, "c": {"columns": ["c"]}, "d": {"columns": ["d"]},
	"e": {"columns": ["e"]}, "f": {"columns": ["f"]}, "g": {"columns": ["g"]}}}');

set client_min_messages = warning;
drop schema eager_rows cascade;
