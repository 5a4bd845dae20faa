-- The row cache in one page: attach a table, read through the cache, change the table.
create schema basics;
set search_path = basics;
\pset null '(null)'

create table account (id bigint primary key, owner text not null, balance numeric(10,2));
insert into account values (1, 'Ada', 100), (2, 'Grace', 50.5), (3, 'Linus', null);
select hotpath.cache_table('account');

-- a row, read from the table and then from the cache
select hotpath.get(null::account, 1);
select hotpath.get(null::account, 1);

-- its columns
select * from hotpath.get(null::account, 3);
select (hotpath.get(null::account, 2)).owner;

-- no such row, and no key at all
select hotpath.get(null::account, 99);
select hotpath.get(null::account, null);

-- the oracle of all these tests: in one statement, a cached read is a plain read;
-- on a cold cache, and on a warm one
select count(*) as differences from generate_series(0, 9) k
where hotpath.get(null::account, k) is distinct from (select a from account a where id = k);
select count(*) as differences from generate_series(0, 9) k
where hotpath.get(null::account, k) is distinct from (select a from account a where id = k);

-- update
update account set balance = balance + 1 where id = 1;
select hotpath.get(null::account, 1);

-- delete
delete from account where id = 2;
select hotpath.get(null::account, 2);

-- a row that was known to be missing
insert into account values (99, 'Barbara', 7);
select hotpath.get(null::account, 99);

-- a key that moves
update account set id = 4 where id = 3;
select k, hotpath.get(null::account, k) from generate_series(3, 4) k;

-- merge, upsert, copy
insert into account values (1, 'Ada', 0) on conflict (id) do update set balance = 1;
merge into account a using (values (4, 2), (5, 3)) as v (id, balance) on a.id = v.id
when matched then update set balance = v.balance
when not matched then insert values (v.id, 'Margaret', v.balance);
copy account from stdin;
6	Radia	8.00
\.
select k, hotpath.get(null::account, k) from generate_series(1, 6) k;

-- truncate
truncate account;
select count(hotpath.get(null::account, k)) from generate_series(0, 99) k;

-- what is cached; attaching twice changes options, not the number of keys
select hotpath.cache_table('account', ttl => '1 hour', write_through => true);
select relation, is_primary, key_columns, ttl, write_through from hotpath.cached_key
where relation = 'account'::regclass;
select hotpath.cache_check('account');

-- detached, the table works as before, and so does get
select hotpath.uncache_table('account');
set client_min_messages = warning;
select hotpath.uncache_table('account');
reset client_min_messages;
select hotpath.cache_check('account');
select count(*) from hotpath.cached_key where relation = 'account'::regclass;
select count(*) from pg_trigger where tgrelid = 'account'::regclass;
insert into account values (1, 'Ada', 100);
select hotpath.get(null::account, 1), hotpath.get_json('account', 1);
select * from hotpath.get_many(null::account, array[1, 2]);
select hotpath.peek(null::account, 1), hotpath.evict('account', 1), hotpath.evict_all('account');
select hotpath.warm('account'), v.* from hotpath.verify_cache('account') v;
select * from hotpath.put(row(1, 'Ada', 101)::account);

-- attached again
select hotpath.cache_table('account');
select hotpath.get(null::account, 1);

set client_min_messages = warning;
drop schema basics cascade;
