-- A key of type name holds 63 bytes: what is longer equals none.
create schema keys_name;
set search_path = keys_name;

create table item (id name primary key, v text);
insert into item values (repeat('n', 63), 'longest'), ('short', 'short'), (repeat(U&'\00e9', 31) || 'n', 'two bytes each');
create function compare(k text) returns table (cached text, plain text) language sql as $$
	select (hotpath.get(null::item, k)).v, (select v from item where id = k)
$$;

-- read directly, then cached
select cached, plain from compare(repeat('n', 63));
select cached, plain from compare(repeat('n', 64));
select hotpath.cache_table('item');
select cached, plain from compare(repeat('n', 63));
select cached, plain from compare(repeat('n', 63));
select cached, plain from compare(repeat('n', 64));
select cached, plain from compare(repeat('n', 64));
select cached, plain from compare(repeat('n', 1000));
select cached, plain from compare(repeat(U&'\00e9', 31) || 'n');
select cached, plain from compare(repeat(U&'\00e9', 31) || 'nn');
select cached, plain from compare(repeat(U&'\00e9', 32));

-- of other types, and unknown
select (hotpath.get(null::item, repeat('n', 64)::varchar)).v is null as no_row;
select (hotpath.get(null::item, repeat('n', 63)::name)).v;
select hotpath.get_json('item', repeat('n', 64)) is null as no_row;
select hotpath.peek(null::item, repeat('n', 64)) is null as no_row;
select hotpath.evict('item', repeat('n', 64));
select id = repeat('n', 63) as is_longest, v
from hotpath.get_many(null::item, array[repeat('n', 64), repeat('n', 63), 'short', repeat('n', 65)]);
select v from hotpath.get_many(null::item, array[repeat('n', 64), 'short'], true);
prepare q as select (hotpath.get(null::item, $1)).v;
execute q(repeat('n', 63));
execute q(repeat('n', 64));
deallocate q;

-- compressed, in little room, and elsewhere
create table texts (n int, t text);
insert into texts values (1, repeat('n', 3000));
alter table texts alter t set storage external;
insert into texts values (2, repeat('n', 3000)), (3, 'short');
select n, pg_column_size(t) < 64 as is_small, (hotpath.get(null::item, t)).v, (select v from item where id = t) as plain from texts order by n;
select v from hotpath.get_many(null::item, (select array_agg(t) from texts), true);

-- as a part of a key
create table pair (a int, b name, v text, primary key (a, b));
insert into pair values (1, repeat('n', 63), 'longest');
select hotpath.cache_table('pair');
select (hotpath.get(null::pair, 1, repeat('n', 63))).v, (hotpath.get(null::pair, 1, repeat('n', 64))).v is null as no_row;
select (hotpath.get(null::pair, 1, repeat('n', 63))).v, (hotpath.get(null::pair, 1, repeat('n', 64))).v is null as no_row;

-- the type behind the domain of a key gets another name, of which the table is not told
create type mood as enum ('sad', 'happy');
create domain temper as mood;
create table person (k temper primary key, n int);
insert into person values ('sad', 1), ('happy', 2);
select hotpath.get(null::person, 'sad'), (select array_agg(n) from hotpath.get_many(null::person, array['sad', 'happy']::mood[]));
alter type mood rename to mood_before;
create type mood as enum ('other');
create role regress_keys_name;
drop role regress_keys_name;
select hotpath.get(null::person, 'sad'), (select array_agg(n) from hotpath.get_many(null::person, array['sad', 'happy']::mood_before[]));
select hotpath.put(row('happy', 3)::person), hotpath.get_json('person', 'happy');

set client_min_messages = warning;
drop schema keys_name cascade;
