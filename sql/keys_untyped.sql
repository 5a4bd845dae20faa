-- Parameters without a type, as many drivers send them.
create schema untyped;
set search_path = untyped;

create table item (id bigint primary key, tag uuid unique, name text);
insert into item select i, ('00000000-0000-0000-0000-00000000000' || i)::uuid, 'item ' || i
from generate_series(1, 5) i;
create table pair (a int, b date, v text, primary key (a, b));
insert into pair values (1, '2026-01-01', 'one'), (2, '2026-02-02', 'two');
select hotpath.cache_table('item'), hotpath.cache_table('item', 'item_tag_key'),
	hotpath.cache_table('pair');

prepare get_item as select * from hotpath.get(null::item, $1);
prepare get_by_tag as select * from hotpath.get_by(null::item, 'item_tag_key', $1);
prepare json_item as select hotpath.get_json('item', $1);
prepare many_items as select id from hotpath.get_many(null::item, $1);
prepare many_kept as select id from hotpath.get_many(null::item, $1, $2);
prepare get_pair as select * from hotpath.get(null::pair, array[$1, $2]);
prepare many_pairs as select * from hotpath.get_many(null::pair, $1);
select name, parameter_types from pg_prepared_statements order by name collate "C";

execute get_item('3');
execute get_item('3');
execute get_item(null);
execute get_by_tag('00000000-0000-0000-0000-000000000002');
execute json_item('4');
execute many_items('{5,1,5,7}');
execute many_kept('{5,7}', true);
execute get_pair('1', '2026-01-01');
execute many_pairs('{"(2,2026-02-02)","(1,2026-01-01)"}');

-- literals without a type
select * from hotpath.get(null::item, '2');
select * from hotpath.get(null::pair, '2', '2026-02-02');
select id from hotpath.get_many(null::item, '{2,1}');

-- a type that text casts to by a function, which takes less than a literal may be
create table by_class (id regclass primary key, v text);
insert into by_class values ('-', 'none'), ('pg_class', 'pg_class');
select (hotpath.get(null::by_class, '-')).v, (hotpath.get(null::by_class, '1259'::text)).v, hotpath.get_json('by_class', 'pg_class');

-- a generic plan gives the same
set plan_cache_mode = force_generic_plan;
execute get_item('3');
execute many_items('{5,1,5,7}');
execute get_pair('1', '2026-01-01');
reset plan_cache_mode;

-- text that is no key of that type is an error, as it is for a SELECT
\set VERBOSITY sqlstate
execute get_item('three');
execute get_by_tag('no uuid');
\set VERBOSITY default

deallocate all;
set client_min_messages = warning;
drop schema untyped cascade;
