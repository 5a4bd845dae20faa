-- Every row once, where null, equal or the same mean something else than one would think.
create schema page_edges;
set search_path = page_edges, public;

-- all rows by pages of a size, or the rows before an error; and whether they are those of ORDER BY
create function walk(rel regclass, order_by text, size int) returns text[] language plpgsql as $$
declare
	place text; more boolean := true; row record; result text[] := '{}';
begin
	while more and cardinality(result) < 100 loop
		more := false;
		for row in execute format('select item::text, cursor, has_next_page from hotpath.page(null::%s, $1, $2, $3)', rel)
			using order_by, size, place
		loop
			result := result || row.item;
			place := row.cursor;
			more := row.has_next_page;
		end loop;
	end loop;
	return result;
end $$;
create function is_walked(rel regclass, order_by text) returns boolean language plpgsql as $$
declare
	plain text[]; same boolean := true;
begin
	execute format('select array_agg(t::text order by %s) from %s t', order_by, rel) into plain;
	for size in 1 .. 3 loop
		same := same and walk(rel, order_by, size) = plain;
	end loop;
	return same;
end $$;

-- a composite is null if it is the null value, whatever its fields are
create type pair as (a int, b int);
create table composite (id int primary key, c pair);
insert into composite values (1, null), (2, row(null, null)), (3, row(1, null)), (4, row(1, 2)), (5, row(null, 3)),
	(6, null), (7, row(2, 2));
select o, is_walked('composite', o) from unnest(array['c, id', 'c nulls first, id', 'c desc, id', 'c desc nulls last, id']) o;
create index on composite (c, id);
select o, is_walked('composite', o) from unnest(array['c, id', 'c nulls first, id', 'c desc, id', 'c desc nulls last, id']) o;

-- what a parent has NOT NULL, its children may have null
create table parent (id int primary key, k int);
create table child () inherits (parent);
alter table only parent alter k set not null;
insert into parent values (1, 1), (2, 2);
insert into child values (3, 1), (4, null), (5, 9), (6, null);
select o, is_walked('parent', o) from unnest(array['k, id', 'k nulls first, id', 'k desc, id desc', 'k desc nulls last, id']) o;

-- what a unique index of another operator class tells apart, the order does not
create type price as (amount numeric);
create table image (p price not null, n int);
create unique index on image (p record_image_ops);
insert into image values (row(1.0), 1), (row(1.00), 2), (row(2), 3);
\set VERBOSITY sqlstate
select walk('image', 'p', 1);
create unique index on image (p, n);
alter table image alter n set not null;
\set VERBOSITY default
select is_walked('image', 'p');

-- a row that is stored elsewhere keeps the value that a column was added with
create table added (id int primary key);
insert into added values (1);
alter table added add n int default 7, add t text default 'seven';
create table stored as select item from hotpath.page(null::added);
alter table added alter n drop default;
vacuum full added;
select item from stored;

-- a function that the rows call gives the name of the relation to another one, of other types
create function swap(i int) returns int language plpgsql as $$
begin
	if current_setting('page_edges.swap', true) = 'on' then
		set local page_edges.swap = 'off';
		alter view swapped rename to swapped_before;
		alter view other rename to swapped;
	end if;
	return i;
end $$;
create view swapped as select id, swap(case when id < 3 then 1 else id end) as x from composite;
create view other as select repeat('a', 40) as id, 4611686018427387904 as x;
select cursor as place from hotpath.page(null::swapped, 'x, id', 1) \gset
begin;
set local page_edges.swap = 'on';
select item from hotpath.page(null::swapped, 'x, id', 3, after => :'place');
rollback;
begin;
set local page_edges.swap = 'on';
select hotpath.page_json('swapped', 'x, id', 3, after => :'place', columns => '{id}');
rollback;

-- literals of a query mean what they do when it is run
set datestyle = 'ISO, MDY';
select item from hotpath.page_query($$select '01/02/2024'::date as id$$, 'id', unique_key => '{id}');
set datestyle = 'ISO, DMY';
select item from hotpath.page_query($$select '01/02/2024'::date as id$$, 'id', unique_key => '{id}');
reset datestyle;
-- reading a literal runs the same query again
create function again(i int) returns boolean language plpgsql as $$
declare
	n int := current_setting('page_edges.literals')::int;
begin
	perform set_config('page_edges.literals', (n + 1)::text, true);
	if n between 1 and 2 then
		perform hotpath.page_query($q$select 1 as id, '(5)'::again as a$q$, 'id', unique_key => '{id}');
	end if;
	return true;
end $$;
create domain checked as int check (again(value));
create type again as (c checked);
begin;
set local page_edges.literals = '0';
select item from hotpath.page_query($q$select 1 as id, '(5)'::again as a$q$, 'id', unique_key => '{id}');
rollback;

-- more rows are expected than a number holds
create function many() returns setof int language sql volatile rows 1e12 as 'values (1), (2)';
create view product as select a as id, b from many() a, many() b;
select hotpath.page_json('product', 'id, b', 1, count => 'estimated') ->> 'total_count' as estimated;

-- the filter fixes the parents' column as well, which makes but one column of an index
create table twice (id int primary key, parent int not null, a int not null);
insert into twice select i, 1 + i % 2, -i / 4 from generate_series(1, 12) i;
create index on twice (parent, a, id);
select parent_ord, (item).id, has_next_page
	from hotpath.pages(null::twice, 'parent', array[1, 2], 'id', 3, filter => '{"parent": 2}');

-- index entries of dead rows are noted from one parent's scan to the next
create table dying (id int primary key, parent int, note text) with (autovacuum_enabled = off);
insert into dying select i, i % 7 from generate_series(1, 500) i;
create index on dying (parent, id);
update dying set note = 'x';
delete from dying where id % 3 = 0;
select count(*), count(distinct (item).id)
	from hotpath.pages(null::dying, 'parent', array[0, 1, 2, 3, 4, 5, 6], 'id', 100);

drop schema page_edges cascade;
