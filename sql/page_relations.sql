-- Pages of everything that SELECT reads, with the caller's rights.
create schema page_relations;
set search_path = page_relations, public;
create table doc (id int primary key, tenant int not null, title text, secret text);
insert into doc select i, i % 2, 'title ' || i % 4, 'secret ' || i from generate_series(1, 10) i;
create index doc_tenant_title on doc (tenant, title, id);

-- ranges are read from the index without a detour: as many entries as rows, and one beyond
select strategy, index from hotpath.page_explain('doc', 'title', '{"tenant": 1}');
begin;
select pg_stat_get_xact_tuples_returned('doc_tenant_title'::regclass) as before \gset
select count(*) from hotpath.page(null::doc, 'title', 2, filter => '{"tenant": 1}');
select pg_stat_get_xact_tuples_returned('doc_tenant_title'::regclass) - :before as entries_read;
rollback;
select hotpath.page_json('doc', 'title', 3, filter => '{"tenant": 1}', columns => '{id}')
	#>> '{page_info,end_cursor}' as place \gset
begin;
select pg_stat_get_xact_tuples_returned('doc_tenant_title'::regclass) as before \gset
select (item).id, has_previous_page from hotpath.page(null::doc, 'title', 1, :'place', filter => '{"tenant": 1}');
-- the cursor's own row, the page's, and one beyond
select pg_stat_get_xact_tuples_returned('doc_tenant_title'::regclass) - :before as entries_read;
rollback;

-- explanations: the index to create, and what is in the way
select * from hotpath.page_explain('doc', 'title desc, id asc');
select * from hotpath.page_explain('doc', 'title', '{"tenant": {"$gt": 1}}');
select * from hotpath.page_explain('doc', 'title', '{"tenant": 1, "secret": "x"}');
select * from hotpath.page_explain('doc', 'tenant, title', '{"tenant": 1}');
-- a column of the order that the filter fixes: the same pages
select hotpath.page_json('doc', 'tenant desc, title', 2, filter => '{"tenant": 1}', columns => '{id}')
	#>> '{page_info,end_cursor}' as place \gset
select array_agg((item).id), bool_and(has_previous_page), bool_and(has_next_page)
	from hotpath.page(null::doc, 'tenant desc, title', 2, :'place', filter => '{"tenant": 1}');
select array_agg((item).id), bool_and(has_previous_page), bool_and(has_next_page)
	from hotpath.page(null::doc, 'tenant desc, title', last => 2, before => :'place', filter => '{"tenant": 1}');
-- all of them fixed: one row at most, and nothing behind it
select hotpath.page_json('doc', 'id', filter => '{"id": 4}', columns => '{id}')
	#>> '{page_info,end_cursor}' as place \gset
select hotpath.page_json('doc', 'id', after => :'place', filter => '{"id": 4}', columns => '{id}') -> 'items',
	hotpath.page_json('doc', 'id', after => :'place', filter => '{"id": 4}', columns => '{id}') #>> '{page_info,has_previous_page}' as previous;
select strategy from hotpath.page_explain('doc');
create index doc_partial on doc (title, id) where id > 5;
create index doc_expression on doc (lower(title), id);
create index doc_collation on doc (title collate "C", id) ;
create index doc_pattern on doc (title text_pattern_ops, id);
select strategy, index_ddl from hotpath.page_explain('doc', 'title');
-- what it prints works
do $$ begin execute (select index_ddl from hotpath.page_explain('doc', 'title desc nulls last, id asc')); end $$;
select strategy, index from hotpath.page_explain('doc', 'title desc nulls last, id asc');
-- backward in the same index; another placement of nulls is another order
select strategy, index from hotpath.page_explain('doc', 'title asc nulls first, id desc');
select strategy from hotpath.page_explain('doc', 'title asc, id desc');
-- a unique key that is in the order already is enough
alter table doc add column slug text not null default gen_random_uuid()::text, add unique (slug);
select strategy, index from hotpath.page_explain('doc', 'slug');

-- a view, as it is; only its own order can tell its rows apart
create view titles as select title, tenant, count(*) as n from doc group by title, tenant;
select item from hotpath.page(null::titles, 'title desc, tenant', 3);
select * from hotpath.page_explain('titles', 'title');
select has_next_page, item from hotpath.page(null::titles, 'n', 1);
create materialized view kept as select * from titles;
select item from hotpath.page(null::kept, 'title, tenant', 1, filter => '{"n": {"$gt": 2}}');

-- a foreign table has no key; here it says what it reads
create extension file_fdw;
create server files foreign data wrapper file_fdw;
create foreign table far (id int, name text) server files
	options (program 'printf "3,c\n1,a\n2,b\n2,b\n"', format 'csv');
select item, has_next_page from hotpath.page(null::far, 'name desc', 1);
select hotpath.page_json('far', 'name', 2, filter => '{"id": {"$ne": 2}}') -> 'items';
select item, has_next_page from hotpath.page(null::far, 'name', 2);
select * from hotpath.page_explain('far', 'name');
set client_min_messages = warning;
drop extension file_fdw cascade;
reset client_min_messages;

-- partitions, by the root's key
create table log (at date, id int, line text, primary key (at, id)) partition by range (at);
create table log1 partition of log for values from ('2024-01-01') to ('2024-02-01');
create table log2 partition of log for values from ('2024-02-01') to ('2024-03-01');
insert into log select '2024-01-01'::date + i * 7, i, 'l' || i from generate_series(0, 7) i;
select item from hotpath.page(null::log, 'at desc', 3);
select (item).id from hotpath.page(null::log, 'at desc', 3, hotpath.cursor_at('log', 'at desc', '2024-02-12'::date, 6));
select hotpath.cursor_at('log', 'at', array['2024-02-12', '6']) = hotpath.cursor_at('log', 'at', '2024-02-12'::date, 6) as same;
select strategy, index, note from hotpath.page_explain('log', 'at');
-- a partition of its own
select (item).id from hotpath.page(null::log2, 'at', 2);

-- a parent's key does not hold for its children
create table base (id int primary key, v text);
create table child () inherits (base);
insert into base values (1, 'a'), (3, 'c');
insert into child values (2, 'b');
select (item).id from hotpath.page(null::base, 'id', 3);
insert into child values (2, 'b');
select (item).id from hotpath.page(null::base, 'id', 2);

-- names that need quoting, a column called as our alias, dropped and generated columns
create table "Odd ""name""" (drop_me int, hp int primary key, "select" text not null, "a b" int generated always as (hp * 2) stored);
alter table "Odd ""name""" drop column drop_me;
insert into "Odd ""name""" values (1, 'x'), (2, 'y');
create index on "Odd ""name""" ("select" desc, hp);
select item from hotpath.page(null::"Odd ""name""", '"select" desc, hp', 1);
select hotpath.page_json('"Odd ""name"""', '"a b" desc', 1, columns => array['select', 'a b']) -> 'items';
select index_ddl from hotpath.page_explain('"Odd ""name"""', '"a b" desc');
alter table "Odd ""name""" enable row level security;
select item from hotpath.page(null::"Odd ""name""", '"a b" desc', 1);

-- rights: as the caller's, column by column
create role regress_pager;
grant usage on schema page_relations to regress_pager;
grant select (id, title) on doc to regress_pager;
set role regress_pager;
select hotpath.page_json('doc', 'title', 2, columns => array['id']) -> 'items';
select (item).id from hotpath.page(null::doc, 'title', 1);
select hotpath.page_json('doc', 'title', 1);
select hotpath.page_json('doc', 'title', 1, columns => array['secret']);
select hotpath.page_json('doc', 'secret', 1, columns => array['id']);
select hotpath.page_json('doc', 'id', 1, columns => array['id'], filter => '{"secret": "secret 1"}');
select hotpath.page_json('log', 'at', 1);
select note from hotpath.page_explain('doc', 'slug');
reset role;
revoke usage on schema page_relations from regress_pager;
grant select on doc to regress_pager;
set role regress_pager;
select hotpath.page_json('page_relations.doc'::regclass::oid, 'id', 1, columns => array['id']) -> 'items';
reset role;
grant usage on schema page_relations to regress_pager;

-- policies: rows of others are neither seen nor counted, nor do they make a next page
alter table doc enable row level security;
create policy own on doc using (tenant = 1 and current_setting('my.tenant', true) = '1');
set role regress_pager;
select hotpath.page_json('doc', 'id', 2, count => 'exact') -> 'total_count';
set my.tenant = '1';
select array_agg((item).id), bool_and(has_next_page) from hotpath.page(null::doc, 'id', 5);
select array_agg((item).id) from hotpath.page(null::doc, 'id', 4);
select hotpath.page_json('doc', 'id', 2, count => 'exact', columns => '{id}') ->> 'total_count';
select note from hotpath.page_explain('doc', 'id');
select parent_ord, (item).id from hotpath.pages(null::doc, 'tenant', array[0, 1], 'id', 1);
-- a row that a policy hides has no cursor
select hotpath.cursor_at('doc', 'id', 2) is null as hidden, hotpath.cursor_at('doc', 'id', 3) is null as seen;
set row_security = off;
select (item).id from hotpath.page(null::doc, 'id', 5);
reset row_security;
reset role;
-- the owner is not subject to them
select count(*) from hotpath.page(null::doc, 'id', 20);

-- the caller's search_path has no say
create schema evil;
create function evil.never(int, int) returns boolean language sql as 'select false';
create operator evil.> (leftarg = int, rightarg = int, function = evil.never);
create operator evil.= (leftarg = int, rightarg = int, function = evil.never);
set search_path = evil, pg_catalog;
set role regress_pager;
select (item).id from hotpath.page(null::page_relations.doc, 'id', 2, hotpath.cursor_at('page_relations.doc', 'id', 3));
select hotpath.page_json('page_relations.doc', 'id', 2, filter => '{"id": {"$gt": 4}}', columns => '{id}') -> 'items';
reset role;

set search_path = page_relations, public;

-- where the order of a view is said to be unique and is not any more, behind the page or before it
create table plain (id int primary key, a int);
insert into plain values (1, 1), (2, 2), (3, 3);
create view viewed as select a from plain;
select cursor as place from hotpath.page(null::viewed, 'a', 5) where (item).a = 2 \gset
select array_agg((item).a) from hotpath.page(null::viewed, 'a', 5, before => :'place');
insert into plain values (4, 2);
\set VERBOSITY sqlstate
select array_agg((item).a) from hotpath.page(null::viewed, 'a', 5, before => :'place');
select array_agg((item).a) from hotpath.page(null::viewed, 'a', last => 5, before => :'place');
select array_agg((item).a) from hotpath.page(null::viewed, 'a', 5, after => :'place');
select array_agg((item).a) from hotpath.page(null::viewed, 'a', last => 5, after => :'place');
\set VERBOSITY default
delete from plain where a = 2;
select array_agg((item).a) from hotpath.page(null::viewed, 'a', 5, before => :'place');
select array_agg((item).a) from hotpath.page(null::viewed, 'a', last => 5, after => :'place');

-- a key that may be violated for a while tells no rows apart
create table deferred (id int primary key deferrable);
select hotpath.page(null::deferred);

-- names that hold dots are not the same with the dot elsewhere
create schema "page.one";
create schema page;
create table "page.one".c (id int primary key);
create table page."one.c" (id int primary key);
insert into page."one.c" values (1), (2);
insert into "page.one".c values (1), (2);
select item from hotpath.page(null::"page.one".c, after => hotpath.cursor_at('"page.one".c', null, 1)) p;
select item from hotpath.page(null::"page.one".c, after => hotpath.cursor_at('page."one.c"', null, 1)) p;

set client_min_messages = warning;
drop schema page_relations, evil cascade;
drop role regress_pager;
drop schema page, "page.one" cascade;
