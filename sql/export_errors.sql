-- What an export refuses, and that a session goes on after each error.

create schema export_errors;
set search_path = export_errors, hotpath, public;
create table t (id int);
insert into t select generate_series(1, 1000);

-- not one statement
select hotpath.export_json('');
select hotpath.export_json(' ; -- nothing');
select hotpath.export_json('select 1; select 2');
select hotpath.export_json('select 1; drop table t');
select hotpath.export_json('selec 1');
select hotpath.export_json('select nothing from t');

-- not a query
select hotpath.export_json('create table x ()');
select hotpath.export_json('update t set id = 0');
select hotpath.export_json('vacuum t');
select hotpath.export_json('explain select 1');
select hotpath.export_json('show all');
select hotpath.export_json('select 1 as a into x');
select hotpath.export_json('commit');
select hotpath.export_json('declare c cursor for select 1');
select hotpath.export_json('copy t to stdout');
select hotpath.export_json('do $x$ begin end $x$');

-- a query that writes
select hotpath.export_json('insert into t values (0) returning id');
select hotpath.export_json('update t set id = 0 returning id');
select hotpath.export_json('delete from t returning id');
select hotpath.export_json('with x as (delete from t returning id) select * from x');
select hotpath.export_json('select * from t for update');
select hotpath.export_json('select * from (select * from t for share) x');
select hotpath.export_json_compressed('delete from t returning id');
select hotpath.export_json_file('/tmp/x', 'delete from t returning id');

-- arguments
select hotpath.export_json(null);
select hotpath.export_json('select 1', format => null);
select hotpath.export_json('select 1', format => 'csv');
select hotpath.export_json('select 1', format => 'NDJSON');
select hotpath.export_json('select 1', chunk_size => 0);
select hotpath.export_json('select 1', chunk_size => -5);
select hotpath.export_json('select 1', chunk_size => 2000000000);
select hotpath.export_json('select 1', chunk_size => null);
select hotpath.export_json_compressed('select 1', 'brotli');
select hotpath.export_json_compressed('select 1', 'none');
select hotpath.export_json_compressed('select 1', null);
select hotpath.export_json_compressed('select 1', 'gzip', 0);
select hotpath.export_json_compressed('select 1', 'gzip', 10);
select hotpath.export_json_compressed('select 1', 'zstd', -8);
select hotpath.export_json_compressed('select 1', 'zstd', 23);
select hotpath.export_json_compressed('select 1', 'lz4', 13);
select hotpath.export_json_file('x.json', 'select 1');
select hotpath.export_json_file('', 'select 1');
select hotpath.export_json_file('../x.json', 'select 1');
select hotpath.export_json_file('/tmp', 'select 1');
select hotpath.export_json_file('/dev/null', 'select 1');
select hotpath.export_json_file(null, 'select 1');
select hotpath.export_json_file('/tmp/x', 'select 1', compression => 'none', level => 1);
select hotpath.export_json_file('/tmp/x', 'select 1', compression => 'rar');

-- a query that fails on its way
select count(*) from hotpath.export_json('select 1 / (1000 - id) from t', chunk_size => 10);
\set VERBOSITY terse
select hotpath.export_json('select 1 / (2 - id) from t where id <= 2', chunk_size => 1);
\set VERBOSITY default

-- rights are those of the caller
create role export_errors_reader;
grant usage on schema export_errors to export_errors_reader;
set role export_errors_reader;
select hotpath.export_json('select * from t');
select hotpath.export_json_file('/tmp/x', 'select 1');
reset role;
grant select on t to export_errors_reader;
alter table t enable row level security;
create policy p on t using (id = 7);
set role export_errors_reader;
select hotpath.export_json('select * from t');
reset role;

-- nothing of all this is left in the session
select count(*) from pg_cursors;
select count(*) from pg_stat_progress_copy where pid = pg_backend_pid();
select count(*) from pg_backend_memory_contexts where name like 'pg_hotpath export%' or name like 'pg_hotpath query%';
select hotpath.export_json('select count(*) from t');

set client_min_messages = warning;
drop schema export_errors cascade;
drop role export_errors_reader;
