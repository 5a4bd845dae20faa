-- Inside functions and triggers.
create schema in_plpgsql;
set search_path = in_plpgsql;
\pset null '(null)'

create table item (id int primary key, v text, n int default 0);
insert into item select i, 'item ' || i from generate_series(1, 5) i;
select hotpath.cache_table('item', write_through => true);

-- rows and fields, in a loop
create function read_all(out total int, out names text) language plpgsql as $$
declare
	r item;
	j json;
begin
	total := 0;
	for i in 0 .. 6 loop
		r := hotpath.get(null::item, i);
		j := hotpath.get_json('item', i);
		continue when r.id is null;
		total := total + r.id;
		names := concat_ws(',', names, r.v);
		if (j ->> 'v') is distinct from r.v then
			raise warning 'difference at %', i;
		end if;
	end loop;
end
$$;
select * from read_all();
select * from read_all();

-- reads after writes, in one function and in one statement
create function bump(i int) returns item language plpgsql as $$
declare
	before item := hotpath.get(null::item, i);
	after item;
begin
	update item set n = n + 1 where id = i;
	after := hotpath.get(null::item, i);
	if after.n is distinct from before.n + 1 then
		raise warning 'read % after %', after, before;
	end if;
	return after;
end
$$;
select bump(i) from generate_series(1, 3) i;
select bump(1), bump(1);
select hotpath.get(null::item, 1);

-- dynamic SQL, exceptions
do $$
declare
	r item;
begin
	execute 'select * from hotpath.get(null::item, $1)' into r using 2;
	raise notice '%', r;
	begin
		update item set v = 'lost' where id = 2;
		perform hotpath.put(row(3, 'lost', 0)::item);
		raise notice '%', hotpath.get(null::item, 2);
		raise exception 'undo';
	exception when raise_exception then
		raise notice '% %', hotpath.get(null::item, 2), hotpath.get(null::item, 3);
	end;
end
$$;
select hotpath.get(null::item, k) from generate_series(2, 3) k;

-- a procedure that commits
create procedure step() language plpgsql as $$
begin
	for i in 1 .. 3 loop
		update item set v = 'step ' || i where id = 4;
		raise notice 'before commit %', hotpath.get(null::item, 4);
		commit;
		raise notice 'after commit %', hotpath.get(null::item, 4);
		update item set v = 'rolled back' where id = 4;
		rollback;
		raise notice 'after rollback %', hotpath.get(null::item, 4);
	end loop;
end
$$;
call step();

-- triggers that read the row which is being written, before and after; " first" fires before
-- all others, "zz last" after them
create table seen (at text, cached text, plain text);
create function look() returns trigger language plpgsql as $$
begin
	insert into seen select tg_name || ' ' || tg_when, hotpath.get(null::item, new.id)::text, (select i::text from item i where id = new.id);
	return new;
end
$$;
create trigger " first" after insert or update on item for each row execute function look();
create trigger "zz last" after insert or update on item for each row execute function look();
create trigger before before insert or update on item for each row execute function look();
create view differences as
select count(*) as differences from generate_series(0, 8) k
where hotpath.get(null::item, k) is distinct from (select i from item i where id = k);
table differences;
update item set v = 'looked at' where id in (1, 5);
insert into item values (6, 'new');
table differences;
table differences;
begin;
update item set v = 'looked at, rolled back' where id in (1, 5);
rollback;
table differences;
table differences;
select count(*) as differences from seen where at = 'zz last AFTER' and cached is distinct from plain;
drop trigger " first" on item;
drop trigger "zz last" on item;
drop trigger before on item;

-- a volatile function in RETURNING, which reads the row before it is noted, shows it to nobody else
create function peer(int) returns text language plpgsql volatile as
	'begin return (hotpath.get(null::item, $1)).v; end';
begin;
update item set v = 'returned' where id = 1 returning peer(id) is not null as has_read;
rollback;
select hotpath.get(null::item, 1);
table differences;
update item set v = 'returned' where id = 1 returning peer(id) is not null as has_read;
table differences;
select hotpath.get(null::item, 1);

-- in a view, in a SQL function, in a condition, correlated
create view with_next as select id, (hotpath.get(null::item, id + 1)).v as next from item;
select * from with_next order by id limit 3;
create function get_item(int) returns item language sql stable as 'select hotpath.get(null::item, $1)';
select get_item(2), (get_item(3)).v;
select id from item i where (hotpath.get(null::item, i.id)).v = v order by id;
update item set v = (hotpath.get(null::item, id % 6 + 1)).v;
table differences;
table differences;

set client_min_messages = warning;
drop schema in_plpgsql cascade;
