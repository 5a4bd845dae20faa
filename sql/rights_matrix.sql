-- Who may do what: every function of the extension, on every kind of object, as every kind of role.
--
-- A read must give a role what plain SQL over the same rows gives it, or the same SQLSTATE. Cells
-- of reads: the number of rows that the role sees, "-" where it is refused with 42501, another
-- SQLSTATE otherwise; "plain/ours" with a "!" where the two differ. Cells of other functions: "ok",
-- or the same. A line where all roles are alike says it once.
create schema rm;
create schema rm_shut;
set search_path = rm;
\pset tuples_only on
\pset format unaligned
\set SHOW_CONTEXT never
set client_min_messages = warning;

-- the roles, in the order of the columns
create table role (ord serial, col text, name name, what text);
insert into role (col, name, what) values
	('su', current_user, 'superuser'),
	('own', 'regress_rm_owner', 'owner of the tables'),
	('mem', 'regress_rm_member', 'member of the owner'),
	('mni', 'regress_rm_noinherit', 'member of the owner with NOINHERIT'),
	('sel', 'regress_rm_select', 'SELECT on the tables'),
	('all', 'regress_rm_columns', 'SELECT on each column'),
	('som', 'regress_rm_some', 'SELECT on some columns'),
	('wri', 'regress_rm_write', 'INSERT and UPDATE'),
	('rw', 'regress_rm_both', 'SELECT, INSERT and UPDATE'),
	('non', 'regress_rm_nothing', 'no right on any table'),
	('pra', 'regress_rm_reads', 'member of pg_read_all_data'),
	('pwa', 'regress_rm_writes', 'member of pg_write_all_data'),
	('mon', 'regress_rm_monitor', 'member of pg_monitor'),
	('wsf', 'regress_rm_files', 'member of pg_write_server_files, SELECT'),
	('dbo', 'regress_rm_database', 'owner of the database'),
	('pol', 'regress_rm_policy', 'SELECT, and a policy lets it see some rows'),
	('byp', 'regress_rm_bypass', 'SELECT, BYPASSRLS');
do $$
declare r record;
begin
	for r in select name from role where col <> 'su' order by ord loop
		execute format('create role %I', r.name);
	end loop;
end $$;
alter role regress_rm_noinherit noinherit;
alter role regress_rm_bypass bypassrls;
grant regress_rm_owner to regress_rm_member, regress_rm_noinherit;
grant pg_read_all_data to regress_rm_reads;
grant pg_write_all_data to regress_rm_writes;
grant pg_monitor to regress_rm_monitor;
grant pg_write_server_files to regress_rm_files;
select current_user as me, current_database() as here \gset
alter database :"here" owner to regress_rm_database;
select format('%-4s %s', col, what) from role order by ord;

-- the objects: four rows each, of which the policies show two
grant usage on schema rm to public;
grant create, usage on schema rm, rm_shut to regress_rm_owner;
set role regress_rm_owner;
create table plain (id int primary key, owner name, v text unique);
create table cached (id int primary key, owner name, v text unique);
create table through (id int primary key, owner name, v text unique);
create table root (id int primary key, owner name, v text) partition by range (id);
create table leaf partition of root for values from (0) to (3);
create table leaf2 partition of root for values from (3) to (10);
create table policed (id int primary key, owner name, v text unique);
create table forced (id int primary key, owner name, v text unique);
create table pair (id int, owner name, v text, primary key (id, v));
create table rm_shut.shut (id int primary key, owner name, v text unique);
create function shut_type() returns rm_shut.shut language sql as 'select null::rm_shut.shut';
create table base (id int primary key, owner name, v text unique);
create function fill(regclass) returns void language plpgsql as $$ begin
	execute format('insert into %s select i, case when i %% 2 = 0 then ''regress_rm_policy'' else
		''x'' end, ''v'' || i from generate_series(1, 4) i', $1);
end $$;
select fill(t) from unnest('{plain, cached, through, root, policed, forced, pair, rm_shut.shut, base}'
	::regclass[]) t;
create view seen as select * from base;
create view barrier with (security_barrier) as select * from base;
create view invoker with (security_invoker) as select * from base;
create materialized view matview as select * from base;
create unique index on matview (id);
-- related: parents, children with rights of their own, a junction
create table parent (id int primary key, v text);
create table child (id int primary key, parent_id int references parent, v text);
create table junction (parent_id int references parent, plain_id int references plain,
	primary key (parent_id, plain_id));
create index on child (parent_id);
insert into parent select i, 'p' || i from generate_series(1, 2) i;
insert into child select i, i % 2 + 1, 'c' || i from generate_series(1, 4) i;
insert into junction select i % 2 + 1, i from generate_series(1, 4) i;
-- each table above as the child of "side", as a junction on to "other", and beyond the junction "links"
create table side (id int primary key);
create table other (id int primary key);
insert into side select generate_series(1, 4);
insert into other table side;
create table links (side_id int primary key references side, id int, v text, leaf_id int references leaf);
insert into links select i, i, 'v' || i, case when i < 3 then i end from generate_series(1, 4) i;
do $$
declare t regclass;
begin
	foreach t in array '{plain, cached, through, root, policed, forced, pair, rm_shut.shut}'::regclass[] loop
		execute format('alter table %s add constraint of_side foreign key (id) references side,
			add constraint of_other foreign key (id) references other', t);
		execute format('alter table links add foreign key (%s) references %s',
			case t when 'pair'::regclass then 'id, v' else 'id' end, t);
	end loop;
end $$;
alter table policed enable row level security;
create policy own_rows on policed using (owner = current_user);
alter table forced enable row level security;
alter table forced force row level security;
create policy own_rows on forced using (owner = current_user);
reset role;
create foreign data wrapper rm_wrapper;
create server rm_server foreign data wrapper rm_wrapper;
create foreign table far (id int, owner name, v text) server rm_server;
alter foreign table far owner to regress_rm_owner;

grant select on all tables in schema rm, rm_shut to regress_rm_select, regress_rm_both,
	regress_rm_files, regress_rm_policy, regress_rm_bypass;
revoke select on base from regress_rm_files;
revoke select on child from regress_rm_both;
revoke select on parent from regress_rm_policy;
revoke select on junction from regress_rm_bypass;
grant select on other, links to public;
grant insert, update on all tables in schema rm, rm_shut to regress_rm_write, regress_rm_both,
	regress_rm_policy, regress_rm_bypass;
do $$
declare t regclass;
begin
	for t in select c.oid from pg_class c where relowner = 'regress_rm_owner'::regrole
			and relkind in ('r', 'p', 'v', 'm', 'f') loop
		execute format('grant select (%s) on %s to regress_rm_columns',
			(select string_agg(attname, ', ') from pg_attribute
			 where attrelid = t and attnum > 0 and not attisdropped), t);
		execute format('grant select (%s) on %s to regress_rm_some',
			(select attname from pg_attribute where attrelid = t and attnum = 1), t);
	end loop;
end $$;
create table mine (id int);
create table mine2 (id int primary key, owner name, v text);
alter table mine2 owner to regress_rm_owner;
grant trigger on mine to public;
select count(hotpath.cache_table(t, write_through => t = 'through'::regclass))
	from unnest('{cached, through, root, policed, forced, pair, rm_shut.shut, parent}'::regclass[]) t;

-- what a statement gives a role: a text, or the SQLSTATE; what it did is undone
create function outcome(role name, sql text) returns text language plpgsql as $$
declare result text;
begin
	execute format('set local role %I', role);
	begin
		if sql ~ '^(select|with)' then
			execute sql into result;
		else
			execute sql;
		end if;
		raise exception using errcode = 'UNDOX', message = coalesce(nullif(result, ''), 'ok');
	exception when others then
		result := case sqlstate when 'UNDOX' then sqlerrm when '42501' then '-' else sqlstate end;
	end;
	set local role none;
	return result;
end $$;

-- what the extension is asked, and the plain SQL that must give the same; of that there is none
-- where the outcome is only listed
create table probe (ord serial, proc regprocedure, object text, ours text, plain text);

-- the lines of the matrix
create function matrix() returns setof text language plpgsql as $$
declare
	p probe;
	cells text[];
begin
	for p in select * from probe order by ord loop
		select array_agg(case when plain is null or plain = ours then split_part(ours, ':', 1)
				else '!' || split_part(plain, ':', 1) || '/' || split_part(ours, ':', 1) end order by ord)
			into cells
			from (select ord, outcome(name, p.ours) as ours,
					case when p.plain is not null then outcome(name, p.plain) end as plain
				from role order by ord offset 0) s;
		return next rtrim(rpad(format('%s %s', (select proname from pg_proc where oid = p.proc), p.object), 38) ||
			case when cells[1] = all (cells) then 'everyone: ' || cells[1]
			else (select string_agg(rpad(c, 5), ' ' order by n) from unnest(cells) with ordinality u (c, n)) end);
	end loop;
	insert into tried select * from probe;
	delete from probe;
end $$;
create table tried (like probe);
create view header as
	select rpad('', 38) || rtrim(string_agg(rpad(col, 5), ' ' order by ord)) from role;

-- both sides give "number of rows:their text"
create function rows_of(query text) returns text language sql as $$
	select 'select count(r) || '':'' || coalesce(string_agg(r::text, '','' order by r::text), '''')
		from (' || $1 || ') as s (r)'
$$;
create table object (ord serial, kind text, name text, typed text, key text default 'id');
insert into object (kind, name, typed) select kind, name, 'null::' || name from (values
	('indexed', 'plain'), ('indexed', 'cached'), ('indexed', 'through'), ('keyed', 'root'), ('keyed', 'leaf'),
	('indexed', 'policed'), ('indexed', 'forced'), ('indexed', 'rm_shut.shut'), ('pair', 'pair'),
	('view', 'seen'), ('view', 'barrier'), ('view', 'invoker'), ('view', 'matview'), ('view', 'far')) v (kind, name);
update object set typed = 'rm.shut_type()' where name = 'rm_shut.shut';
update object set key = 'id, v' where kind = 'pair';

-- probes of each object of some kinds: in a text, %1$s is its name, %2$s a null of its row type,
-- %3$s its number, since who may not look into its schema cannot say its name; in plain SQL, %2$s its key
create function probe_each(proc regprocedure, kinds text, ours text, plain text, label text default '%s')
returns void language sql as $$
	insert into probe (proc, object, ours, plain)
	select proc, format(label, name),
		rows_of(format(ours, name, typed, quote_literal(name::regclass::oid) || '::regclass')),
		rows_of(format(plain, name, key))
	from object where kind = any (kinds::text[]) order by object.ord
$$;
\set keyed '\'{keyed, indexed}\''
\set stored '\'{keyed, indexed, pair}\''
\set any '\'{keyed, indexed, pair, view}\''
\set whole '\'select t from %s t\''
\set json '\'select row_to_json(t) from %s t\''

-- reads: as plain SQL
select probe_each(proc, kinds, ours, plain) from (values
	('hotpath.get(anyelement, anycompatible)'::regprocedure, :keyed,
		'select hotpath.get(%2$s, k) from generate_series(0, 5) k', :whole),
	('hotpath.get(anyelement, "any", "any")', '{pair}',
		'select hotpath.get(%2$s, k, ''v'' || k) from generate_series(0, 5) k', :whole),
	('hotpath.get_by(anyelement, regclass, anycompatible)', '{indexed}',
		'select hotpath.get_by(%2$s, (select indexrelid from pg_index
			where indrelid = %3$s and not indisprimary), ''v'' || k) from generate_series(0, 5) k', :whole),
	('hotpath.get_by(anyelement, regclass, anycompatible)', '{keyed}',
		'select hotpath.get_by(%2$s, (select indexrelid from pg_index where indrelid = %3$s), k)
			from generate_series(0, 5) k', :whole),
	('hotpath.get_by(anyelement, regclass, "any", "any")', '{pair}',
		'select hotpath.get_by(%2$s, ''pair_pkey'', k, ''v'' || k) from generate_series(0, 5) k', :whole),
	('hotpath.get_many(anyelement, anycompatiblearray, boolean)', :keyed,
		'select hotpath.get_many(%2$s, array[0, 4, 3, 2, 1])', :whole),
	('hotpath.get_many(anyelement, anycompatiblearray, boolean)', '{pair}',
		'select hotpath.get_many(%2$s, (select array_agg(row(k, ''v'' || k)) from generate_series(0, 5) k))', :whole),
	('hotpath.get_json(regclass, anycompatible)', :keyed,
		'select hotpath.get_json(%3$s, k) from generate_series(0, 5) k', :json),
	('hotpath.get_json(regclass, "any", "any")', '{pair}',
		'select hotpath.get_json(%3$s, k, ''v'' || k) from generate_series(0, 5) k', :json),
	('hotpath.page(anyelement, text, integer, text, integer, text, jsonb)', :any,
		'select item from hotpath.page(%2$s, ''v desc, id'')', :whole),
	('hotpath.page_json(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)', :any,
		'select json_array_elements(hotpath.page_json(%3$s, ''v desc, id'') -> ''items'')', :json),
	('hotpath.connection(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)', :any,
		'select json_array_elements(hotpath.connection(%3$s, ''id, v'') -> ''edges'') -> ''node''', :json),
	('hotpath.page_query(text, text, integer, text, integer, text, jsonb, text[])', :any,
		'select item from hotpath.page_query(''select * from %1$s'', ''id'', unique_key => ''{id}'')', :json),
	('hotpath.pages(anyelement, text, anycompatiblearray, text, integer, text[], jsonb)', :any,
		'select item from hotpath.pages(%2$s, ''id'', array[4, 1, 2, 3], ''v, id'')', :whole),
	('hotpath.cursor_at(regclass, text, anycompatible)', :keyed,
		'select hotpath.cursor_at(%3$s, ''v'', k) is not null from generate_series(1, 4) k
			where hotpath.cursor_at(%3$s, ''v'', k) is not null', 'select true from (select id, v from %s offset 0) s'),
	('hotpath.cursor_at(regclass, text, "any", "any")', '{pair}',
		'select hotpath.cursor_at(%3$s, ''v'', k, ''v'' || k) is not null from generate_series(1, 4) k',
		'select true from (select id, v from %s offset 0) s'),
	('hotpath.embed(regclass, anycompatiblearray, jsonb)', :keyed,
		'select hotpath.embed(%3$s, array[1, 2, 3, 4, 5])', :json),
	('hotpath.embed(regclass, anycompatiblearray, jsonb)', '{pair}',
		'select hotpath.embed(%3$s, (select array_agg(row(k, ''v'' || k)) from generate_series(0, 5) k))', :json),
	('hotpath.embed_where(regclass, jsonb)', :any, 'select hotpath.embed_where(%3$s)', :json),
	('hotpath.load_children(anyelement, anycompatiblearray, text, jsonb, text, integer)', :stored,
		'select item from hotpath.load_children(%2$s, array[1, 2, 3, 4], ''of_side'')', :whole),
	('hotpath.load_through(anyelement, regclass, anycompatiblearray, text, jsonb, text, integer)', :stored,
		'select item from hotpath.load_through(%2$s, ''links'', array[1, 2, 3, 4], ''side_id'')',
		'select t from links l join %s t on t.id = l.id'),
	('hotpath.row_to_json(record, boolean)', :any, 'select hotpath.row_to_json(t) from %1$s t', :json),
	('hotpath.export_json(text, jsonb, text, integer)', :any,
		'select regexp_split_to_table(hotpath.export_json(''select * from %1$s order by id''), ''\n'')', :json)
) as p (proc, kinds, ours, plain);
select header.* from header;
select matrix();

-- columns: those that are named, those of the order, which ends with the key, and no others need the
-- right to be read
select probe_each(proc, :any, ours, plain) from (values
	('hotpath.page_json(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)'::regprocedure,
		'select json_array_elements(hotpath.page_json(%3$s, ''id'', columns => ''{id}'') -> ''items'')',
		'select row_to_json(s) from (select id from %s order by %s) s'),
	('hotpath.connection(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)',
		'select json_array_elements(hotpath.connection(%3$s, ''id'', columns => ''{id}'') -> ''edges'') -> ''node''',
		'select row_to_json(s) from (select id from %s order by %s) s'),
	('hotpath.embed_where(regclass, jsonb)', 'select hotpath.embed_where(%3$s, ''{"columns": ["id"]}'')',
		'select row_to_json(s) from (select id from %s) s')
) as p (proc, ours, plain);
-- ... and of a junction those of the two foreign keys, which are one column here
select probe_each('hotpath.load_through(anyelement, regclass, anycompatiblearray, text, jsonb, text, integer)', :stored,
	'select item from hotpath.load_through(null::other, %3$s, array[1, 2, 3, 4], ''of_side'')',
	'select o from %s t join other o on o.id = t.id', 'through %s');
-- ... only some columns are asked for
select header.* from header;
select matrix();

-- related tables with rights of their own: sel has all, rw lacks the children, pol the parents, byp
-- the junction
insert into probe (proc, object, ours, plain) select proc, object, rows_of(ours), rows_of(plain) from (values
	('hotpath.load_children(anyelement, anycompatiblearray, text, jsonb, text, integer)'::regprocedure, 'children',
		'select item from hotpath.load_children(null::child, array[1, 2], ''parent_id'')',
		'select t from child t'),
	('hotpath.load_through(anyelement, regclass, anycompatiblearray, text, jsonb, text, integer)', 'through junction',
		'select item from hotpath.load_through(null::plain, ''junction'', array[1, 2])',
		'select t from junction j join plain t on t.id = j.plain_id'),
	('hotpath.embed(regclass, anycompatiblearray, jsonb)', 'parents + children',
		'select r::jsonb from hotpath.embed(''parent'', array[1, 2], ''{"with": {"child": {"order_by": "id"}}}'') r',
		'select to_jsonb(t) || jsonb_build_object(''child'', (select jsonb_agg(to_jsonb(c) order by c.id)
			from child c where c.parent_id = t.id)) from parent t'),
	('hotpath.embed_where(regclass, jsonb)', 'children + parent',
		'select r::jsonb from hotpath.embed_where(''child'', ''{"with": {"parent": {}}}'') r',
		'select to_jsonb(t) || jsonb_build_object(''parent'', (select to_jsonb(p) from parent p
			where p.id = t.parent_id)) from child t'),
	('hotpath.embed_where(regclass, jsonb)', 'parents with any child',
		'select r::jsonb from hotpath.embed_where(''parent'', ''{"columns": ["id"],
			"with": {"child": {"join": "inner", "columns": ["id"], "order_by": "id"}}}'') r',
		'select jsonb_build_object(''id'', t.id, ''child'', jsonb_agg(jsonb_build_object(''id'', c.id) order by c.id))
			from parent t join child c on c.parent_id = t.id group by t.id'),
	('hotpath.embed(regclass, anycompatiblearray, jsonb)', 'many-to-many',
		'select r::jsonb from hotpath.embed(''parent'', array[1, 2],
			''{"with": {"plain": {"through": "junction", "order_by": "id"}}}'') r',
		'select to_jsonb(t) || jsonb_build_object(''plain'', (select jsonb_agg(to_jsonb(p) order by p.id)
			from junction j join plain p on p.id = j.plain_id where j.parent_id = t.id)) from parent t'),
	('hotpath.page_json(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)', 'children + parent',
		'select json_array_elements(hotpath.page_json(''child'', embed => ''{"with": {"parent": {}}}'') -> ''items'')::jsonb',
		'select to_jsonb(t) || jsonb_build_object(''parent'', (select to_jsonb(p) from parent p
			where p.id = t.parent_id)) from child t'),
	('hotpath.pages(anyelement, text, anycompatiblearray, text, integer, text[], jsonb)', 'children',
		'select item from hotpath.pages(null::child, ''parent_id'', array[1, 2], ''id'')', 'select t from child t')
) as p (proc, object, ours, plain);
-- ... related tables
select header.* from header;
select matrix();

-- writes, counts, exports: as plain SQL, with one row or value
insert into probe (proc, object, ours, plain)
select 'hotpath.put(anyelement)', name,
	format('select ''1:'' || hotpath.put(jsonb_populate_record(%s, ''{"id": 2, "owner": "regress_rm_policy", "v": "new"}''))', typed),
	format('with w as (insert into %1$s as t values (2, ''regress_rm_policy'', ''new'') on conflict (%2$s) do update
		set owner = excluded.owner, v = excluded.v returning t) select ''1:'' || w.t from w', name, key)
from object where kind = any (:stored) order by ord;
insert into probe (proc, object, ours, plain)
select 'hotpath.page_json(regclass, text, integer, text, integer, text, jsonb, text[], jsonb, text)', name || ' count',
	format('select hotpath.page_json(%L::regclass, ''id'', columns => ''{id}'', count => ''exact'', first => 1) ->> ''total_count''', name::regclass::oid),
	format('select count(id) from (select id from %s order by %s) s', name, key)
from object order by ord;
-- a gzip file ends with the length of its text
insert into probe (proc, object, ours, plain)
select 'hotpath.export_json_compressed(text, text, integer, jsonb, text, integer)', name,
	format('select get_byte(f, length(f) - 4) from (select string_agg(c, '''')
		from hotpath.export_json_compressed(''select * from %s'') c) s (f)', name),
	format('select coalesce(sum(length(row_to_json(t)::text || e''\n'')), 0) from %s t', name)
from object order by ord;
-- a file is what COPY writes
select current_setting('data_directory') || '/rights_matrix.json' as file \gset
create function written() returns text security definer language sql as
	$$ select pg_read_file('rights_matrix.json') $$;
create function copied(query text, file text) returns text language plpgsql as $$
declare n bigint;
begin
	execute format('copy (%s) to %L', query, file);
	get diagnostics n = row_count;
	return n || ':' || written();
end $$;
insert into probe (proc, object, ours, plain)
select 'hotpath.export_json_file(text, text, jsonb, text, text, integer)', name,
	format('select rows || '':'' || written() from hotpath.export_json_file(%L, ''select * from %s'')', :'file', name),
	format('select copied(''select row_to_json(t) from %s t'', %L)', name, :'file')
from object order by ord;
-- ... writes, counts and exports; of compressed ones the length
select header.* from header;
select matrix();
copy mine from program 'rm rights_matrix.json';

-- what they read came from the cache where it may
select relation, hits > 0 as hits, bypass_rls > 0 as bypassed from hotpath.cache_stats
where relation in ('cached'::regclass, 'policed'::regclass);

-- what is for owners, administrators or everybody: listed
select hotpath.warm(t) >= 0 as warm from unnest('{cached, through, root, policed, forced, rm_shut.shut}'::regclass[]) t;
insert into probe (proc, object, ours)
select proc, name, format(ours, name, typed, quote_literal(name::regclass::oid) || '::regclass') from (values
	(1, 'hotpath.peek(anyelement, anycompatible)'::regprocedure,
		'select count(r) || '':'' from (select hotpath.peek(%2$s, k) r from generate_series(1, 4) k offset 0) s'),
	(2, 'hotpath.evict(regclass, anycompatible)', 'select hotpath.evict(%3$s, 1)'),
	(3, 'hotpath.verify_cache(regclass, bigint)', 'select case when stale > 0 then ''stale'' when checked > 0 then ''some'' else ''none'' end from hotpath.verify_cache(%3$s)'),
	(4, 'hotpath.cache_check(regclass)', 'select ''ok:'' from hotpath.cache_check(%3$s)'),
	(5, 'hotpath.cache_table(regclass, regclass, interval, boolean)', 'select hotpath.cache_table(%3$s)'),
	(6, 'hotpath.warm(regclass, bigint)', 'select ''ok:'' from hotpath.warm(%3$s)'),
	(7, 'hotpath.evict_all(regclass)', 'select ''ok:'' from hotpath.evict_all(%3$s)'),
	(8, 'hotpath.uncache_table(regclass)', 'select hotpath.uncache_table(%3$s)'),
	(9, 'hotpath.relationships(regclass)', 'select ''ok:'' || count(*) from hotpath.relationships(%3$s)'),
	(10, 'hotpath.page_explain(regclass, text, jsonb)', 'select ''ok:'' || strategy from hotpath.page_explain(%3$s, ''id'')')
) as p (n, proc, ours), object
where name in ('plain', 'cached', 'through', 'root', 'policed', 'forced', 'rm_shut.shut', 'seen')
order by p.n, object.ord;
-- ... maintenance
select header.* from header;
select matrix();

insert into probe (proc, object, ours) values
	('hotpath.peek(anyelement, "any", "any")', 'pair', 'select ''ok:'' || count(r) from (select hotpath.peek(null::pair, 1, ''v1'') r offset 0) s'),
	('hotpath.evict(regclass, "any", "any")', 'pair', 'select ''ok:'' from hotpath.evict(''pair'', 1, ''v1'')'),
	('hotpath.evict_all(regclass)', 'all of the database', 'select ''ok:'' from hotpath.evict_all()'),
	('hotpath.reset_cache_stats()', '', 'select hotpath.reset_cache_stats()'),
	('hotpath.cache_slots()', '', 'select ''ok:'' from hotpath.cache_slots() limit 1'),
	('hotpath.cache_slots()', 'as cache_stats', 'select ''ok:'' from hotpath.cache_stats where relation = ''rm.cached''::regclass'),
	('hotpath.cache_memory_status()', 'as cache_memory', 'select ''ok:'' from hotpath.cache_memory'),
	('hotpath.cache_memory_status()', '', 'select ''ok:'' from hotpath.cache_memory_status()'),
	('hotpath.key_seed(regclass, name[])', '', 'select ''ok:'' from hotpath.key_seed(''rm.cached'', ''{id}'')'),
	('hotpath.key_index(regclass, boolean, name[])', '', 'select ''ok:'' || hotpath.key_index(''rm.cached'', true, ''{id}'')'),
	('hotpath.row_columns_to_json(text[], boolean, "any")', '', 'select ''ok:'' from hotpath.row_columns_to_json(''{a}'', false, 1)'),
	-- by which code minor releases of the server refuse this differs
	('hotpath.row_to_json_support(internal)', '', 'do $do$ begin perform hotpath.row_to_json_support(null); '
		|| 'exception when undefined_function or feature_not_supported then raise undefined_function; end $do$'),
	('hotpath.export_json_file(text, text, jsonb, text, text, integer)', 'absolute path',
		'select ''ok:'' from hotpath.export_json_file(''/nowhere/x'', ''select 1'')'),
	('hotpath.note_row()', 'called', 'select hotpath.note_row()'),
	('hotpath.note_row()', 'used', 'create trigger x after insert on rm.mine for each row execute function hotpath.note_row()'),
	('hotpath.note_truncate()', 'used', 'create trigger x after truncate on rm.mine execute function hotpath.note_truncate()'),
	('hotpath.note_config()', 'used', 'create trigger x after insert on rm.mine for each row execute function hotpath.note_config()'),
	('hotpath.keep_config()', 'used', 'create trigger x before insert on rm.mine for each row execute function hotpath.keep_config()'),
	('hotpath.note_start()', 'used', 'create event trigger x on ddl_command_start execute function hotpath.note_start()'),
	('hotpath.note_ddl()', 'used', 'create event trigger x on ddl_command_end execute function hotpath.note_ddl()'),
	('hotpath.note_drop()', 'used', 'create event trigger x on sql_drop execute function hotpath.note_drop()'),
	('hotpath.note_rewrite()', 'used', 'create event trigger x on table_rewrite execute function hotpath.note_rewrite()'),
	('hotpath.cache_slots()', 'cached_key: read', 'select ''ok:'' from hotpath.cached_key limit 1'),
	('hotpath.cache_slots()', 'cached_key: write', 'update hotpath.cached_key set ttl = null'),
	('hotpath.cache_slots()', 'cached_key: delete', 'delete from hotpath.cached_key'),
	('hotpath.cache_slots()', 'cached_key: lock', 'lock table hotpath.cached_key in exclusive mode'),
	('hotpath.cache_slots()', 'cursor_secret: show', 'select current_setting(''pg_hotpath.cursor_secret'')'),
	('hotpath.cache_slots()', 'cursor_secret: set', 'select set_config(''pg_hotpath.cursor_secret'', ''x'', true)'),
	('hotpath.cache_slots()', 'cursor_ttl: set', 'select set_config(''pg_hotpath.cursor_ttl'', ''1'', true)'),
	('hotpath.cache_slots()', 'max_entry_size: set', 'select set_config(''pg_hotpath.max_entry_size'', ''1'', true)'),
	('hotpath.cache_slots()', 'enabled: set', 'select set_config(''pg_hotpath.enabled'', ''off'', true)');
-- ... the extension's own
select header.* from header;
select matrix();

-- no function of the extension is missing above
select distinct p.oid::regprocedure from pg_proc p where pronamespace = 'hotpath'::regnamespace
	and p.oid not in (select proc from tried) order by 1;

-- without USAGE on schema hotpath, or EXECUTE on a function: nothing, though writers are noted
begin;
revoke usage on schema hotpath from public;
select outcome as without_usage, count(*) from tried, outcome('regress_rm_select', ours)
where ours ~ 'hotpath\.' and ours !~ 'set_config|current_setting|from far|support' group by 1;
rollback;
begin;
revoke execute on all functions in schema hotpath from public;
revoke select on all tables in schema hotpath from public;
select outcome as without_execute, count(*) from tried, outcome('regress_rm_select', ours)
where ours ~ 'hotpath\.' and ours !~ 'set_config|current_setting|from far|support' group by 1;
rollback;
begin;
revoke usage on schema hotpath from public;
revoke execute on all functions in schema hotpath from public;
select hotpath.get(null::cached, 1);
set local role regress_rm_both;
update cached set v = 'noted' where id = 1;
reset role;
select hotpath.get(null::cached, 1);
rollback;

drop table links;
-- nor does DDL of the owner fail, who may have no business with the extension; a partition that could
-- not be given its trigger keeps reads from the cache
create table ddl (sql text);
insert into ddl values ('alter table rm.cached add x int'), ('alter table rm.cached rename v to w'),
	('drop table rm.policed'), ('truncate rm.through'), ('drop table rm.leaf'),
	('alter table rm.root detach partition rm.leaf'),
	('create table rm.leaf3 partition of rm.root for values from (10) to (20)'),
	('alter table rm.root attach partition rm.mine2 for values from (20) to (30)');
begin;
revoke usage on schema hotpath from public;
select sql, outcome('regress_rm_owner', sql) from ddl;
set local role regress_rm_owner;
alter table root attach partition mine2 for values from (20) to (30);
reset role;
select hotpath.cache_check('root');
rollback;
-- PostgreSQL itself clones the row trigger, which takes TRIGGER on the partition, and EXECUTE on the
-- function
begin;
revoke trigger on mine2 from regress_rm_owner;
select sql, outcome('regress_rm_owner', sql) from ddl where sql ~ 'attach';
rollback;
begin;
revoke execute on all functions in schema hotpath from public;
select sql, outcome('regress_rm_owner', sql) from ddl;
rollback;

reset search_path;
alter database :"here" owner to :"me";
drop server rm_server cascade;
drop foreign data wrapper rm_wrapper;
drop schema rm, rm_shut cascade;
drop role regress_rm_owner, regress_rm_member, regress_rm_noinherit, regress_rm_select, regress_rm_columns,
	regress_rm_some, regress_rm_write, regress_rm_both, regress_rm_nothing, regress_rm_reads,
	regress_rm_writes, regress_rm_monitor, regress_rm_files, regress_rm_database, regress_rm_policy,
	regress_rm_bypass;
