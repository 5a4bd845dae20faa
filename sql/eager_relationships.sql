-- Relationships: found from foreign keys, both directions, each with a name of its own.
create schema eager_rel;
set search_path = eager_rel;

create table users (id bigint primary key, name text);
create table profiles (id int primary key, user_id bigint not null unique references users, bio text);
create table orders (id int primary key, user_id bigint references users, approved_by bigint references users);
create table invoices (order_id int primary key references orders, number text);
create table groups (id int primary key, label text);
create table memberships (user_id bigint references users, group_id int references groups, since date,
	primary key (user_id, group_id));
create table employees (id int primary key, manager_id int references employees, name text);
create table friendships (user_id bigint references users, friend_id bigint references users,
	primary key (user_id, friend_id));
create table visits (user_id bigint references users, group_id int references groups, at timestamptz);
create index on orders (user_id);

create function show(rel regclass) returns table(name text, kind text, target text, fk name, columns text, targets text,
	through text, index text)
	language sql as $$
	select name, kind, target::text, fk, array_to_string(columns, ','), array_to_string(target_columns, ','),
		through::text, index::text from hotpath.relationships(rel) order by name collate "C" $$;

select * from show('users');
select * from show('orders');
select * from show('profiles');
select * from show('invoices');
select * from show('groups');
select * from show('memberships');
select * from show('employees');
select * from hotpath.relationships(null);
create table lonely (id int primary key);
select * from show('lonely');

-- every name works as a key
create function every_name_works(rel regclass) returns table(name text, works boolean) language plpgsql as $$
declare r record;
begin
	for r in select n.name from show(rel) n loop
		perform hotpath.embed_where(rel, jsonb_build_object('columns', '[]'::jsonb, 'with', jsonb_build_object(r.name, '{}'::jsonb)));
		name := r.name; works := true; return next;
	end loop;
end $$;
select count(*), bool_and(works) from unnest(array['users', 'orders', 'profiles', 'groups', 'memberships', 'employees']) t,
	lateral every_name_works(t::regclass);

-- composite keys, in the order of the constraint; one table's key twice
create table regions (country text, code int, name text, primary key (country, code));
create table cities (id int primary key, region_code int, region_country text, twin_country text, twin_code int,
	constraint city_region foreign key (region_country, region_code) references regions,
	constraint city_twin foreign key (twin_country, twin_code) references regions (country, code));
create index cities_by_region on cities (region_code, region_country, id);
select * from show('regions');
select * from show('cities');

-- indexes that do not serve: partial, on other columns first, of another kind, of another collation
create table notes (id int primary key, region_country text, region_code int, x text collate "C",
	foreign key (region_country, region_code) references regions);
create index on notes (id, region_country, region_code);
create index on notes (region_country, region_code) where id > 0;
create index on notes using hash (region_country);
select name, index from show('regions') where name = 'notes';
create table labels (label text collate "C" primary key);
create table labelled (label text collate "C" references labels);
create index on labelled (label collate "POSIX");
select name, index from show('labels');
create index labelled_ok on labelled (label);
select name, index from show('labels');

-- unique, but deferrable, partial or on more columns: not one-to-one
create table parents (id int primary key);
create table c1 (parent_id int references parents unique deferrable);
create table c2 (parent_id int references parents);
create unique index on c2 (parent_id) where parent_id > 0;
create table c3 (parent_id int references parents, n int, unique (parent_id, n));
create table c4 (parent_id int references parents unique);
select name, kind from show('parents');

-- a junction whose key has a column of neither foreign key is none; one with a shared column is
create table tenants (id int primary key);
create table t_users (tenant_id int references tenants, id int, primary key (tenant_id, id));
create table t_groups (tenant_id int references tenants, id int, primary key (tenant_id, id));
create table t_members (tenant_id int, user_id int, group_id int, primary key (tenant_id, user_id, group_id),
	foreign key (tenant_id, user_id) references t_users, foreign key (tenant_id, group_id) references t_groups);
create table t_logins (tenant_id int, user_id int, group_id int, at int, primary key (tenant_id, user_id, group_id, at),
	foreign key (tenant_id, user_id) references t_users, foreign key (tenant_id, group_id) references t_groups);
select name, kind, through from show('t_users');

-- other schemas: names stay unique
create schema eager_other;
create table eager_other.orders (id int primary key, user_id bigint references eager_rel.users);
select * from show('users') where target like '%orders';
select * from show('eager_other.orders');

-- partitioned tables: each foreign key once, on whichever side
create table accounts (id int primary key) partition by range (id);
create table accounts_1 partition of accounts for values from (0) to (100);
create table accounts_2 partition of accounts for values from (100) to (200) partition by range (id);
create table accounts_21 partition of accounts_2 for values from (100) to (200);
create table entries (id int, account_id int references accounts, primary key (id)) partition by range (id);
create table entries_1 partition of entries for values from (0) to (100);
create table entries_2 partition of entries for values from (100) to (200) partition by range (id);
create table entries_21 partition of entries_2 for values from (100) to (200);
select * from show('accounts');
select * from show('entries');
select * from show('entries_21');
select name, kind, target, columns, targets from show('accounts_21');
create index on entries (account_id);
select name, index from show('accounts');
create table entries_3 (id int not null, account_id int);
alter table entries attach partition entries_3 for values from (200) to (300);
select name, kind, index from show('accounts');
select name, target from show('entries_3');

-- ambiguous and unknown, with what there is
create function try(rel regclass, spec jsonb) returns text language plpgsql as $$
declare code text; message text; detail text; hint text;
begin
	perform hotpath.embed_where(rel, spec);
	return 'fine';
exception when others then
	get stacked diagnostics code = returned_sqlstate, message = message_text, detail = pg_exception_detail,
		hint = pg_exception_hint;
	return format(E'%s: %s\n%s\n%s', code, message, detail, hint);
end $$;
\pset format unaligned
\pset tuples_only on
select try('users', '{"with": {"orders": {"relation": "orders"}}}');
select try('orders', '{"with": {"users": {}}}');
select try('orders', '{"with": {"users": {"fk": "user_id"}}}');
select try('orders', '{"with": {"approved_by": {}}}');
select try('orders', '{"columns": ["id"], "with": {"approved_by": {}}}');
select try('users', '{"with": {"users": {}}}');
select try('users', '{"with": {"nothing": {}}}');
select try('lonely', '{"with": {"nothing": {}}}');
select try('users', '{"with": {"x": {"relation": "employees"}}}');
select try('users', '{"with": {"x": {"relation": "no_such_table"}}}');
select try('users', '{"with": {"x": {"relation": "orders", "fk": "no_such_key"}}}');
select try('users', '{"with": {"x": {"relation": "orders", "fk": "user_id"}}}');
select try('users', '{"with": {"x": {"relation": "orders", "fk": "orders_approved_by_fkey"}}}');
select try('users', '{"with": {"orders_by_user": {"relation": "orders"}}}');
select try('users', '{"with": {"x": {"relation": "eager_other.orders"}}}');
select try('users', '{"with": {"groups": {}}}');
select try('users', '{"with": {"x": {"relation": "groups", "through": "visits"}}}');
select try('users', '{"with": {"x": {"relation": "groups", "through": "orders"}}}');
select try('users', '{"with": {"x": {"relation": "users", "through": "friendships"}}}');
select try('users', '{"with": {"x": {"relation": "users", "through": "friendships", "fk": "user_id"}}}');
select try('employees', '{"with": {"manager": {}, "reports": {"relation": "employees", "fk": "manager_id"}}}');
\pset format aligned
\pset tuples_only off

-- what changes is seen at once, in the same session
select name from show('lonely');
alter table visits add column lonely_id int references lonely;
select name, fk from show('lonely');
alter table visits rename constraint visits_lonely_id_fkey to visit_of;
alter table visits rename column lonely_id to alone_id;
alter table visits rename to calls;
select name, fk, targets, index from show('lonely');
create index calls_of on calls (alone_id);
select name, kind, index from show('lonely');
drop index calls_of;
create unique index calls_once on calls (alone_id);
select name, kind, index from show('lonely');
begin;
alter table calls drop column alone_id;
select name from show('lonely');
rollback;
select name, kind from show('lonely');
drop table calls;
select name from show('lonely');
select * from show('groups');

set client_min_messages = warning;
drop schema eager_rel, eager_other cascade;
