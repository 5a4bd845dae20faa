-- Row-level security: whoever a policy applies to is served by it, and learns nothing from the cache.
create schema rls;
set search_path = rls;
\pset null '(null)'

create role regress_rls_ann;
create role regress_rls_bob;
grant usage on schema rls to regress_rls_ann, regress_rls_bob;
create table note (id int primary key, owner name, body text);
insert into note values
	(1, 'regress_rls_ann', 'secret of Ann'), (2, 'regress_rls_bob', 'secret of Bob');
grant select, insert, update on note to regress_rls_ann, regress_rls_bob;
select hotpath.cache_table('note', write_through => true);

-- before there is a policy everybody reads all rows, which are cached now
set role regress_rls_bob;
select k, hotpath.get(null::note, k) from generate_series(1, 3) k;
select hotpath.get_json('note', 1);
reset role;

alter table note enable row level security;
create policy own on note using (owner = current_user);

-- from now on each their own
create view asked as select k from generate_series(1, 3) k;
grant select on asked to public;
set role regress_rls_ann;
select k, hotpath.get(null::note, k), hotpath.get_json('note', k) from asked;
select * from hotpath.get_many(null::note, array[2, 1, 3]);
set role regress_rls_bob;
select k, hotpath.get(null::note, k), hotpath.get_json('note', k) from asked;
select k, hotpath.get(null::note, k), hotpath.get_json('note', k) from asked;
select * from hotpath.get_many(null::note, array[2, 1, 3], true);

-- the cache tells nothing: neither whether a row is cached nor that it is there
select hotpath.peek(null::note, 1), hotpath.evict('note', 1), hotpath.evict('note', 3);
select * from hotpath.verify_cache('note');
reset role;

-- the owner, and whoever bypasses row security, are served all rows
select k, hotpath.get(null::note, k) from asked;
select k, hotpath.get(null::note, k) from asked;

-- what one role has read is not what another one gets, in one session and one transaction
begin;
select hotpath.get(null::note, 1) is not null as owner_sees;
set local role regress_rls_bob;
select hotpath.get(null::note, 1) is not null as bob_sees;
set local role regress_rls_ann;
select hotpath.get(null::note, 1) is not null as ann_sees;
commit;

-- a prepared statement is planned for the role that runs it
prepare read_one as select hotpath.get(null::note, 1) is not null as sees;
execute read_one;
set role regress_rls_bob;
execute read_one;
set role regress_rls_ann;
execute read_one;
reset role;
execute read_one;

-- row security that is forced applies to the owner too; superusers are never bound
alter table note force row level security;
alter table note owner to regress_rls_ann;
set role regress_rls_ann;
select k, hotpath.get(null::note, k) from asked;
select hotpath.warm('note') as warmed;
reset role;
alter table note no force row level security;

-- row_security = off: an error rather than a filtered answer, as for a SELECT
set role regress_rls_bob;
set row_security = off;
\set VERBOSITY sqlstate
select id from note where id = 1;
select hotpath.get(null::note, 1);
select hotpath.get_many(null::note, array[1]);
select hotpath.get_json('note', 1);
\set VERBOSITY default
reset row_security;

-- writes are checked
select hotpath.put(row(2, 'regress_rls_bob', 'changed')::note);
\set VERBOSITY sqlstate
select hotpath.put(row(3, 'regress_rls_ann', 'forged')::note);
select hotpath.put(row(1, 'regress_rls_bob', 'stolen')::note);
\set VERBOSITY default
reset role;
select k, hotpath.get(null::note, k) from asked;

-- a policy that goes away
alter table note disable row level security;
set role regress_rls_bob;
select k, hotpath.get(null::note, k) from asked;
reset role;

-- a cast of a key that changes roles: to one that no policy applies to, but may not read the table
alter table note enable row level security;
create role regress_rls_exempt bypassrls;
grant regress_rls_exempt to regress_rls_ann;
grant usage on schema rls to regress_rls_exempt;
create type ask as enum ('2');
create function becomes_exempt(ask) returns int language plpgsql as $$
begin
	perform set_config('role', 'regress_rls_exempt', false);
	return 2;
end $$;
create cast (ask as int) with function becomes_exempt(ask) as implicit;
-- keeps queries out of workers, in which roles cannot be set
create function alone() returns bool language plpgsql as $$ begin return true; end $$;
create function outcome(query text) returns text language plpgsql as $$
declare
	result text;
begin
	set role regress_rls_ann;
	execute query || ' where alone()' into result;
	return coalesce(result, 'nothing');
exception when insufficient_privilege then
	return sqlerrm;
end $$;
select hotpath.get(null::note, 2), hotpath.get_json('note', 2), hotpath.get(null::note, 2) is not null as again;
select outcome(query) from unnest(array[
	'select hotpath.get(null::note, ''2''::ask)', 'select hotpath.peek(null::note, ''2''::ask)',
	'select hotpath.get_by(null::note, ''note_pkey'', ''2''::ask)', 'select hotpath.get_json(''note'', ''2''::ask)',
	'select id from hotpath.get_many(null::note, array[''2''::ask])', 'select hotpath.evict(''note'', ''2''::ask)']) query;
reset role;
select hotpath.peek(null::note, 2) is not null as still_there;

deallocate read_one;
set client_min_messages = warning;
drop schema rls cascade;
drop role regress_rls_ann, regress_rls_bob, regress_rls_exempt;
