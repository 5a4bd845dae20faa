-- The triggers that the cache rests on: without them the table is read, and nothing is wrong.
create schema ddl_triggers;
set search_path = ddl_triggers;
\pset null '(null)'

create table item (id int primary key, v text);
insert into item select i, 'item ' || i from generate_series(1, 5) i;
select hotpath.cache_table('item');
create function differences() returns bigint language sql as $$
	select count(*) from generate_series(0, 6) k
	where hotpath.get(null::item, k) is distinct from (select i from item i where id = k)
$$;
select tgname, tgenabled from pg_trigger where tgrelid = 'item'::regclass order by tgname;
select differences();

-- disabled, changed, enabled again
alter table item disable trigger all;
update item set v = 'unseen';
select differences(), hotpath.cache_check('item');
alter table item enable trigger all;
select differences(), hotpath.cache_check('item');
update item set v = 'seen';
select differences();
select hotpath.cache_table('item');
select differences(), hotpath.cache_check('item');
select differences();

-- in one transaction
begin;
alter table item disable trigger user;
update item set v = 'in between' where id < 4;
select differences();
alter table item enable always trigger "!hotpath_note_row";
alter table item enable always trigger "!hotpath_note_truncate";
select differences();
commit;
select differences(), hotpath.cache_check('item');
select differences();

-- one at a time
alter table item enable replica trigger "!hotpath_note_row";
select hotpath.cache_check('item');
select hotpath.cache_table('item');
alter table item enable trigger "!hotpath_note_truncate";
select hotpath.cache_check('item');
truncate item;
insert into item values (1, 'after truncate');
select differences();
select hotpath.cache_table('item');
select differences(), hotpath.cache_check('item');

-- dropped, renamed, replaced by an impostor
drop trigger "!hotpath_note_row" on item;
update item set v = 'unseen';
select differences(), hotpath.cache_check('item');
select hotpath.cache_table('item');
select differences(), hotpath.cache_check('item');
alter trigger "!hotpath_note_row" on item rename to note;
select differences();
update item set v = 'seen by the renamed one';
select differences();
select hotpath.cache_table('item');
drop trigger note on item;
create function nothing() returns trigger language plpgsql as 'begin return null; end';
drop trigger "!hotpath_note_truncate" on item;
create trigger "!hotpath_note_truncate" after truncate on item execute function nothing();
select differences(), hotpath.cache_check('item');
drop trigger "!hotpath_note_truncate" on item;
select hotpath.cache_table('item');
select hotpath.cache_check('item');

-- replaced by ones of our own functions that do not fire for all
create or replace trigger "!hotpath_note_row" after update on item
	for each row when (old.v is distinct from 'x') execute function hotpath.note_row();
alter table item enable always trigger "!hotpath_note_row";
create or replace trigger "!hotpath_note_truncate" before truncate on item
	for each statement execute function hotpath.note_truncate();
insert into item values (2, 'unseen') on conflict (id) do update set v = 'unseen';
select differences(), hotpath.cache_check('item');
select hotpath.cache_table('item');
select tgname, tgenabled, tgtype from pg_trigger where tgrelid = 'item'::regclass order by tgname;
select differences(), hotpath.cache_check('item');
update item set v = 'seen';
select differences();
select count(*) from pg_depend where classid = 'pg_trigger'::regclass and deptype = 'x' and
	objid in (select oid from pg_trigger where tgrelid = 'item'::regclass);

-- a trigger with a condition, or for some columns, is not ours
drop trigger "!hotpath_note_row" on item;
create trigger "!hotpath_note_row" after insert or update or delete on item
	for each row when (pg_trigger_depth() > 5) execute function hotpath.note_row();
alter table item enable always trigger "!hotpath_note_row";
select hotpath.cache_check('item');
create or replace trigger "!hotpath_note_row" after insert or update of id or delete on item
	for each row execute function hotpath.note_row();
alter table item enable always trigger "!hotpath_note_row";
select hotpath.cache_check('item');
drop trigger "!hotpath_note_row" on item;
select hotpath.cache_table('item');
select hotpath.cache_check('item');

-- replication does not skip them
set session_replication_role = replica;
update item set v = 'replicated';
select differences();
truncate item;
select differences();
reset session_replication_role;

-- the event triggers
alter event trigger hotpath_note_ddl disable;
select hotpath.cache_check('item');
select differences();
alter event trigger hotpath_note_ddl enable;
select hotpath.cache_check('item');
alter event trigger hotpath_note_ddl enable always;
select hotpath.cache_check('item');

-- the functions are of no use elsewhere
create table other (id int);
create trigger wrong before insert on other for each row execute function hotpath.note_row();
insert into other values (1);
create or replace trigger wrong after insert on other execute function hotpath.note_truncate();
insert into other values (1);
create or replace trigger wrong after insert on other for each row execute function hotpath.note_row();
insert into other values (1);

-- an event trigger that comes before ours, reads by the cache, and has the command undone
create type label as enum ('old', 'other');
create table labelled (id int primary key, kind label);
insert into labelled values (1, 'old'), (2, 'old');
select hotpath.cache_table('labelled');
select hotpath.get_json('labelled', 1);
create function look_first() returns event_trigger language plpgsql as $$
declare
	r record;
begin
	for r in select hotpath.get_json('labelled', id)::text as cached, row_to_json(l)::text as plain from labelled l order by id loop
		raise notice 'cached % plain %', r.cached, r.plain;
	end loop;
	raise exception 'no';
end $$;
create event trigger a_first on ddl_command_end when tag in ('ALTER TYPE') execute function look_first();
alter type label rename value 'old' to 'new';
drop event trigger a_first;
select hotpath.get_json('labelled', id) as cached, row_to_json(l) as plain from labelled l order by id;
select * from hotpath.verify_cache('labelled');

set client_min_messages = warning;
drop schema ddl_triggers cascade;
