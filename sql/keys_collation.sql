-- Equal strings of a nondeterministic collation are one key.
select count(*) = 0 as without_icu from pg_collation where collprovider = 'i' and collname <> 'unicode' \gset
\if :without_icu
\quit
\endif
create schema keys_collation;
set search_path = keys_collation;

create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table word (k text collate ci primary key, v int);
insert into word values ('Straße', 1), ('Hello', 2);
select hotpath.cache_table('word');

select asked, hotpath.get(null::word, asked) from (values ('hello'), ('HELLO'), ('Hallo')) a (asked);
select asked, hotpath.get(null::word, asked) from (values ('hello'), ('HELLO'), ('Hallo')) a (asked);
select * from hotpath.get_many(null::word, array['hello', 'HELLO', 'straße']);

update word set v = 3 where k = 'hELLO';
select asked, hotpath.get(null::word, asked) from (values ('hello'), ('HELLO')) a (asked);
update word set k = 'HELLO' where k = 'hello';
select asked, hotpath.get(null::word, asked) from (values ('hello'), ('HELLO')) a (asked);
delete from word where k = 'heLLo';
select count(hotpath.get(null::word, asked)) from (values ('hello'), ('HELLO')) a (asked);

-- what is unique as bytes may be equal to one key: there are several rows for it, not one
create table account (email text collate ci primary key);
create table login (id int primary key, email text collate ci references account);
create unique index on login (email collate "C");
create table badge (id int primary key, email text collate ci unique references account);
insert into account values ('ann@x'), ('bob@x');
insert into login values (1, 'ann@x'), (2, 'Ann@X'), (3, 'bob@x');
insert into badge values (1, 'ANN@x');
select name, kind from hotpath.relationships('account');
select name, kind from hotpath.relationships('badge');
select hotpath.embed_where('account', '{"order_by": "email", "with": {"login": {"columns": ["id"], "order_by": "id", "limit": 2}, "badge": {"columns": ["id"]}}}');

-- put() updates the row of the primary key, and no other one for which another index takes it
create table exact (k text primary key, v text);
create unique index on exact (k collate ci);
create table bare (k text primary key);
create unique index on bare (k collate ci);
select hotpath.put(row('a', 'one')::exact), hotpath.put(row('a')::bare);
select hotpath.put(row('a', 'two')::exact), hotpath.put(row('a')::bare);
select hotpath.put(row('A', 'three')::exact);
select hotpath.put(row('A')::bare);
table exact;
-- in a schema that the user may not use
create schema keys_collation_apart;
create collation keys_collation_apart.apart (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
create table set_apart (k text collate keys_collation_apart.apart primary key, v int);
create collation keys_collation_apart.same (provider = icu, locale = 'und');
create table exact_apart (k text collate keys_collation_apart.same primary key, v int);
create unique index on exact_apart (k collate ci);
create role regress_keys_collation;
grant usage on schema keys_collation to regress_keys_collation;
grant select, insert, update on set_apart, exact_apart to regress_keys_collation;
set role regress_keys_collation;
select hotpath.put(row('a', 1)::set_apart), hotpath.put(row('A', 2)::set_apart);
select hotpath.get(null::set_apart, 'a');
select hotpath.put(row('a', 1)::exact_apart), hotpath.put(row('a', 2)::exact_apart);
\set VERBOSITY sqlstate
select hotpath.put(row('A', 3)::exact_apart);
\set VERBOSITY default
reset role;
set client_min_messages = warning;
drop schema keys_collation_apart cascade;
reset client_min_messages;
drop owned by regress_keys_collation;
drop role regress_keys_collation;
alter collation ci rename to renamed;
select hotpath.put(row('Hello', 4)::word), hotpath.put(row('hello', 5)::word);
table word;

set client_min_messages = warning;
drop schema keys_collation cascade;
