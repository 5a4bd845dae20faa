-- Keys that are equal and spelt differently are one key, also while rows wait for the commit.
create schema spelling;
set search_path = spelling;
\pset null '(null)'

create table amount (k numeric primary key, v text);
create table fixed (k char(5) primary key, v text);
create table sized (k varchar(5), n numeric, v text, primary key (k, n));
select hotpath.cache_table('amount', write_through => true),
	hotpath.cache_table('fixed', write_through => true),
	hotpath.cache_table('sized', write_through => true);
create function differences() returns bigint language sql as $$
	select count(*) from (values (1.0), (1.00), (1.000), (2), (2.0), (3)) k(k)
	where hotpath.get(null::amount, k)::text is distinct from
		(select a::text from amount a where a.k = k.k)
$$;
create function stale() returns numeric language sql as $$
	select sum(stale)
	from unnest(array['amount', 'fixed', 'sized']::regclass[]) t, lateral hotpath.verify_cache(t)
$$;

-- inserted and respelt in one transaction
begin;
insert into amount values (1.0, 'inserted');
update amount set k = 1.00, v = 'updated';
commit;
select hotpath.get(null::amount, 1.0), hotpath.get(null::amount, 1);
select differences(), stale();
select differences(), stale();

-- respelt, without another change
begin;
update amount set v = 'again';
update amount set k = 1.000;
commit;
select hotpath.get(null::amount, 1), differences(), stale();

-- the other way, and back
begin;
update amount set k = 1;
update amount set k = 1.0;
update amount set k = 1, v = 'back';
commit;
select hotpath.get(null::amount, 1), differences(), stale();

-- deleted, and inserted in another spelling
begin;
delete from amount;
insert into amount values (1.00, 'anew');
commit;
select hotpath.get(null::amount, 1), differences(), stale();
begin;
insert into amount values (2, 'two');
delete from amount where k = 2.0;
insert into amount values (2.0, 'two again');
delete from amount where k = 1;
commit;
select hotpath.get(null::amount, 1), hotpath.get(null::amount, 2), differences(), stale();

-- moved away and back
begin;
update amount set k = 3 where k = 2;
update amount set k = 2.000 where k = 3.0;
commit;
select hotpath.get(null::amount, 2), hotpath.get(null::amount, 3), differences(), stale();

-- put
begin;
select hotpath.put(row(2.0, 'put')::amount);
select hotpath.put(row(2.00, 'put again')::amount);
commit;
select hotpath.get(null::amount, 2), differences(), stale();
begin;
select hotpath.put(row(2, 'put')::amount);
update amount set k = 2.0, v = 'after put';
commit;
select hotpath.get(null::amount, 2), differences(), stale();

-- rolled back to a savepoint
begin;
update amount set k = 2.00, v = 'stays';
savepoint a;
update amount set k = 2.000, v = 'goes';
rollback to savepoint a;
commit;
select hotpath.get(null::amount, 2), differences(), stale();

-- by an upsert
begin;
insert into amount values (2.0, 'inserted') on conflict (k) do update set k = excluded.k, v = 'upserted';
commit;
select hotpath.get(null::amount, 2), differences(), stale();

-- padded
begin;
insert into fixed values ('a', 'inserted');
update fixed set k = 'a  ', v = 'updated';
commit;
select hotpath.get(null::fixed, 'a'), hotpath.get(null::fixed, 'a   '), stale();

-- a part of a key
begin;
insert into sized values ('a', 1.0, 'inserted');
update sized set n = 1.00, v = 'updated';
commit;
select hotpath.get(null::sized, 'a', 1), hotpath.get(null::sized, 'a', 1.000), stale();

-- zeros of two signs
create table zero (k float8 primary key, v text);
select hotpath.cache_table('zero', write_through => true);
begin;
insert into zero values ('0', 'inserted');
update zero set k = '-0', v = 'updated';
commit;
select hotpath.get(null::zero, 0), hotpath.get(null::zero, '-0');
select stale from hotpath.verify_cache('zero');

set client_min_messages = warning;
drop schema spelling cascade;
