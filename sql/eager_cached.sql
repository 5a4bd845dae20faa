-- To-one levels over a cached table are served from the cache, with its guarantee.
create schema eager_cached;
set search_path = eager_cached;
create table products (id bigint primary key, sku text unique, price numeric);
create table items (id int primary key, product_id int references products, sku text references products (sku));
insert into products select i, 'sku' || i, i * 1.5 from generate_series(1, 100) i;
insert into items select i, i % 100 + 1, 'sku' || (i * 7 % 100 + 1) from generate_series(1, 300) i;
set client_min_messages = warning;
select hotpath.cache_table('products');
select hotpath.cache_table('products', 'products_sku_key');
reset client_min_messages;

create function compare(spec text) returns table(same boolean, rows bigint) language sql as $$
	select bool_and(a::text = b::text), count(*) from
	(select e, row_number() over () n from hotpath.embed_where('items', spec::jsonb) e) x(a, n) full join
	(select to_json(q), row_number() over (order by id) from (select i.*, to_json(s) as by_sku, to_json(p) as product from items i
		left join products p on p.id = i.product_id left join products s on s.sku = i.sku) q) y(b, n) using (n) $$;
create function counts() returns table(key text, hits bigint, misses bigint, fills bigint) language sql as $$
	select key::text, hits, misses, fills from hotpath.cache_stats where relation = 'products'::regclass order by key::text $$;
\set spec '\'{"order_by": "id", "with": {"product": {}, "by_sku": {"relation": "products", "fk": "sku"}}}\''
-- cold: each row is loaded once; warm: all are hits
select * from compare(:spec);
select * from counts();
select * from compare(:spec);
select * from counts();
-- a projection, and what hangs below, from cached rows too
select hotpath.embed_where('items', '{"columns": ["id"], "order_by": "id", "limit": 2, "with": {"product": {"columns": ["price", "sku"], "with": {"items": {"fk": "product_id", "relation": "items", "columns": ["id"], "order_by": "id"}}}}}');
select * from counts();
-- the root of embed is a row by key as well
select hotpath.embed('products', array[1, 1000, 2, 1]);
-- a filter, a limit, an aggregate: the table is read
select hits as before from counts() where key like '%pkey' \gset
select count(*) from hotpath.embed_where('items', '{"with": {"product": {"filter": {"price": {"$gt": 0}}}}}');
select count(*) from hotpath.embed_where('items', '{"with": {"product": {"limit": 1}}}');
select count(*) from hotpath.embed_where('items', '{"with": {"product": {"aggregate": {"n": "count"}}}}');
select hits - :before as hits from counts() where key like '%pkey';
-- changes are seen, by oneself before the commit
update products set price = 0 where id = 2;
select hotpath.embed('items', array[1], '{"columns": ["id"], "with": {"product": {}}}');
begin;
update products set price = -1 where id = 2;
select hotpath.embed('items', array[1], '{"columns": ["id"], "with": {"product": {}}}');
rollback;
select hotpath.embed('items', array[1], '{"columns": ["id"], "with": {"product": {}}}');
delete from items where product_id = 3;
delete from items where sku = 'sku3';
delete from products where id = 3;
select hotpath.embed('products', array[2, 3]);
alter table products add column stock int default 7;
select hotpath.embed('items', array[1], '{"columns": ["id"], "with": {"product": {}}}');
select * from compare(:spec);
-- off
set pg_hotpath.enabled = off;
select * from compare(:spec);
reset pg_hotpath.enabled;
begin isolation level serializable;
select * from compare(:spec);
commit;
-- in batches
set pg_hotpath.batch_size = 7;
select * from compare(:spec);
reset pg_hotpath.batch_size;
set client_min_messages = warning;
drop schema eager_cached cascade;
