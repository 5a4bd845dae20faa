-- The functions of the extension's triggers are of no use to others.
create schema trigger_functions;
set search_path = trigger_functions;
\set SHOW_CONTEXT never

-- who may execute what
select proname, has_function_privilege('public', oid, 'execute') as everybody
from pg_proc where pronamespace = 'hotpath'::regnamespace and proname ~ '^note|^keep' order by proname;

create role regress_functions;
grant usage, create on schema trigger_functions to regress_functions;
create table cached (id int primary key, v text);
insert into cached values (1, 'one');
select hotpath.cache_table('cached');
select hotpath.get(null::cached, 1);

set role regress_functions;
create table own (relation regclass, v text);
create trigger own after insert or update or delete on own
	for each row execute function hotpath.note_config();
create trigger own before truncate on own execute function hotpath.note_config();
create trigger own before insert on own for each row execute function hotpath.keep_config();
create event trigger own on ddl_command_end execute function hotpath.note_ddl();
select hotpath.note_config();

-- the same by somebody who may: it is refused when it fires
reset role;
create trigger own after insert or update or delete on own
	for each row execute function hotpath.note_config();
create trigger own_truncate before truncate on own execute function hotpath.note_config();
create trigger own_keep before insert on own for each row execute function hotpath.keep_config();
insert into own values ('cached', 'x');
drop trigger own_keep on own;
insert into own values ('cached', 'x');
truncate own;
set role regress_functions;
insert into own values ('cached', 'x');
reset role;
drop trigger own on own;
drop trigger own_truncate on own;

-- the configuration is not theirs
set role regress_functions;
truncate hotpath.cached_key;
update hotpath.cached_key set ttl = '1 day';
create trigger own after insert on hotpath.cached_key for each row execute function hotpath.note_row();
alter table hotpath.cached_key disable trigger all;
reset role;

-- rows of it that say nothing, and those of keys that are there
insert into hotpath.cached_key (relation) values ('own');
insert into hotpath.cached_key (relation, is_primary, key_columns, key_attnums)
	select relation, is_primary, key_columns, key_attnums from hotpath.cached_key;
begin;
alter table hotpath.cached_key alter key_attnums drop not null;
update hotpath.cached_key set key_attnums = null;
select relation, hotpath.cache_check(relation), hotpath.get(null::cached, 1) from hotpath.cached_key;
insert into hotpath.cached_key (relation, is_primary, key_columns) values ('cached', true, '{id}');
rollback;

-- a table of theirs with a row trigger of ours is as any other
set role regress_functions;
create table loose (id int primary key, v text);
create trigger "!hotpath_note_row" after insert or update or delete on loose
	for each row execute function hotpath.note_row();
create trigger "!hotpath_note_truncate" after truncate on loose execute function hotpath.note_truncate();
insert into loose values (1, 'one');
update loose set v = 'two';
truncate loose;
select hotpath.cache_check('loose');
reset role;
select hotpath.get(null::cached, 1), hotpath.cache_check('cached');

-- for another event there may be no command to look at
begin;
create event trigger regress_other on sql_drop execute function hotpath.note_ddl();
drop table loose;
rollback;

set client_min_messages = warning;
drop schema trigger_functions cascade;
drop role regress_functions;
