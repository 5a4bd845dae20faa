-- Inside transactions a cached read is what the transaction sees.
create schema transactions;
set search_path = transactions;
\pset null '(null)'

create table item (id int primary key, v text);
insert into item select i, 'item ' || i from generate_series(1, 5) i;
select hotpath.cache_table('item');
create view differences as
select count(*) as differences from generate_series(0, 7) k
where hotpath.get(null::item, k) is distinct from (select i from item i where id = k)
	or hotpath.get_json('item', k)::text is distinct from
		(select row_to_json(i)::text from item i where id = k);
table differences;
table differences;

-- own writes, rolled back
begin;
update item set v = 'mine' where id = 1;
delete from item where id = 2;
insert into item values (6, 'mine');
table differences;
select k, hotpath.get(null::item, k) from unnest(array[1, 2, 6]) k;
rollback;
table differences;
table differences;
select k, hotpath.get(null::item, k) from unnest(array[1, 2, 6]) k;

-- savepoints
begin;
savepoint a;
update item set v = 'in a' where id = 1;
table differences;
savepoint b;
update item set v = 'in b' where id = 1;
update item set v = 'in b' where id = 3;
table differences;
rollback to b;
table differences;
select hotpath.get(null::item, 1), hotpath.get(null::item, 3);
release a;
table differences;
select hotpath.get(null::item, 1);
savepoint c;
truncate item;
table differences;
rollback to c;
table differences;
commit;
table differences;
table differences;
select hotpath.get(null::item, 1), hotpath.get(null::item, 3);

-- many subtransactions
do $$
begin
	for i in 1 .. 200 loop
		begin
			update item set v = 'try ' || i where id = 1 + i % 5;
			if hotpath.get(null::item, 1 + i % 5) is distinct from (select t from item t where id = 1 + i % 5) then
				raise warning 'difference at %', i;
			end if;
			if i % 3 = 0 then
				raise division_by_zero;
			end if;
		exception when division_by_zero then
			if hotpath.get(null::item, 1 + i % 5) is distinct from (select t from item t where id = 1 + i % 5) then
				raise warning 'difference after %', i;
			end if;
		end;
	end loop;
end
$$;
table differences;
table differences;

-- each isolation level
begin isolation level repeatable read;
table differences;
update item set v = 'repeatable' where id = 1;
table differences;
commit;
table differences;
begin isolation level serializable;
table differences;
update item set v = 'serializable' where id = 1;
table differences;
commit;
table differences;
begin read only;
table differences;
commit;

-- switched off, writers are noted all the same
set pg_hotpath.enabled = off;
table differences;
update item set v = 'while off' where id = 2;
reset pg_hotpath.enabled;
table differences;
select hotpath.get(null::item, 2);

-- a cursor sees what was there when it was opened
begin;
declare old cursor for select hotpath.get(null::item, k)::text = (select i::text from item i where id = k) as equal,
	hotpath.get(null::item, k) from generate_series(1, 3) k;
fetch 1 from old;
update item set v = 'after open';
fetch 1 from old;
insert into item values (7, 'after open');
fetch 1 from old;
commit;
begin;
declare held cursor with hold for select hotpath.get(null::item, k) from generate_series(1, 2) k;
commit;
update item set v = 'after commit';
fetch all from held;
close held;
table differences;

-- a statement that writes sees what was there when it began
with written as (update item set v = v || '!' returning id)
select count(*) filter (where hotpath.get(null::item, id)::text is distinct from
	(select i::text from item i where i.id = w.id)) as differences from written w;
table differences;
table differences;

-- a transaction that has failed
begin;
update item set v = 'aborted' where id = 1;
\set VERBOSITY sqlstate
select 1 / 0;
select hotpath.get(null::item, 1);
\set VERBOSITY default
rollback;
table differences;

-- a cursor that is older than the block in which it fails does not take the lock on the table with it
begin;
do $$
declare
	rows cursor for select hotpath.get(null::item, i), 1 / (2 - i) from generate_series(1, 3) i;
	r record;
begin
	open rows;
	fetch rows into r;
	begin
		fetch rows into r;
	exception when division_by_zero then
		raise notice 'failed';
	end;
	perform hotpath.get(null::item, 1), hotpath.get_by(null::item, 'item_pkey', 1);
end $$;
select count(*) > 0 as locked from pg_locks where relation = 'item'::regclass and pid = pg_backend_pid();
commit;
-- nor does a savepoint in which it was read
begin;
declare rows cursor for select hotpath.get(null::item, i) from generate_series(1, 3) i;
savepoint a;
fetch 1 from rows;
rollback to savepoint a;
select count(*) > 0 as locked from pg_locks where relation = 'item'::regclass and pid = pg_backend_pid();
fetch 1 from rows;
commit;
table differences;

-- where there is no snapshot: the cast of an assignment after a commit
select hotpath.get(null::item, 1);
create domain checked as int check (hotpath.cache_check('item') is null and hotpath.get(null::item, 1) is not null or true);
do $$ declare n checked; begin commit; get diagnostics n = row_count; end $$;
drop domain checked;

set client_min_messages = warning;
drop schema transactions cascade;
