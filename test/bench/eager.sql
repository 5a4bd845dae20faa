-- Data of the eager loading cases: users, ten orders each, three items each; every order of a user is
-- far from the others, as time would have it. Products twice, once to be cached.
create schema eager;
create table eager.users (id bigint primary key, email text not null, name text not null, plan text, created_at timestamptz not null);
create table eager.products (id bigint primary key, sku text not null, title text not null, price numeric(10, 2) not null);
create table eager.cached_products (like eager.products including all);
create table eager.orders (id bigint primary key, user_id bigint not null, status text not null,
	total numeric(12, 2) not null, placed_at timestamptz not null);
create table eager.items (id bigint primary key, order_id bigint not null, product_id bigint not null,
	cached_product_id bigint not null,
	quantity int not null, price numeric(10, 2) not null);
insert into eager.users select i, 'user' || i || '@example.org', 'User ' || i, 'free', timestamptz '2026-01-01' + i * interval '1 minute'
	from generate_series(1, :users) i;
insert into eager.products select i, 'SKU-' || i, 'Product ' || i, i % 1000 + 0.99 from generate_series(1, 10000) i;
insert into eager.cached_products select * from eager.products;
insert into eager.orders select i, 1 + i % :users, case when i % 3 = 0 then 'paid' else 'open' end, i % 100000 / 100.0,
	timestamptz '2026-01-01' + i * interval '7 seconds' from generate_series(1, 10 * :users) i;
insert into eager.items select i, 1 + (i - 1) / 3, 1 + (i::bigint * 104729) % 10000, 1 + (i::bigint * 104729) % 10000, 1 + i % 5, i % 1000 + 0.99
	from generate_series(1, 30 * :users) i;
alter table eager.orders add foreign key (user_id) references eager.users;
alter table eager.items add foreign key (order_id) references eager.orders, add foreign key (product_id) references eager.products,
	add foreign key (cached_product_id) references eager.cached_products;
create index on eager.orders (user_id, placed_at desc);
create index on eager.items (order_id);
vacuum analyze;
select hotpath.cache_table('eager.cached_products');
select hotpath.warm('eager.cached_products');
