-- Keys and indexes come, go and change under a cached table.
create schema ddl_keys;
set search_path = ddl_keys;
\pset null '(null)'

create table item (id int primary key, code text unique, v int);
insert into item select i, 'c' || i, i from generate_series(1, 10) i;
select hotpath.cache_table('item'), hotpath.cache_table('item', 'item_code_key');
create function differences(out by_id bigint, out by_code bigint) language sql as $$
	select
		(select count(*) from generate_series(0, 12) k
		 where hotpath.get(null::item, k) is distinct from (select i from item i where id = k)),
		(select count(*) from generate_series(0, 12) k
		 where hotpath.get_by(null::item, 'item_code_key', 'c' || k)
			is distinct from (select i from item i where code = 'c' || k))
$$;
create view configured as
select key from hotpath.cache_stats where relation = 'item'::regclass order by key::text;
select * from differences();
select * from differences();

-- rebuilt in place
reindex index item_pkey;
reindex table item;
select * from differences();
select * from differences();

-- rebuilt beside and exchanged: a new index with the old name
reindex index concurrently item_code_key;
reindex table concurrently item;
select * from differences();
table configured;
update item set v = 11, code = 'c11' where id = 1;
select * from differences();
select * from differences();

-- renamed
alter index item_code_key rename to code_key;
table configured;
select hotpath.get_by(null::item, 'code_key', 'c2');
alter table item rename constraint code_key to item_code_key;
alter table item rename constraint item_pkey to item_key;
select * from differences();
table configured;

-- another index becomes the primary key
create unique index concurrently item_id_new on item (id);
begin;
alter table item drop constraint item_key;
select hotpath.get(null::item, 2);
rollback;
begin;
alter table item drop constraint item_key;
alter table item add primary key using index item_id_new;
commit;
select * from differences();
update item set v = 12 where id = 2;
select * from differences();
select * from differences();
table configured;

-- without a primary key get() has no key to go by; the other key remains
alter table item drop constraint item_id_new;
select hotpath.get(null::item, 2);
select hotpath.get_by(null::item, 'item_code_key', 'c2');
update item set v = 13 where id = 2;
select hotpath.get_by(null::item, 'item_code_key', 'c2');
select hotpath.cache_check('item');

-- the primary key comes back, on other columns even
alter table item add primary key (id);
select hotpath.get(null::item, 2);
update item set v = 14 where id = 2;
select * from differences();
select * from differences();
alter table item drop constraint item_pkey;
alter table item add primary key (v);
select hotpath.get(null::item, 14);
update item set v = 15 where id = 2;
select hotpath.get(null::item, 14), hotpath.get(null::item, 15);
update item set code = 'changed' where v = 15;
select hotpath.get(null::item, 15);

-- the last key goes
alter table item drop constraint item_code_key;
alter table item drop constraint item_pkey;
select hotpath.cache_check('item');
update item set v = 16 where id = 2;
alter table item add primary key (id);
select hotpath.cache_table('item');
select hotpath.get(null::item, 2);
table configured;

-- without a primary key that identifies rows, another index on its columns is the key, and cache_stats says so
create table two (id int primary key, v int);
create unique index two_other on two (id);
insert into two values (1, 1);
select hotpath.cache_table('two');
create view two_keys as select key from hotpath.cache_stats where relation = 'two'::regclass;
table two_keys;
alter table two drop constraint two_pkey;
table two_keys;
select hotpath.get_by(null::two, 'two_other', 1), hotpath.cache_check('two');
alter table two add primary key (id) deferrable;
table two_keys;
select hotpath.get_by(null::two, 'two_other', 1), hotpath.cache_check('two');
drop index two_other;
table two_keys;
select hotpath.cache_check('two');
create unique index two_part on two (id) where v > 0;
create unique index two_expression on two (id, (abs(v)));
table two_keys;
select hotpath.cache_check('two');
alter table two drop constraint two_pkey, add primary key (id);
table two_keys;
select hotpath.cache_check('two');

-- a primary key on other columns, again and again, has one place in the registry
create table moved (a int not null, b int not null, primary key (a));
insert into moved values (1, 1);
select hotpath.cache_table('moved');
select hotpath.get(null::moved, 1);
do $$ begin
	for i in 1 .. 5 loop
		execute format('alter table moved drop constraint moved_pkey, add primary key (%s)', (array['b', 'a', 'a, b', 'b, a', 'b'])[i]);
	end loop;
end $$;
select hotpath.get(null::moved, 1);
alter table moved drop constraint moved_pkey, add primary key (a);
select hotpath.get(null::moved, 1);
select hotpath.get(null::moved, 1);
alter table moved drop constraint moved_pkey, add primary key (b);
select hotpath.get(null::moved, 1);
select count(*) from hotpath.cache_slots() where relation = 'moved'::regclass;

set client_min_messages = warning;
drop schema ddl_keys cascade;
