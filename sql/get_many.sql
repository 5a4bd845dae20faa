-- Many rows at once, in the order of their keys.
create schema many;
set search_path = many;
\pset null '(null)'

create table item (id int primary key, name text);
insert into item select i, 'item ' || i from generate_series(1, 2000) i;
select hotpath.cache_table('item');

-- order, duplicates, missing keys, nulls; cold and warm
select * from hotpath.get_many(null::item, array[3, 1, 5000, 2, null, 3]);
select * from hotpath.get_many(null::item, array[3, 1, 5000, 2, null, 3]);

-- missing keys kept: the result has a row for each key
select * from hotpath.get_many(null::item, array[3, 5000, null, 1], keep_missing => true)
	with ordinality;
select * from hotpath.get_many(null::item, array[3, 5000, null, 1], keep_missing => null);

-- hits and misses mixed
select * from hotpath.get_many(null::item, array[3, 4, 1, 6, 4, 5001, 3, 5000]);

-- in the select list, and joined
select hotpath.get_many(null::item, array[2, 1]);
select (hotpath.get_many(null::item, array[2, 1])).name;
select o.n, i.* from (values (1, array[1, 2]), (2, array[2, 3])) o (n, items),
	hotpath.get_many(null::item, o.items) i;

-- nothing
select * from hotpath.get_many(null::item, array[]::int[]);
select * from hotpath.get_many(null::item, null::int[]);
select * from hotpath.get_many(null::item, array[null, null]::int[]);

-- an array of two dimensions is read as one of its elements, as unnest() does
select id from hotpath.get_many(null::item, array[[1, 2], [4, 3]]);

-- other types of keys
select id from hotpath.get_many(null::item, array[1, 3000000000]);
select id from hotpath.get_many(null::item, array['7', '8']);
select id from hotpath.get_many(null::item, '{1,2}'::smallint[]);
select id from hotpath.get_many(null::item, array[1.5]);

-- more keys than fit into one batch, in wild order, with gaps and duplicates;
-- compared with the plain join
create view differences as
with asked as (
	select array_agg((i * 7919) % 2600 order by i) as keys from generate_series(1, 5000) i
), plain as (
	select n, i.id, i.name from asked, unnest(keys) with ordinality k (id, n)
	left join item i using (id)
), cached as (
	select i.n, i.id, i.name from asked,
		hotpath.get_many(null::item, keys, true) with ordinality i (id, name, n)
)
select count(*) as compared,
	count(*) filter (where (p.id, p.name) is distinct from (c.id, c.name)) as differences
from plain p full join cached c using (n);
select hotpath.evict_all('item') >= 0 as emptied;
table differences;
table differences;
update item set name = 'changed' where id % 5 = 0;
delete from item where id % 7 = 0;
table differences;
table differences;
begin;
update item set name = 'in transaction' where id % 3 = 0;
table differences;
rollback;
table differences;

-- without missing keys there are as many rows as the join has
select count(*), (select count(*) from generate_series(1, 700) k join item on id = k) as expected
from hotpath.get_many(null::item, (select array_agg(k) from generate_series(1, 700) k));

-- a table that is not cached
select hotpath.uncache_table('item');
table differences;

-- a cast of the keys that alters the table
create table altered (id int primary key, v int);
insert into altered select i, 1000 from generate_series(1, 10) i;
create type kind as enum ('1', '2', '3');
create function id_of(k kind) returns int language plpgsql as $$
begin
	if k::text = '1' then
		alter table altered alter id type numeric;
	end if;
	return k::text::int;
end $$;
create cast (kind as int) with function id_of(kind) as implicit;
select count(*), id_of('2') from hotpath.get_many(null::altered, array_fill('2'::kind, array[255]) || '1'::kind || '3'::kind);
select count(*) from hotpath.get_many(null::altered, array_fill('2'::kind, array[257]));
drop cast (kind as int);

set client_min_messages = warning;
drop schema many cascade;
