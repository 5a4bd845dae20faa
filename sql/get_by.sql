-- Rows by an alternative key: any unique index.
create schema alternative;
set search_path = alternative;
\pset null '(null)'

create table person (id int primary key, email text unique, country text, tax_no int, name text);
create unique index person_tax on person (country, tax_no) include (name);
insert into person values
	(1, 'ada@x', 'uk', 10, 'Ada'), (2, 'grace@x', 'us', 10, 'Grace'), (3, null, 'us', null, 'Anonymous');

-- without a cache
select hotpath.get_by(null::person, 'person_email_key', 'ada@x');

-- a key is attached by naming its index; each is a key of its own
select hotpath.cache_table('person', 'person_email_key');
select hotpath.cache_table('person', 'person_tax', ttl => '1 hour');
select is_primary, key_columns, ttl from hotpath.cached_key
where relation = 'person'::regclass order by key_columns;
select hotpath.get_by(null::person, 'person_email_key', 'grace@x');
select hotpath.get_by(null::person, 'person_email_key', 'grace@x');
select hotpath.get_by(null::person, 'person_tax', 'us', 10), hotpath.get_by(null::person, 'person_tax', array['uk', '10']);

-- a null is never equal to a key
select hotpath.get_by(null::person, 'person_email_key', null), hotpath.get_by(null::person, 'person_tax', 'us', null);

-- the primary key is one of the indexes, cached or not
select hotpath.get_by(null::person, 'person_pkey', 1);
select hotpath.cache_table('person', 'person_pkey');
select is_primary, key_columns from hotpath.cached_key where relation = 'person'::regclass and is_primary;
select hotpath.get(null::person, 1);

-- every change is seen by every key
create view differences as
select
	(select count(*) from generate_series(0, 5) k
	 where hotpath.get(null::person, k) is distinct from (select p from person p where id = k)) as by_id,
	(select count(*) from unnest('{ada@x,grace@x,new@x,none@x}'::text[]) k
	 where hotpath.get_by(null::person, 'person_email_key', k)
		is distinct from (select p from person p where email = k)) as by_email,
	(select count(*) from generate_series(9, 12) k, unnest('{uk,us}'::text[]) c
	 where hotpath.get_by(null::person, 'person_tax', c, k)
		is distinct from (select p from person p where country = c and tax_no = k)) as by_tax;
table differences;
table differences;
update person set name = upper(name);
table differences;
table differences;
update person set email = 'new@x' where id = 3;
table differences;
table differences;
update person set email = null, country = 'uk', tax_no = 11 where id = 2;
table differences;
table differences;
update person set id = 5 where id = 1;
table differences;
table differences;
delete from person where id = 3;
table differences;
table differences;
insert into person values (3, 'ada2@x', 'us', 12, 'Ada II');
table differences;
table differences;

-- a table without a primary key
create table tag (name text not null unique, uses int);
insert into tag values ('new', 1);
select hotpath.cache_table('tag', 'tag_name_key');
select hotpath.get_by(null::tag, 'tag_name_key', 'new');
update tag set uses = 2;
select hotpath.get_by(null::tag, 'tag_name_key', 'new');
select hotpath.get(null::tag, 'new');

-- what is no unique index of that table
create index person_name on person (name);
select hotpath.get_by(null::person, 'person_name', 'Ada');
select hotpath.get_by(null::person, 'tag_name_key', 'new');
select hotpath.get_by(null::person, 'person', 'Ada');
select hotpath.get_by(null::person, null, 'Ada');

-- an index that goes takes its key with it, and no more
drop view differences;
drop index person_tax;
select key from hotpath.cache_stats where relation = 'person'::regclass order by key::text;
select hotpath.get_by(null::person, 'person_email_key', 'ada@x');

-- a table that is cached by several keys can be dropped
drop table person;
select count(*) from hotpath.cached_key where key_columns = '{email}';

-- a query whose index, or whose keys' types, are others each time keeps nothing of those before
create table twice (a int unique not null, b int unique not null, primary key (a, b));
insert into twice values (1, 1), (2, 2);
create type digit as enum ('1', '2');
create function digit_to_int(digit) returns int language sql as 'select case when $1::text = ''1'' then 1 else 2 end';
create cast (digit as int) with function digit_to_int(digit) as implicit;
create function memory() returns bigint language sql as 'select sum(total_bytes)::bigint from pg_backend_memory_contexts';
select count(*), max(memory) - min(memory) < 1000000 as is_flat
from (select memory() as memory, hotpath.get_by(null::twice, (case when g % 2 = 0 then 'twice_a_key' else 'twice_b_key' end)::regclass, '1'::digit)::text as row
	from generate_series(1, 500) g offset 0) reads
where row is not null;

set client_min_messages = warning;
drop schema alternative cascade;
