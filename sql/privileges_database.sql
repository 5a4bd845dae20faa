-- Rights by way of the role pg_database_owner go with the database.
create schema rights_database;
set search_path = rights_database;
\set SHOW_CONTEXT never

create role regress_old_owner;
create role regress_new_owner;
grant usage on schema rights_database to regress_old_owner, regress_new_owner;
select current_user as me, current_database() as here \gset
create table item (id int primary key, v text);
insert into item values (1, 'one');
select hotpath.cache_table('item');
grant select on item to pg_database_owner;

alter database :"here" owner to regress_old_owner;
set role regress_old_owner;
select hotpath.get(null::item, 1);
select hotpath.get(null::item, 1);
select hotpath.get_json('item', 1);
reset role;
set role regress_new_owner;
select hotpath.get(null::item, 1);
reset role;

-- the next statement is refused, and the other role's is not
alter database :"here" owner to regress_new_owner;
set role regress_old_owner;
select hotpath.get(null::item, 1);
select hotpath.get_json('item', 1);
select hotpath.get_many(null::item, array[1]);
reset role;
set role regress_new_owner;
select hotpath.get(null::item, 1);

-- in one transaction
reset role;
begin;
alter database :"here" owner to regress_old_owner;
set local role regress_old_owner;
select hotpath.get(null::item, 1);
rollback;
set role regress_old_owner;
select hotpath.get(null::item, 1);
reset role;
alter database :"here" owner to :"me";
set role regress_new_owner;
select hotpath.get(null::item, 1);
reset role;

set client_min_messages = warning;
drop schema rights_database cascade;
drop role regress_old_owner, regress_new_owner;
