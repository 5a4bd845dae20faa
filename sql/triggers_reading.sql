-- Triggers that read, through the cache, what the command that fires them has changed.
create schema triggers_reading;
set search_path = triggers_reading;
\pset null '(null)'
\set SHOW_CONTEXT never

create table item (id int primary key, v int);
create table log (n int generated always as identity, what text, id int, differ bigint);
insert into item select i, i from generate_series(1, 4) i;
select hotpath.cache_table('item');
create function differences() returns bigint language sql as $$
	select count(*) from generate_series(0, 15) k
	where hotpath.get(null::item, k) is distinct from (select i from item i where id = k)
$$;
create function many_differ() returns bigint language sql as $$
	select count(*)
	from hotpath.get_many(null::item, array[0,1,2,3,4,11,12,13,14], true) with ordinality g(id, v, n)
	full join (select row_number() over () as n, i.id, i.v
		from unnest(array[0,1,2,3,4,11,12,13,14]) k left join item i on i.id = k) p using (n)
	where (g.id, g.v) is distinct from (p.id, p.v)
$$;
create function look() returns trigger language plpgsql as $$
begin
	insert into log (what, id, differ)
	values (tg_argv[0] || ' ' || lower(tg_when) || ' ' || lower(tg_op), coalesce(new.id, old.id),
		differences() + many_differ());
	return case when tg_when = 'BEFORE' then coalesce(new, old) end;
end $$;
create view shown as select what, count(*) as rows, sum(differ) as differ from log group by what order by what;

-- named to fire before our trigger, and after it
create trigger " first" after insert or update or delete on item
	for each row execute function look('first');
create trigger "zz last" after insert or update or delete on item
	for each row execute function look('last');
create trigger "before" before insert or update or delete on item
	for each row execute function look('any');
select tgname from pg_trigger where tgrelid = 'item'::regclass and tgname !~ 'truncate' order by tgname;

-- all rows are known, and one command changes them all
select differences(), many_differ();
update item set v = v + 10;
select * from shown;
truncate log;
select differences(), many_differ();
select differences(), many_differ();
insert into item select i, i from generate_series(11, 14) i;
select * from shown;
truncate log;
select differences(), many_differ();
update item set id = id + 1 where id = 14;
update item set id = id - 1 where id = 15;
delete from item where id > 10;
select * from shown;
truncate log;
select differences(), many_differ();

-- several rows change places
alter table item drop constraint item_pkey;
alter table item add primary key (id);
select hotpath.cache_table('item');
select differences(), many_differ();
begin;
update item set v = -v;
select * from shown;
rollback;
select differences(), many_differ();

-- at the end of the transaction
drop trigger " first" on item;
create constraint trigger " first" after insert or update or delete on item
	deferrable initially deferred for each row execute function look('deferred');
begin;
update item set v = v + 1;
delete from item where id = 4;
insert into item values (4, 4);
commit;
select * from shown;
truncate log;
select differences(), many_differ();

-- a function of the command itself, which reads other rows and its own
drop trigger "zz last" on item;
drop trigger " first" on item;
drop trigger "before" on item;
create function compare(int) returns boolean language plpgsql volatile as $$
begin
	return hotpath.get(null::item, $1) is not distinct from (select i from item i where id = $1);
end $$;
select differences();
update item set v = v + 1 where compare(id) returning id, compare(id), compare(5 - id) as other;
select differences();
with changed as (update item set v = v + 1 returning id)
select id, hotpath.get(null::item, id) is not distinct from (select i from item i where i.id = changed.id)
	as agrees
from changed order by id;
select differences();

-- a foreign key that cascades, and a statement trigger with all rows
create table child (id int primary key, item int references item on update cascade on delete cascade);
insert into child select i, i from generate_series(1, 4) i;
select hotpath.cache_table('child');
create function look_at_all() returns trigger language plpgsql as $$
begin
	insert into log (what, differ)
	select tg_argv[0] || ' ' || lower(tg_op), count(*)
	from generate_series(0, 15) k
	where hotpath.get(null::child, k) is distinct from (select c from child c where id = k)
		or hotpath.get(null::item, k) is distinct from (select i from item i where id = k);
	return null;
end $$;
create trigger statement after insert or update or delete on item execute function look_at_all('item');
create trigger statement after insert or update or delete on child execute function look_at_all('child');
create trigger " row" after insert or update or delete on child for each row execute function look_at_all('row of child');
select count(hotpath.get(null::child, k)) from generate_series(1, 4) k;
update item set id = id + 10;
delete from item where id > 12;
select * from shown;
select differences();

set client_min_messages = warning;
drop schema triggers_reading cascade;
