-- Keys of several columns, in all the forms they can be given in.
create schema composite;
set search_path = composite;
\pset null '(null)'

-- the key's columns are neither the first ones nor in the table's order
create table stock (amount int, code text, shop int, primary key (shop, code));
insert into stock select i * 10, chr(96 + i), i from generate_series(1, 5) i;
insert into stock values (0, 'b', 1), (1, 'with,comma', 1), (2, 'with "quotes"', 1), (3, '', 1);
select hotpath.cache_table('stock');
select key_columns from hotpath.cached_key where relation = 'stock'::regclass;

-- one argument for each column
select hotpath.get(null::stock, 1, 'a'), hotpath.get(null::stock, 1, 'b'),
	hotpath.get(null::stock, 2, 'a');
select hotpath.get(null::stock, 1::bigint, 'a'::varchar), hotpath.get(null::stock, '1', 'a'),
	hotpath.get(null::stock, 3000000000, 'a');

-- one array of text
select hotpath.get(null::stock, array['1', 'b']), hotpath.get(null::stock, '{1,b}'::text[]),
	hotpath.get(null::stock, 1, variadic array['b']);

-- a null in the key
select hotpath.get(null::stock, 1, null), hotpath.get(null::stock, null, 'a'),
	hotpath.get(null::stock, array['1', null]);

-- many keys: as rows, as rows of a type, and as rows in text
select * from hotpath.get_many(null::stock, array[row(2, 'b'), row(1, 'z'), row(1, 'a'), row(2, 'b')]);
create type stock_key as (shop smallint, code varchar);
select * from hotpath.get_many(null::stock, array[(5, 'e'), (1, 'b')]::stock_key[]);
select * from hotpath.get_many(null::stock,
	array['(3,c)', '(1,"with,comma")', '(1,"with ""quotes""")', '(1,)', '(1,"")', '( 4,d)']);
select * from hotpath.get_many(null::stock, array[row(1, null), row(1, 'a'), null], keep_missing => true);

-- in one statement, a cached read is a plain read; cold and warm
select count(*) as differences from generate_series(0, 5) s, unnest('{a,b,c,d,e,""}'::text[]) c
where hotpath.get(null::stock, s, c) is distinct from
	(select t from stock t where shop = s and code = c);
select count(*) as differences from generate_series(0, 5) s, unnest('{a,b,c,d,e,""}'::text[]) c
where hotpath.get(null::stock, array[s::text, c]) is distinct from
	(select t from stock t where shop = s and code = c);

-- changing any column of the key moves the row
update stock set code = 'z' where shop = 1 and code = 'a';
update stock set shop = 9 where shop = 2;
select hotpath.get(null::stock, 1, 'a') as old_code, hotpath.get(null::stock, 1, 'z') as new_code,
	hotpath.get(null::stock, 2, 'b') as old_shop, hotpath.get(null::stock, 9, 'b') as new_shop;

-- the other functions
select hotpath.get_json('stock', 9, 'b'), hotpath.get_json('stock', array['9', 'b']);
select hotpath.put(row(11, 'b', 9)::stock);
select hotpath.get(null::stock, 9, 'b');

-- equal values of columns that look different
create table price (a numeric, b char(4), c int[], v int, primary key (a, b, c));
insert into price values (1.0, 'x', '{1,2}', 1);
select hotpath.cache_table('price');
select hotpath.get(null::price, 1.000, 'x ', array[1, 2]), hotpath.get(null::price, '1', 'x', '{1,2}');
select hotpath.get(null::price, 1.000, 'x ', array[1, 2]), hotpath.get(null::price, '1', 'x', '{1,2}');
update price set v = 2;
select hotpath.get(null::price, array['1.00', 'x', '{1,2}']);
select hotpath.evict_all('price') >= 0 as emptied;
select * from hotpath.get_many(null::price, array['(1,x,"{1,2}")', '(2,x,"{1,2}")']);

-- the wrong number of parts
select hotpath.get(null::stock, 1);
select hotpath.get(null::stock, 1, 'a', 'b');
select hotpath.get(null::stock, array['1', 'a', 'b']);
select hotpath.get_many(null::stock, array[1, 2]);
select hotpath.get_many(null::stock, array[row(1, 'a', 'b')]);
create table single (id int primary key);
select hotpath.get(null::single, 1, 2);

set client_min_messages = warning;
drop schema composite cascade;
