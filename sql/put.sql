-- put(): write a row, by primary key, and get what was stored.
create schema put;
set search_path = put;
\pset null '(null)'

create table account (id int primary key, owner text not null, balance numeric(10,2) default 5,
	doubled numeric generated always as (balance * 2) stored);
select hotpath.cache_table('account');

-- insert, update; the row comes back as it was stored
select hotpath.put(row(1, 'Ada', 100.004, null)::account);
select hotpath.put(row(1, 'Ada', 200, -7)::account);
select hotpath.get(null::account, 1);
select * from hotpath.put(row(2, 'Grace', 1, null)::account);
table account;

-- a null is a null, not the default
select * from hotpath.put(row(3, 'Linus', null, null)::account);

-- change a row that was read
select hotpath.put(a) from hotpath.get(null::account, 1) a;
select hotpath.put(a) from account a where id = 2;
select (hotpath.put(jsonb_populate_record(hotpath.get(null::account, 1), '{"balance": 7}'))).balance;
select hotpath.get(null::account, 1);

-- many rows
select count(hotpath.put(row(i, 'bulk', i, null)::account)) from generate_series(10, 19) i;
select count(*) as differences from generate_series(0, 20) k
where hotpath.get(null::account, k) is distinct from (select a from account a where id = k);

-- constraints hold
select hotpath.put(row(null, 'Nobody', 1, null)::account);
select hotpath.put(null::account);
\set VERBOSITY sqlstate
select hotpath.put(row(4, null, 1, null)::account);
\set VERBOSITY default
select hotpath.get(null::account, 4);

-- identity, and a table that is all key
create table numbered (id int generated always as identity primary key, v text);
create table flag (a int, b int, primary key (a, b));
create table counted (id int primary key, n int generated always as identity, v text);
select hotpath.cache_table('numbered'), hotpath.cache_table('flag'), hotpath.cache_table('counted');
select hotpath.put(row(7, 'seven')::numbered), hotpath.put(row(7, 'SEVEN')::numbered);
select hotpath.get(null::numbered, 7);
select hotpath.put(row(1, 2)::flag), hotpath.put(row(1, 2)::flag);
select hotpath.get(null::flag, 1, 2);
select hotpath.put(row(1, 5, 'one')::counted);
select hotpath.put(row(1, 6, 'ONE')::counted);

-- triggers of the table run, before and after
create table stamped (id int primary key, v text, changes int default 0);
create function stamp() returns trigger language plpgsql as $$
begin
	new.v := upper(new.v);
	new.changes := case when tg_op = 'UPDATE' then old.changes + 1 else 0 end;
	return new;
end
$$;
create trigger stamp before insert or update on stamped for each row execute function stamp();
create function keep() returns trigger language plpgsql as 'begin return null; end';
select hotpath.cache_table('stamped');
select hotpath.put(row(1, 'one', 9)::stamped);
select hotpath.put(row(1, 'uno', 9)::stamped);
select hotpath.get(null::stamped, 1);

-- put() in a trigger of another table
create table event (id int, v text);
create function project() returns trigger language plpgsql as $$
begin
	perform hotpath.put(row(new.id, new.v, 0)::stamped);
	return null;
end
$$;
create trigger project after insert on event for each row execute function project();
insert into event values (1, 'from event'), (2, 'another'), (1, 'last');
select hotpath.get(null::stamped, k) from generate_series(1, 2) k;

-- a trigger that keeps the row out: nothing is stored, and nothing comes back
create trigger zz_keep before insert on stamped for each row when (new.id = 13) execute function keep();
select hotpath.put(row(13, 'unlucky', 0)::stamped);
select hotpath.get(null::stamped, 13);

-- tables that are not cached, and tables without a primary key
create table plain (id int primary key, v text);
select hotpath.put(row(1, 'one')::plain), hotpath.put(row(1, 'uno')::plain);
create table keyless (v int unique not null);
select hotpath.put(row(1)::keyless);
select hotpath.put(row(1, 2));

-- inside the put of a row, before it is noted, that of another table, which changes the row once more
create table inner_row (id int primary key, v text);
create table outer_row (id int primary key, v text);
select hotpath.cache_table('inner_row'), hotpath.cache_table('outer_row');
select hotpath.get(null::inner_row, 1), hotpath.get(null::outer_row, 1);
create function change_again() returns trigger language plpgsql as
	$$ begin update outer_row set v = 'last' where id = new.id; return null; end $$;
create trigger change_again after insert or update on inner_row for each row execute function change_again();
create function put_inside() returns trigger language plpgsql as
	$$ begin if new.v = 'first' then perform hotpath.put(row(new.id, 'inner')::inner_row); end if; return null; end $$;
create trigger " put_inside" after insert or update on outer_row for each row execute function put_inside();
select hotpath.put(row(1, 'first')::outer_row);
select hotpath.get(null::outer_row, 1) as cached, outer_row as plain from outer_row;
select * from hotpath.verify_cache('outer_row');

set client_min_messages = warning;
drop schema put cascade;
