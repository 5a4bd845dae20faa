-- Names of every kind.
create schema "Weird ""name""";
create schema "select";

create table "Weird ""name"""."table" ("order" int, "Group ""by""" text, "hp" text, hp0 int,
	"new.row" text, "excluded" int, primary key ("order", "Group ""by"""));
create table "select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system"
	("a_column_name_that_is_as_long_as_a_name_can_be_in_this_database" int primary key, hp text unique);
create table "select"."Größe's %s \ $1" ("ü" text primary key, "%s" text, "$1" int, "'" date);
insert into "Weird ""name"""."table" values (1, 'a', 'x', 1, 'n', 2), (2, 'b', 'y', 2, 'n', 3);
insert into "select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system" values (1, 'one');
insert into "select"."Größe's %s \ $1" values ('ä', '%d', 1, '2026-01-01');

select hotpath.cache_table('"Weird ""name"""."table"'),
	hotpath.cache_table('"select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system"'),
	hotpath.cache_table('"select"."Größe''s %s \ $1"');
select relation, key_columns from hotpath.cached_key
where relation::text like '"select"%' or relation::text like '"Weird%' order by relation::text collate "C";

-- read
select hotpath.get(null::"Weird ""name"""."table", 1, 'a');
select hotpath.get(null::"Weird ""name"""."table", 1, 'a');
select * from hotpath.get_many(null::"Weird ""name"""."table", array[row(2, 'b'), row(1, 'a')]);
select hotpath.get_json('"Weird ""name"""."table"', array['2', 'b']);
select hotpath.get(null::"select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system", 1);
select hotpath.get_json('"select"."Größe''s %s \ $1"', 'ä');
select * from hotpath.get_many(null::"select"."Größe's %s \ $1", array['ö', 'ä']);

-- write
update "Weird ""name"""."table" set "hp" = 'changed', "excluded" = 7 where "order" = 1;
select hotpath.get(null::"Weird ""name"""."table", 1, 'a');
select hotpath.put(row(1, 'a', 'put', 5, 'o', 6)::"Weird ""name"""."table");
select hotpath.put(row(1, 'uno')::"select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system");
select hotpath.put(row('ä', '%x', 2, null)::"select"."Größe's %s \ $1");
select hotpath.get(null::"Weird ""name"""."table", 1, 'a'),
	hotpath.get(null::"select"."a_name_that_is_as_long_as_a_name_can_be_in_this_database_system", 1),
	hotpath.get(null::"select"."Größe's %s \ $1", 'ä');

-- a column called as the table, and as its alias in generated statements
create table "select".item (item int primary key, hp int, hp0 int, hp_keys int, hp_rows int, k1 int, t int);
insert into "select".item select i, i, i, i, i, i, i from generate_series(1, 3) i;
select hotpath.cache_table('"select".item');
select hotpath.get(null::"select".item, 1);
select * from hotpath.get_many(null::"select".item, array[3, 1]);
select hotpath.put(row(1, 2, 3, 4, 5, 6, 7)::"select".item);
select hotpath.get(null::"select".item, 1);

-- messages, maintenance
select hotpath.get(null::"Weird ""name"""."table", 1);
select hotpath.cache_table('"Weird ""name"""."table"', '"select".item_pkey');
select hotpath.warm('"select"."Größe''s %s \ $1"') is not null as warmed;
select stale from hotpath.verify_cache('"Weird ""name"""."table"');
alter table "select".item disable trigger all;
select hotpath.cache_table('"select".item');
select hotpath.cache_check('"select".item') is null as is_cached;
select hotpath.uncache_table('"select"."Größe''s %s \ $1"');
alter table "Weird ""name"""."table" rename to "user";
select hotpath.get(null::"Weird ""name"""."user", 1, 'a');

set client_min_messages = warning;
drop schema "Weird ""name""", "select" cascade;
