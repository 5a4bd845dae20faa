-- Rows that are stored out of line or compressed, and rows that are too large to be cached.
create schema toast;
set search_path = toast;

create table doc (id int primary key, body text, short text);
alter table doc alter column body set storage external;
create table packed (id int primary key, body text, data bytea, list int[]);
create table keyed (name text primary key, v int);

-- text of a length that does not compress well
create function noise(int, int) returns text language sql immutable as
	'select left(string_agg(md5($1 || $$ $$ || i), $$$$), $2) from generate_series(1, $2 / 32 + 1) i';
insert into doc select i, noise(i, 6000), 'short ' || i from generate_series(1, 5) i;
insert into doc values (6, noise(6, 50000), 'large'), (7, noise(7, 200000), 'too large'), (8, '', null);
insert into packed select i, repeat('packed ', 2000), noise(i, 3000)::bytea,
	array(select generate_series(1, 1000)) from generate_series(1, 3) i;
insert into keyed values (repeat('k', 2500), 1), (noise(1, 2000), 2);
select hotpath.cache_table('doc', write_through => true), hotpath.cache_table('packed'), hotpath.cache_table('keyed');

create view differences as
select
	(select count(*) from generate_series(0, 9) k
	 where hotpath.get(null::doc, k)::text is distinct from (select d::text from doc d where id = k)
		or hotpath.get_json('doc', k)::text is distinct from
			(select row_to_json(d)::text from doc d where id = k)) as doc,
	(select count(*) from generate_series(0, 4) k
	 where hotpath.get(null::packed, k)::text is distinct from (select p::text from packed p where id = k)
		or hotpath.get_json('packed', k)::text is distinct from
			(select row_to_json(p)::text from packed p where id = k)) as packed,
	(select count(*) from unnest(array[repeat('k', 2500), noise(1, 2000), repeat('k', 2501)]) k
	 where hotpath.get(null::keyed, k) is distinct from (select t from keyed t where name = k)) as keyed;
table differences;
table differences;
select k, length((hotpath.get(null::doc, k)).body), md5((hotpath.get(null::doc, k)).body) = md5(noise(k, 6000)) as same
from generate_series(5, 6) k;

-- an update that leaves the large column alone, and one that does not
update doc set short = 'changed';
table differences;
table differences;
update doc set body = noise(10 * id, 7000) where id <> 8;
table differences;
table differences;

-- the old version's storage is gone
update doc set body = noise(20 * id, 60000) where id = 6;
vacuum doc;
table differences;
table differences;
select count(*) from hotpath.get_many(null::doc, array[1, 6, 7, 6]) d where length(body) > 5000;

-- inserted, put
insert into doc values (9, noise(9, 9000), 'written through');
select length((hotpath.put(row(4, noise(4, 20000), 'put')::doc)).body);
table differences;
table differences;
select stale from hotpath.verify_cache('doc');
select hotpath.warm('doc') >= 0 as warmed;
table differences;

-- a smaller limit
set pg_hotpath.max_entry_size = '1kB';
update doc set short = 'again';
table differences;
table differences;
reset pg_hotpath.max_entry_size;
table differences;

set client_min_messages = warning;
drop schema toast cascade;
