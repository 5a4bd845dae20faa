-- Filters: every operator over every kind of type, written for hotpath.page_json(rel, filter => ...).
-- Each case names a filter and the condition that it must mean; the last SELECT of a part shows
-- only those where the two differ, so the expected output is empty there.
create schema filters;
set search_path = filters;
set timezone = 'UTC';

create type mood as enum ('sad', 'ok', 'happy');
create type pair as (a int, b text);
create domain positive as int check (value > 0);
create domain more_positive as positive;
create domain padded as char(5);
create domain word as text;
create domain numbers as int[];
create type words as range (subtype = text);

create table item (
	id int primary key, i int, b bigint, n numeric(12,3), f float8, t text, v varchar(20), c char(6),
	nm name, pos more_positive, pad padded, w word, nums numbers, m mood, u uuid, d date,
	ts timestamptz, iv interval, bo boolean, j jsonb, js json, ar int[], ta text[], ir int4range,
	tr tstzrange, mr int4multirange, xr words, co pair, ca pair[], ip inet, ba bytea, p point,
	x xid, ov oidvector, "$price" int, "We ird""x" int, "select" text, gone int);
alter table item drop column gone;
insert into item
select g, g % 7, g * 1000000000::bigint, g / 3.0, g / 4.0, 't' || g, 'v' || g % 5, 'c' || g % 4,
	'nm' || g, g, 'ab' || g % 3, 'w' || g, array[g, g + 1], (enum_range(null::mood))[g % 3 + 1],
	lpad(g::text, 32, '0')::uuid, date '2024-01-01' + g,
	timestamptz '2024-01-01 00:00:00.123456Z' + g * interval '1 hour', g * interval '1 min',
	g % 2 = 0, jsonb_build_object('a', g, 'b', array[g, 2]), '{}', array[g, g % 3],
	array['a' || g, 'b,"c'], int4range(g, g + 10),
	tstzrange(timestamptz '2024-01-01Z' + g * interval '1 hour', null),
	int4multirange(int4range(g, g + 2)), words('a', 'b' || g), row(g, 'x' || g)::pair,
	array[row(g, 'x')::pair], ('10.0.0.' || g)::inet, decode(lpad(g::text, 4, '0'), 'hex'),
	point(g, g), g::text::xid, (g || ' 2')::oidvector, g, g, 'kw' || g
from generate_series(1, 30) g;
insert into item (id) values (100), (101);
insert into item (id, co, t, f, j) values
	(102, row(null, null)::pair, '', 'NaN', 'null'),
	(103, row(1, null)::pair, E'100%_\\ ''"; drop', 'Infinity', '"str"');

-- the ids of a filter through the page, and of the condition through plain SQL
create function differs(filter text, condition text) returns boolean language plpgsql as $$
declare
	given jsonb;
	wanted jsonb;
begin
	select jsonb_agg(i -> 'id' order by (i ->> 'id')::int) into given
		from jsonb_array_elements(
			hotpath.page_json('item', first => 1000, filter => filter::jsonb)::jsonb -> 'items') i;
	execute format('select jsonb_agg(id order by id) from item where %s', condition) into wanted;
	return given is distinct from wanted;
end
$$;

create table good (filter text, condition text);
insert into good values
	($f${}$f$, $f$true$f$),
	($f${"i": 3}$f$, $f$i=3$f$),
	($f${"i": "3"}$f$, $f$i=3$f$),
	($f${"i": null}$f$, $f$i is null$f$),
	($f${"i": {"$ne": null}}$f$, $f$i is not null$f$),
	($f${"i": {"$eq": null}}$f$, $f$i is null$f$),
	($f${"i": {"$ne": 3}}$f$, $f$i<>3$f$),
	($f${"i": {"$gt": 3, "$lte": 5}}$f$, $f$i>3 and i<=5$f$),
	($f${"i": {"$gte": 3, "$lt": 5}}$f$, $f$i>=3 and i<5$f$),
	($f${"i": {"$in": [1,2,null]}}$f$, $f$i in (1,2) or i is null$f$),
	($f${"i": {"$nin": [1,2,null]}}$f$, $f$i not in (1,2) and i is not null$f$),
	($f${"i": {"$nin": [1,2]}}$f$, $f$i not in (1,2)$f$),
	($f${"i": {"$in": []}}$f$, $f$false$f$),
	($f${"i": {"$nin": []}}$f$, $f$true$f$),
	($f${"i": {"$in": [null]}}$f$, $f$i is null$f$),
	($f${"i": {"$nin": [null]}}$f$, $f$i is not null$f$),
	($f${"i": {"$is_null": true}}$f$, $f$i is null$f$),
	($f${"i": {"$is_null": false}}$f$, $f$i is not null$f$),
	($f${"i": {"$not": {"$gt": 3}}}$f$, $f$not i>3$f$),
	($f${"i": {"$not": {"$gt": 1, "$not": {"$lt": 5}}}}$f$, $f$not (i>1 and not i<5)$f$),
	($f${"$not": {}}$f$, $f$false$f$),
	($f${"$not": {"i": 3}}$f$, $f$not i=3$f$),
	($f${"$or": []}$f$, $f$false$f$),
	($f${"$and": []}$f$, $f$true$f$),
	($f${"$or": [{}]}$f$, $f$true$f$),
	($f${"$or": [{"i":1},{"b":2000000000}]}$f$, $f$i=1 or b=2000000000$f$),
	($f${"$and": [{"$or": [{"i":1},{"i":2}]},{"$or":[{"bo":true},{"bo":null}]}]}$f$, $f$(i=1 or i=2) and (bo or bo is null)$f$),
	($f${"$$price": 3}$f$, $f$"$price"=3$f$),
	($f${"We ird\"x": 3}$f$, $f$"We ird""x"=3$f$),
	($f${"select": "kw3"}$f$, $f$"select"='kw3'$f$),
	($f${"b": {"$in": [1000000000, "2000000000"]}}$f$, $f$b in (1000000000,2000000000)$f$),
	($f${"n": {"$gt": 3.3, "$lt": "5"}}$f$, $f$n>3.3 and n<5$f$),
	($f${"n": 1e0}$f$, $f$n=1$f$),
	($f${"f": "NaN"}$f$, $f$f='NaN'$f$),
	($f${"f": {"$lt": "Infinity"}}$f$, $f$f<'Infinity'$f$),
	($f${"t": "t3"}$f$, $f$t='t3'$f$),
	($f${"t": ""}$f$, $f$t=''$f$),
	($f${"t": 3}$f$, $f$t='3'$f$),
	($f${"t": {"$gt": "t5"}}$f$, $f$t>'t5'$f$),
	($f${"t": {"$like": "t1%"}}$f$, $f$t like 't1%'$f$),
	($f${"t": {"$ilike": "T1_"}}$f$, $f$t ilike 'T1_'$f$),
	($f${"t": {"$regex": "^t[12]$"}}$f$, $f$t ~ '^t[12]$'$f$),
	($f${"t": {"$like": "100\\%\\_%"}}$f$, $f$t like '100\%\_%'$f$),
	($f${"t": "100%_\\ '\"; drop"}$f$, $f$id=103$f$),
	($f${"t": {"$in": ["t1", "x', 'y"]}}$f$, $f$t in ('t1')$f$),
	($f${"v": "v1"}$f$, $f$v='v1'$f$),
	($f${"v": {"$in": ["v1","v2"]}}$f$, $f$v in ('v1','v2')$f$),
	($f${"v": {"$like": "v%"}}$f$, $f$v like 'v%'$f$),
	($f${"v": {"$gt": "v2"}}$f$, $f$v > 'v2'$f$),
	($f${"c": "c1"}$f$, $f$c='c1'$f$),
	($f${"c": "c1   "}$f$, $f$c='c1'$f$),
	($f${"c": {"$in": ["c1","c2 "]}}$f$, $f$c in ('c1','c2')$f$),
	($f${"c": {"$like": "c1%"}}$f$, $f$c like 'c1%'$f$),
	($f${"c": {"$ne": "c1"}}$f$, $f$c <> 'c1'$f$),
	($f${"nm": "nm1"}$f$, $f$nm='nm1'$f$),
	($f${"nm": {"$like": "nm1%"}}$f$, $f$nm like 'nm1%'$f$),
	($f${"nm": {"$in": ["nm1"]}}$f$, $f$nm = 'nm1'$f$),
	($f${"pos": 3}$f$, $f$pos=3$f$),
	($f${"pos": -3}$f$, $f$pos=-3$f$),
	($f${"pos": {"$lte": 3}}$f$, $f$pos<=3$f$),
	($f${"pos": {"$in": [3,4]}}$f$, $f$pos in (3,4)$f$),
	($f${"pad": "ab1"}$f$, $f$pad='ab1'::char(5)$f$),
	($f${"pad": {"$in": ["ab1"]}}$f$, $f$pad='ab1'::char(5)$f$),
	($f${"pad": {"$like": "ab1  "}}$f$, $f$pad::bpchar like 'ab1  '$f$),
	($f${"w": "w3"}$f$, $f$w='w3'$f$),
	($f${"w": {"$regex": "3"}}$f$, $f$w~'3'$f$),
	($f${"nums": [1,2]}$f$, $f$nums='{1,2}'$f$),
	($f${"nums": "{1,2}"}$f$, $f$nums='{1,2}'$f$),
	($f${"nums": {"$contains": [2]}}$f$, $f$nums @> '{2}'$f$),
	($f${"m": "ok"}$f$, $f$m='ok'$f$),
	($f${"m": {"$gt": "sad"}}$f$, $f$m>'sad'$f$),
	($f${"m": {"$in": ["sad","ok",null]}}$f$, $f$m in ('sad','ok') or m is null$f$),
	($f${"m": {"$ne": "sad"}}$f$, $f$m<>'sad'$f$),
	($f${"u": "00000000000000000000000000000003"}$f$, $f$u='00000000000000000000000000000003'$f$),
	($f${"u": {"$in": ["00000000000000000000000000000003"]}}$f$, $f$u='00000000000000000000000000000003'$f$),
	($f${"d": "2024-01-05"}$f$, $f$d='2024-01-05'$f$),
	($f${"d": {"$gte": "2024-01-05", "$lt": "2024-01-10"}}$f$, $f$d>='2024-01-05' and d<'2024-01-10'$f$),
	($f${"ts": {"$gt": "2024-01-01T05:00:00.123456Z"}}$f$, $f$ts>'2024-01-01 05:00:00.123456Z'$f$),
	($f${"ts": "2024-01-01T05:00:00.123456Z"}$f$, $f$ts='2024-01-01 05:00:00.123456Z'$f$),
	($f${"iv": {"$lte": "00:05"}}$f$, $f$iv<='00:05'$f$),
	($f${"bo": true}$f$, $f$bo$f$),
	($f${"bo": {"$ne": true}}$f$, $f$bo<>true$f$),
	($f${"bo": "f"}$f$, $f$not bo$f$),
	($f${"j": {"$eq": {"a":3,"b":[3,2]}}}$f$, $f$j='{"a":3,"b":[3,2]}'$f$),
	($f${"j": {"$contains": {"a":3}}}$f$, $f$j @> '{"a":3}'$f$),
	($f${"j": null}$f$, $f$j is null$f$),
	($f${"j": "str"}$f$, $f$j='"str"'$f$),
	($f${"j": "null"}$f$, $f$j='"null"'$f$),
	($f${"j": 3}$f$, $f$j='3'$f$),
	($f${"j": {"$in": [{"a":3,"b":[3,2]}, "str", null, [1]]}}$f$, $f$j in ('{"a":3,"b":[3,2]}','"str"') or j is null$f$),
	($f${"js": null}$f$, $f$js is null$f$),
	($f${"js": {"$is_null": false}}$f$, $f$js is not null$f$),
	($f${"ar": [3,0]}$f$, $f$ar='{3,0}'$f$),
	($f${"ar": "{3,0}"}$f$, $f$ar='{3,0}'$f$),
	($f${"ar": {"$in": [[3,0],[4,1],null]}}$f$, $f$ar='{3,0}' or ar='{4,1}' or ar is null$f$),
	($f${"ar": {"$nin": [[3,0],[4,1]]}}$f$, $f$not(ar='{3,0}' or ar='{4,1}')$f$),
	($f${"ar": {"$nin": [[3,0],null]}}$f$, $f$not(ar='{3,0}') and ar is not null$f$),
	($f${"ar": {"$contains": [3]}}$f$, $f$ar @> '{3}'$f$),
	($f${"ar": {"$contains": []}}$f$, $f$ar @> '{}'$f$),
	($f${"ar": {"$gt": [3]}}$f$, $f$ar > '{3}'$f$),
	($f${"ar": [1,null]}$f$, $f$false$f$),
	($f${"ar": []}$f$, $f$ar='{}'$f$),
	($f${"ta": ["a3","b,\"c"]}$f$, $f$ta=array['a3','b,"c']$f$),
	($f${"ta": {"$contains": ["b,\"c"]}}$f$, $f$ta is not null$f$),
	($f${"ir": "[3,13)"}$f$, $f$ir='[3,13)'$f$),
	($f${"ir": {"$contains": 5}}$f$, $f$ir @> 5$f$),
	($f${"ir": {"$contains": "5"}}$f$, $f$ir @> 5$f$),
	($f${"ir": {"$contains": " [5,6] "}}$f$, $f$ir @> '[5,6]'::int4range$f$),
	($f${"ir": {"$contains": "empty"}}$f$, $f$ir is not null$f$),
	($f${"ir": {"$gt": "[3,5)"}}$f$, $f$ir>'[3,5)'$f$),
	($f${"ir": {"$in": ["[3,13)"]}}$f$, $f$ir='[3,13)'$f$),
	($f${"tr": {"$contains": "2024-01-01T07:00Z"}}$f$, $f$tr @> '2024-01-01T07:00Z'::timestamptz$f$),
	($f${"tr": {"$contains": "[2024-01-01T07:00Z,2024-01-01T09:00Z)"}}$f$, $f$tr @> '[2024-01-01T07:00Z,2024-01-01T09:00Z)'::tstzrange$f$),
	($f${"mr": {"$contains": 5}}$f$, $f$mr @> 5$f$),
	($f${"mr": {"$contains": "[5,6]"}}$f$, $f$mr @> '[5,6]'::int4range$f$),
	($f${"mr": {"$contains": "{[5,6]}"}}$f$, $f$mr @> '{[5,6]}'::int4multirange$f$),
	($f${"xr": {"$contains": "b1"}}$f$, $f$xr @> 'b1'::text$f$),
	($f${"xr": {"$contains": "[b1,b11]"}}$f$, $f$xr @> '[b1,b11]'::words$f$),
	($f${"co": null}$f$, $f$co is not distinct from null$f$),
	($f${"co": {"$ne": null}}$f$, $f$co is distinct from null$f$),
	($f${"co": {"$eq": {"a":3,"b":"x3"}}}$f$, $f$co=row(3,'x3')::pair$f$),
	($f${"co": "(3,x3)"}$f$, $f$co=row(3,'x3')::pair$f$),
	($f${"co": {"$in": [{"a":3,"b":"x3"}, "(4,x4)", null]}}$f$, $f$co=row(3,'x3')::pair or co=row(4,'x4')::pair or co is not distinct from null$f$),
	($f${"co": {"$nin": [{"a":3,"b":"x3"}]}}$f$, $f$co<>row(3,'x3')::pair$f$),
	($f${"co": {"$gte": {"a":3,"b":"x3"}}}$f$, $f$co>=row(3,'x3')::pair$f$),
	($f${"ca": [{"a":3,"b":"x"}]}$f$, $f$ca=array[row(3,'x')::pair]$f$),
	($f${"ca": {"$contains": [{"a":3,"b":"x"}]}}$f$, $f$ca@>array[row(3,'x')::pair]$f$),
	($f${"ip": "10.0.0.3"}$f$, $f$ip='10.0.0.3'$f$),
	($f${"ip": {"$lt": "10.0.0.5"}}$f$, $f$ip<'10.0.0.5'$f$),
	($f${"ba": "\\x0003"}$f$, $f$ba='\x0003'$f$),
	($f${"p": null}$f$, $f$p is null$f$),
	($f${"x": 3}$f$, $f$x='3'$f$),
	($f${"x": {"$in": [3,4]}}$f$, $f$x::text in ('3','4')$f$),
	($f${"x": {"$ne": 3}}$f$, $f$x::text<>'3'$f$),
	($f${"x": {"$nin": [3,4]}}$f$, $f$x::text not in ('3','4')$f$),
	($f${"ov": "3 2"}$f$, $f$ov='3 2'$f$),
	($f${"ov": {"$in": ["3 2"]}}$f$, $f$ov='3 2'$f$),
	($f${"i": 3, "bo": true, "t": {"$ne": null}}$f$, $f$i=3 and bo and t is not null$f$);
select filter, condition from good where differs(filter, condition);

-- one filter of each kind for all comparable columns and some of their own values
create function compare_all() returns setof text language plpgsql as $$
declare
	col record;
	op record;
	val text;
begin
	for col in
		select attname, atttypid::regtype as type from pg_attribute
		where attrelid = 'item'::regclass and attnum > 0 and not attisdropped
			and attname not in ('js', 'p', 'x', 'ov', '$price', 'j', 'co', 'ca', 'ar', 'ta', 'nums')
	loop
		for op in select * from (values ('$eq', '='), ('$ne', '<>'), ('$gt', '>'), ('$gte', '>='),
			('$lt', '<'), ('$lte', '<=')) v(name, sql)
		loop
			for val in execute format('select %I::text from item where id in (1, 7, 30)', col.attname)
			loop
				if differs(jsonb_build_object(col.attname, jsonb_build_object(op.name, val))::text,
						format('%I %s %L', col.attname, op.sql, val)) then
					return next format('%s %s %s', col.attname, op.name, val);
				end if;
			end loop;
		end loop;
	end loop;
end
$$;
select compare_all();

-- what is refused, and how
create function refusal(filter jsonb) returns text language plpgsql as $$
declare
	detail text;
	hint text;
begin
	perform hotpath.page_json('item', filter => filter);
	return 'accepted';
exception when others then
	get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
	return concat_ws(E'\n  ', sqlstate || ' ' || sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
create table bad (filter text);
insert into bad values
	($f${"i": {"$gt": null}}$f$),
	($f${"i": {"$in": 3}}$f$),
	($f${"i": {"$in": null}}$f$),
	($f${"i": {"$in": [[1]]}}$f$),
	($f${"i": [1]}$f$),
	($f${"i": {}}$f$),
	($f${"i": {"$foo": 1}}$f$),
	($f${"i": {"a": 1}}$f$),
	($f${"i": true}$f$),
	($f${"i": "x"}$f$),
	($f${"i": 1.5}$f$),
	($f${"i": 99999999999}$f$),
	($f${"i": {"$is_null": 1}}$f$),
	($f${"i": {"$not": 3}}$f$),
	($f${"i": {"$not": {}}}$f$),
	($f${"$not": [{"i": 3}]}$f$),
	($f${"$or": {"i":1}}$f$),
	($f${"$or": [1]}$f$),
	($f${"$gt": 3}$f$),
	($f${"$": 3}$f$),
	($f${"": 3}$f$),
	($f${"nope": 3}$f$),
	($f${"ctid": "(0,1)"}$f$),
	($f${"tableoid": 1}$f$),
	($f${"dropme": 3}$f$),
	($f${"........pg.dropped.42........": 3}$f$),
	($f${"$price": 3}$f$),
	($f${"I": 3}$f$),
	($f${"t": ["a"]}$f$),
	($f${"t": {"$eq": ["a"]}}$f$),
	($f${"t": {"$eq": {"a":1}}}$f$),
	($f${"t": {"$regex": "("}}$f$),
	($f${"t": {"$like": null}}$f$),
	($f${"t": {"$like": 5}}$f$),
	($f${"t": {"$like": ["a"]}}$f$),
	($f${"m": "bad"}$f$),
	($f${"m": {"$like": "s%"}}$f$),
	($f${"u": 5}$f$),
	($f${"j": {"$contains": null}}$f$),
	($f${"j": [1]}$f$),
	($f${"j": {"a": 3}}$f$),
	($f${"j": {"$like": "x"}}$f$),
	($f${"js": {"$eq": {}}}$f$),
	($f${"js": {"$in": [null]}}$f$),
	($f${"ar": {"$contains": 3}}$f$),
	($f${"ar": {"$contains": "{3}"}}$f$),
	($f${"ar": {"$contains": null}}$f$),
	($f${"ar": {"$eq": {"a":1}}}$f$),
	($f${"ir": {"$contains": [5,6]}}$f$),
	($f${"ir": {"$contains": {"a":1}}}$f$),
	($f${"co": {"$eq": [3,4]}}$f$),
	($f${"ip": {"$contains": "10.0.0.5"}}$f$),
	($f${"ba": {"$like": "x"}}$f$),
	($f${"p": "(1,1)"}$f$),
	($f${"p": {"$gt": "(1,1)"}}$f$),
	($f${"p": [1,1]}$f$),
	($f${"x": {"$gt": 3}}$f$),
	($f${"ov": [3,2]}$f$),
	($f${"ov": {"$contains": [3,null]}}$f$),
	($f$[]$f$),
	($f$5$f$),
	($f$"x"$f$),
	($f$null$f$);
select filter || E'\n  ' || refusal(filter::jsonb) from bad;

-- nested too deeply, too many conditions; the elements of a list are one condition
create function nested(opening text, closing text, n int) returns jsonb language sql as
$$ select (repeat(opening, n) || '{"id": 1}' || repeat(closing, n))::jsonb $$;
create function many(condition text, n int) returns jsonb language sql as
$$ select jsonb_build_object('$or', jsonb_agg(replace(condition, '#', g::text)::jsonb))
	from generate_series(1, n) g $$;
select refusal(nested('{"$not":', '}', 31));
select refusal(nested('{"$not":', '}', 32));
select refusal(nested('{"$and":[', ']}', 31));
select refusal(nested('{"$and":[', ']}', 3000));
select refusal(many('{"id": #}', 1000));
select refusal(many('{"id": #}', 1001));
select refusal(many('{}', 1001));
select refusal(many('{"id": {"$gt": #, "$lt": 5}}', 501));
select refusal(jsonb_build_object('id', jsonb_build_object('$in',
	(select jsonb_agg(g) from generate_series(1, 100000) g))));
select refusal(jsonb_build_object('ar', jsonb_build_object('$in',
	(select jsonb_agg(array[g]) from generate_series(1, 1000) g))));
select left(refusal(jsonb_build_object(repeat('é', 100000), 1)), 100);

-- operators of other schemas have no say
create schema evil;
create function evil.always(int, int) returns boolean language sql as 'select true';
create operator evil.= (leftarg = int, rightarg = int, function = evil.always);
create function evil.always(filters.positive, int) returns boolean language sql as 'select true';
create operator evil.= (leftarg = filters.positive, rightarg = int, function = evil.always);
create domain evil.text as int;
set search_path = evil, pg_catalog, filters;
select filter from good where condition in ('i=3', 'pos=3') and filters.differs(filter, condition);
set search_path = filters;

-- Orders, with page_json(rel, order_by => ...)
create function order_refusal(order_by text) returns text language plpgsql as $$
declare
	detail text;
	hint text;
begin
	perform hotpath.page_json('item', order_by => order_by);
	return 'accepted';
exception when others then
	get stacked diagnostics detail = pg_exception_detail, hint = pg_exception_hint;
	return concat_ws(E'\n  ', sqlstate || ' ' || sqlerrm, nullif(detail, ''), nullif(hint, ''));
end
$$;
create table orders (n serial, order_by text);
insert into orders (order_by) values
	(null), (''), ('  '), ('i'), (' I  desc , B'), ('i asc nulls first,b'),
	(E'i\tDESC\nNULLS\r\nLAST'), ('"We ird""x" desc'), ('"$price"'), ('"i"desc'), ('select desc'),
	('i,i desc,b,I'), ('m desc, co, ir, nums, pos, pad, mr, j, ar'), (repeat('i,', 40) || 'b'),
	('$price'), ('i,'), (',i'), ('i,,b'), ('i desc asc'), ('i nulls'), ('i nulls b'), ('i first'),
	('lower(t)'), ('t.i'), ('1'), ('"i'), ('""'), ('i; drop table item'), ('i -- x'),
	('i using >'), ('i collate "C"'), ('nope'), ('"I"'), ('ctid'),
	('"........pg.dropped.38........"'), ('p'), ('js'), ('x'), ('i descx'), ('é'), ('i é desc'),
	(repeat('a', 100)), ('i ' || repeat('b', 100)), ('i"b"'), ('i nullsfirst'),
	('i desc nulls last nulls first');
select order_by || E'\n  ' || order_refusal(order_by) from orders order by n;

-- every column, direction and place of nulls, against plain SQL
create function order_differs(order_by text) returns boolean language plpgsql as $$
declare
	given text;
	wanted text;
begin
	select string_agg(i ->> 'id', ' ' order by o) into given
		from json_array_elements(
			hotpath.page_json('item', order_by => order_by, first => 1000) -> 'items')
			with ordinality e(i, o);
	execute format('select string_agg(id::text, '' '' order by %s) from item', order_by) into wanted;
	return given is distinct from wanted;
end
$$;
select order_by
from pg_attribute, unnest(array['', ' asc', ' desc']) direction,
	unnest(array['', ' nulls first', ' nulls last']) nulls,
	format('%I%s%s, id', attname, direction, nulls) order_by
where attrelid = 'item'::regclass and attnum > 0 and not attisdropped
	and attname not in ('id', 'js', 'p', 'x') and order_differs(order_by);

-- Kept plans: more shapes than are kept, evicted while an outer query executes one of them, with
-- and without an error; roles that change under row security; DDL under a kept plan
create table plain (id int primary key);
insert into plain select generate_series(1, 50);
create function churn(v int, fails boolean) returns int language plpgsql as $$
begin
	for k in 1 .. 400 loop
		perform hotpath.page_json('plain', filter => many('{"id": #}', k % 20 + 1)
			|| jsonb_build_object('$and',
				(select jsonb_agg('{"id": {"$gt": 0}}'::jsonb) from generate_series(0, k / 20))));
	end loop;
	if fails then
		raise exception 'churn fails';
	end if;
	return v;
end
$$;
create view churning as select id, case when id < 4 then churn(id, false) end c from plain;
create view failing as select id, case when id < 4 then churn(id, id = 2) end c from plain;
select json_array_length(hotpath.page_json('churning', 'id', 100) -> 'items');
do $$
begin
	for i in 1 .. 3 loop
		begin
			perform hotpath.page_json('failing', 'id', 100);
		exception when raise_exception then
			raise notice '%', sqlerrm;
		end;
	end loop;
end
$$;

create role regress_filters_alice;
create role regress_filters_bob;
create role regress_filters_group;
create table secret (id int primary key, owner name, members name);
insert into secret values (1, 'regress_filters_alice', 'regress_filters_group'), (2, 'regress_filters_bob', 'regress_filters_alice'),
	(3, 'regress_filters_alice', 'regress_filters_alice');
alter table secret enable row level security;
create policy p on secret using (owner = current_user or pg_has_role(current_user, members, 'member'));
grant usage on schema filters to regress_filters_alice, regress_filters_bob;
grant select on secret to regress_filters_alice, regress_filters_bob;
create function seen() returns text language sql as $$
	select replace(current_user, session_user, 'session_user') || ': ' || (hotpath.page_json('secret', filter => '{"id": {"$gt": 0}}')
		-> 'items')::text $$;
set role regress_filters_alice; select seen(); set role regress_filters_bob; select seen(); reset role;
grant regress_filters_group to regress_filters_bob; set role regress_filters_bob; select seen(); reset role;
alter role regress_filters_bob bypassrls; set role regress_filters_bob; select seen(); reset role;
alter role regress_filters_bob nobypassrls; set role regress_filters_bob; select seen(); reset role;
revoke select on secret from regress_filters_bob; set role regress_filters_bob; select seen(); reset role;
select seen();
alter table secret alter id type bigint; select seen();
alter table secret rename owner to o; select seen();
begin; savepoint a; alter table secret add extra int default 5; select seen();
rollback to a; select seen(); commit;
alter table secret rename to secret2; create table secret (id int primary key, q text);
insert into secret values (1, 'another table'); select seen();

set client_min_messages = warning;
drop schema filters cascade;
drop schema evil cascade;
drop role regress_filters_alice, regress_filters_bob, regress_filters_group;
