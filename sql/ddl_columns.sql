-- Columns come, go and change under a cached table.
create schema ddl_columns;
set search_path = ddl_columns;

create table item (gone int, id int primary key, name text, price numeric(8,2));
insert into item select -i, i, 'item ' || i, i from generate_series(1, 10) i;
alter table item drop column gone;
select hotpath.cache_table('item');

-- compares rows and texts of all keys with the table's
create function differences() returns bigint language sql as $$
	select count(*) from generate_series(0, 12) k
	where hotpath.get(null::item, k::text)::text is distinct from
			(select i::text from item i where i.id::text = k::text)
		or hotpath.get_json('item', k::text)::text is distinct from
			(select row_to_json(i)::text from item i where i.id::text = k::text)
$$;
select differences();
select differences();

alter table item add column plain int;
select differences();
select differences();
alter table item add column with_default int default 7;
select differences();
select differences();
alter table item add column rewritten float default random();
select differences();
select differences();
select hotpath.get(null::item, 1)::text = (select i::text from item i where id = 1) as equal;

alter table item drop column plain;
select differences();
select differences();
alter table item rename column name to title;
select differences();
select differences();
select (hotpath.get(null::item, 1)).title;

-- the type of a column, without a rewrite and with one
alter table item alter column title type varchar;
select differences();
alter table item alter column price type numeric(10,2);
select differences();
alter table item alter column price type text;
select differences();
select differences();

-- constraints and options
alter table item alter column title set not null;
alter table item alter column title set default 'none';
alter table item add constraint positive check (id > 0);
alter table item drop constraint positive;
alter table item alter column title drop default;
alter table item alter column title set storage external;
alter table item alter column title set statistics 10;
alter table item set (fillfactor = 50);
select differences();

-- the key: its name, its type
alter table item rename column id to item_id;
alter table item rename column item_id to id;
select differences();
select differences();
alter table item rename column id to item_id;
select key_columns from hotpath.cached_key where relation = 'item'::regclass;
select (hotpath.get(null::item, 2)).item_id, hotpath.get_json('item', 2)::jsonb ? 'item_id' as has_new_name;
update item set title = 'changed' where item_id = 2;
select (hotpath.get(null::item, 2)).title;
alter table item rename column item_id to id;
alter table item alter column id type bigint;
select differences();
select differences();
select (hotpath.get(null::item, 3000000000)).id is null as not_there;
alter table item alter column id type text using id::text;
select differences();
select differences();
alter table item alter column id type int using id::int;
select differences();
select differences();

-- a change is still seen after each of these
update item set title = 'again';
select differences();
select differences();

-- still attached, and served
select hotpath.cache_check('item') is null as is_cached;
select key_columns from hotpath.cached_key where relation = 'item'::regclass;

-- rolled back
begin;
alter table item drop column title;
select differences();
rollback;
select differences();
begin;
alter table item add column never int default 1;
select differences();
savepoint s;
alter table item drop column price;
select differences();
rollback to s;
select differences();
rollback;
select differences();
select differences();

-- what is cached still of a key that had another type
create table retyped (id int primary key, v text);
insert into retyped values (257, 'v'), (4, 'v');
insert into retyped select i, 'v' from generate_series(1000, 1100) i;
select hotpath.cache_table('retyped');
select hotpath.warm('retyped'), hotpath.get(null::retyped, 257), hotpath.get_json('retyped', 257);
alter table retyped alter id type text;
select * from hotpath.verify_cache('retyped');
select hotpath.get(null::retyped, '257'), hotpath.evict('retyped', '4'), hotpath.peek(null::retyped, '1000');
alter table retyped alter id type numeric using id::numeric;
select * from hotpath.verify_cache('retyped');
select hotpath.get(null::retyped, 257), hotpath.evict('retyped', 4), hotpath.peek(null::retyped, 1000);
select * from hotpath.verify_cache('retyped');

set client_min_messages = warning;
drop schema ddl_columns cascade;
