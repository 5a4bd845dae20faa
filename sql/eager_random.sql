-- Trees of random shape over random data, compared with the same tree by LATERAL and jsonb_agg.
create schema eager_random;
set search_path = eager_random;
set client_min_messages = warning;
-- most of the time would go into compiling the plans of what is compared with
set jit = off;
select setseed(0.42);

-- a web of tables: one-to-many, one-to-one, many-to-many, self-references, a composite key, a partitioned table
create table a (id int primary key, b_id int, up_id int references a, x int, y text);
create table b (id bigint primary key, x int, y text);
alter table a add foreign key (b_id) references b;
create table c (k1 int, k2 text, a_id int references a, x int, y text, primary key (k1, k2)) partition by list (k1);
create table c_0 partition of c for values in (0, 1);
create table c_1 partition of c for values in (2, 3);
create table d (id int primary key references b, c1 int, c2 text, x int, y text, foreign key (c1, c2) references c);
create table a_d (a_id int references a, d_id int references d, primary key (a_id, d_id));
insert into b select i, (random() * 5)::int, 'b' || i from generate_series(1, 40) i;
insert into a select i, nullif((random() * 45)::int % 41, 0), case when i > 1 and random() < 0.8 then 1 + (random() * (i - 2))::int end,
	nullif((random() * 6)::int, 6), 'a' || i from generate_series(1, 80) i;
insert into c select i % 4, 'k' || i / 4, 1 + (random() * 79)::int, (random() * 5)::int, 'c' || i from generate_series(1, 150) i;
insert into d select i, i % 4, case when i % 3 > 0 then 'k' || (random() * 36)::int end, (random() * 5)::int, 'd' || i from generate_series(1, 30) i;
insert into a_d select distinct (random() * 79)::int + 1, (random() * 29)::int + 1 from generate_series(1, 200);
create index on c (a_id, x);
create index on a (up_id);

/* How the tables are related: the output key's options, and the SQL condition between parent p and child q. */
create table way (parent text, key text, options jsonb, child text, many boolean, condition text);
insert into way values
	('a', 'b', '{}', 'b', false, 'q.id = p.b_id'),
	('a', 'up', '{}', 'a', false, 'q.id = p.up_id'),
	('a', 'down', '{"relation": "a", "fk": "up_id"}', 'a', true, 'q.up_id = p.id'),
	('a', 'c', '{}', 'c', true, 'q.a_id = p.id'),
	('a', 'ds', '{"relation": "d", "through": "a_d"}', 'd', true, 'q.id in (select d_id from a_d where a_id = p.id)'),
	('b', 'as', '{"relation": "a"}', 'a', true, 'q.b_id = p.id'),
	('b', 'd', '{}', 'd', false, 'q.id = p.id'),
	('c', 'a', '{}', 'a', false, 'q.id = p.a_id'),
	('c', 'd', '{}', 'd', true, 'q.c1 = p.k1 and q.c2 = p.k2'),
	('d', 'c', '{}', 'c', false, 'q.k1 = p.c1 and q.k2 = p.c2'),
	('d', 'base', '{"relation": "b"}', 'b', false, 'q.id = p.id'),
	('d', 'as', '{"relation": "a", "through": "a_d"}', 'a', true, 'q.id in (select a_id from a_d where d_id = p.id)');

/*
 * A random level: its specification, the expression of its object over alias p<depth>, and its condition.
 * The order ends with y, which is unique.
 */
create function level(kind text, depth int, out spec jsonb, out object text, out condition text) language plpgsql as $$
declare
	p text := 'p' || depth;
	shown text[] := case when random() < 0.7 then array['x', 'y'] else array['y'] end;
	n int := (random() * 9)::int;
	w record; below record; rows text; sorting text; lim int; off int; q text := 'p' || depth + 1; agg boolean; joins text; how text;
begin
	spec := jsonb_build_object('columns', to_jsonb(shown));
	object := (select string_agg(format('%L, %s.%s', col, p, col), ', ') from unnest(shown) col);
	condition := 'true';
	if n < 3 then
		spec := spec || jsonb_build_object('filter', jsonb_build_object('x', jsonb_build_object('$gte', n)));
		condition := format('%s.x >= %s', p, n);
	elsif n = 3 then
		spec := spec || '{"filter": {"$or": [{"x": null}, {"y": {"$like": "%1%"}}]}}';
		condition := format('(%s.x is null or %s.y like %L)', p, p, '%1%');
	end if;
	joins := '';
	for w in select * from eager_random.way where parent = kind and depth < 4 and random() < 0.45 / depth loop
		below := eager_random.level(w.child, depth + 1);
		below.spec := below.spec || w.options;
		rows := format('%s %s where %s and %s', w.child, q, replace(replace(w.condition, 'q.', q || '.'), 'p.', p || '.'), below.condition);
		how := case when random() < 0.1 then 'inner' when random() < 0.06 then 'anti' else 'left' end;
		if how <> 'left' then
			joins := joins || format(' and %s exists (select from %s)', case when how = 'anti' then 'not' else '' end, rows);
			below.spec := below.spec || jsonb_build_object('join', how);
		end if;
		if how = 'anti' then
			spec := jsonb_set(spec, '{with}', coalesce(spec -> 'with', '{}') || jsonb_build_object(w.key, below.spec - 'columns'));
			continue;
		end if;
		agg := random() < 0.15;
		if agg then
			object := object || format(', %L, (select jsonb_build_object(''n'', count(*), ''s'', sum(%s.x), ''m'', max(%s.y)) from %s)',
				w.key, q, q, rows);
			below.spec := (below.spec - 'columns') || '{"aggregate": {"n": "count", "s": {"sum": "x"}, "m": {"max": "y"}}}'
				-- below aggregates there are filters only
				|| jsonb_build_object('with', (select jsonb_object_agg(f.key, f.value) from jsonb_each(below.spec -> 'with') f
					where f.value ->> 'join' in ('inner', 'anti')));
		end if;
		sorting := case (random() * 2)::int when 0 then 'x desc nulls last, y' when 1 then 'y desc' else 'x, y' end;
		lim := case when random() < 0.4 and w.many and not agg then (random() * 3)::int end;
		off := case when random() < 0.2 and w.many and not agg then (random() * 2)::int end;
		if not agg then
			below.spec := below.spec || jsonb_strip_nulls(jsonb_build_object('order_by', sorting, 'limit', lim, 'offset', off));
			rows := format('(select %s.* from %s order by %s limit %s offset %s) %s', q, rows,
				regexp_replace(sorting, '\m([xy])\M', q || '.\1', 'g'), coalesce(lim::text, 'null'), coalesce(off, 0), q);
			object := object || case when w.many then format(', %L, (select coalesce(jsonb_agg(%s order by %s), ''[]'') from %s)', w.key, below.object,
				regexp_replace(sorting, '\m([xy])\M', q || '.\1', 'g'), rows) else format(', %L, (select %s from %s)', w.key, below.object, rows) end;
		end if;
		spec := jsonb_set(spec, '{with}', coalesce(spec -> 'with', '{}') || jsonb_build_object(w.key, below.spec));
	end loop;
	object := format('jsonb_build_object(%s)', object);
	condition := condition || joins;
end $$;

/* Compare one random tree; what differs, if anything does. */
create function compare(kind text) returns text language plpgsql as $$
declare l record; ours jsonb; theirs jsonb;
begin
	l := eager_random.level(kind, 1);
	execute format('select jsonb_agg(%s order by p1.y) from %s p1 where %s', l.object, kind, l.condition) into theirs;
	select jsonb_agg(e::jsonb) into ours from hotpath.embed_where(kind::regclass, l.spec || '{"order_by": "y"}') e;
	if ours is distinct from theirs then
		return format(E'%s\nours   %s\ntheirs %s', l.spec, left(ours::text, 2000), left(theirs::text, 2000));
	end if;
	return null;
end $$;
create function try(kinds text[], n int) returns table(kind text, trees bigint, different bigint, first_one text) language sql as $$
	select kind, count(*), count(difference), left(min(difference), 1500)
	from (select kind, compare(kind) as difference from unnest(kinds) kind, generate_series(1, n)) x group by kind order by kind $$;
\pset format unaligned
select * from try(array['a', 'b', 'c', 'd'], 60);

-- the same with tiny batches, with the tables cached, and with plans that have no choice
set pg_hotpath.batch_size = 3;
select * from try(array['a', 'b', 'c', 'd'], 18);
reset pg_hotpath.batch_size;
select hotpath.cache_table('b'), hotpath.cache_table('a'), hotpath.cache_table('c');
select * from try(array['a', 'b', 'c', 'd'], 36);
-- large enough for an index scan for each parent
insert into a select i, null, 1 + i % 80, i % 7, 'a' || i from generate_series(81, 6000) i;
insert into c select i % 4, 'n' || i, 1 + i % 500, i % 6, 'c' || i from generate_series(151, 6000) i;
analyze a, c;
select * from try(array['b', 'd'], 12);
drop schema eager_random cascade;
