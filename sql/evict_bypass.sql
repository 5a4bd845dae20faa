-- Eviction works where reads bypass the cache.
create schema evict_bypass;
set search_path = evict_bypass;

create table item (id int primary key, v text);
insert into item select i, 'item' from generate_series(1, 5) i;
select hotpath.cache_table('item');
create function cached() returns bigint language sql as $$
	select count(hotpath.peek(null::item, k)) from generate_series(1, 5) k
$$;
select count(hotpath.get(null::item, k)) from generate_series(1, 5) k;
select cached();

-- SERIALIZABLE
begin isolation level serializable;
select hotpath.get(null::item, 1), hotpath.evict('item', 1), hotpath.evict('item', 1);
commit;
select cached();

-- switched off
set pg_hotpath.enabled = off;
select hotpath.get(null::item, 2), hotpath.evict('item', 2), hotpath.evict('item', 2);
reset pg_hotpath.enabled;
select cached();

-- in a transaction that has written
begin;
update item set v = 'changed' where id = 3;
select hotpath.evict('item', 3), hotpath.evict('item', 4), hotpath.evict('item', 4);
rollback;
select cached();
select hotpath.get(null::item, 3), hotpath.get(null::item, 4);

-- all of it
select count(hotpath.get(null::item, k)) from generate_series(1, 5) k;
select cached();
begin isolation level serializable;
select hotpath.evict_all('item') >= 5 as emptied;
commit;
select cached();
select count(hotpath.get(null::item, k)) from generate_series(1, 5) k;
set pg_hotpath.enabled = off;
select hotpath.evict_all('item') >= 5 as emptied;
reset pg_hotpath.enabled;
select cached();

-- where nothing may be loaded, warming does not read the table (such counts may be of transactions before as well)
create function reads() returns bigint language sql as $$
	select pg_stat_get_xact_numscans('item'::regclass)
$$;
begin;
select reads() as before \gset
select hotpath.warm('item'), reads() - :before as scans;
commit;
begin isolation level serializable;
select reads() as before \gset
select hotpath.warm('item'), reads() - :before as scans;
commit;
set pg_hotpath.enabled = off;
begin;
select reads() as before \gset
select hotpath.warm('item'), reads() - :before as scans;
commit;
reset pg_hotpath.enabled;
-- nor for an owner to whom a policy applies, unless he wants to be told
create role regress_evict_bypass;
grant usage, create on schema evict_bypass to regress_evict_bypass;
alter table item owner to regress_evict_bypass;
alter table item enable row level security, force row level security;
set role regress_evict_bypass;
begin;
select reads() as before \gset
select hotpath.warm('item'), reads() - :before as scans;
commit;
set row_security = off;
select hotpath.warm('item');
reset row_security;
-- the right to read it is asked for all the same
revoke select on item from regress_evict_bypass;
select hotpath.warm('item');
reset role;

set client_min_messages = warning;
drop schema evict_bypass cascade;
drop role regress_evict_bypass;
