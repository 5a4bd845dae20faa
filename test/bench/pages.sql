-- Events of many users, in the random order that a busy table has; :rows of them.
create table bench.events (id bigint primary key, user_id integer not null, created_at timestamptz not null,
	updated_at timestamptz, kind text not null, score numeric, payload text);
select setseed(0.5);
insert into bench.events
	select i, 1 + floor(random() * :rows / 100), timestamptz '2024-01-01' + floor(random() * :rows) * interval '10 s',
		case when random() < 0.9 then timestamptz '2024-01-01' + floor(random() * :rows / 2) * interval '20 s' end,
		'kind' || i % 7, (random() * 1000)::numeric(10, 2), md5(i::text)
	from generate_series(1, :rows) i;
create index events_uniform on bench.events (created_at desc, id desc);
create index events_mixed on bench.events (created_at desc, id);
create index events_nulls on bench.events (updated_at desc nulls last, id desc);
create index events_user on bench.events (user_id, created_at desc, id desc);
vacuum (freeze, analyze) bench.events;

create function bench.offset_plain(calls integer, depth bigint) returns bigint language plpgsql as $$
declare
	e record;
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for e in select * from bench.events order by created_at desc, id desc offset depth limit 50 loop
			n := n + e.id;
		end loop;
	end loop;
	return n;
end
$$;
-- As page_hand.sql writes it: with a cursor for each row.
create function bench.hand_page(calls integer, place_at timestamptz, place_id bigint) returns bigint language plpgsql as $$
declare
	e record;
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for e in select v.*, encode(convert_to(json_build_array(created_at, id)::text, 'UTF8'), 'base64') as cursor,
				exists (select from bench.events x where (x.created_at, x.id) >= (place_at, place_id)) as has_previous_page
			from bench.events v where (created_at, id) < (place_at, place_id)
			order by created_at desc, id desc limit 51 loop
			n := n + e.id;
		end loop;
	end loop;
	return n;
end
$$;
create function bench.offset_page(calls integer, place text) returns bigint language plpgsql as $$
declare
	e record;
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for e in select (item).* from hotpath.page(null::bench.events, 'created_at desc, id desc', 50, place) loop
			n := n + e.id;
		end loop;
	end loop;
	return n;
end
$$;
-- As page_deep.sql has it: all columns and the cursors.
create function bench.whole_page(calls integer, place text) returns bigint language plpgsql as $$
declare
	e record;
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for e in select (p.item).*, p.cursor, p.has_previous_page, p.has_next_page
			from hotpath.page(null::bench.events, 'created_at desc, id desc', 50, place) p loop
			n := n + e.id;
		end loop;
	end loop;
	return n;
end
$$;
create function bench.parents_page(calls integer, first integer) returns bigint language plpgsql as $$
declare
	p record;
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for parent in 1 .. 100 loop
			for p in select item, cursor, has_next_page from hotpath.page(null::bench.events,
				'created_at desc, id desc', first, filter => jsonb_build_object('user_id', parent)) loop
				n := n + 1;
			end loop;
		end loop;
	end loop;
	return n;
end
$$;
create function bench.parents_pages(calls integer, first integer) returns bigint language plpgsql as $$
declare
	p record;
	parents integer[] := array(select generate_series(1, 100));
	n bigint := 0;
begin
	for i in 1 .. calls loop
		for p in select item, cursor, has_next_page from hotpath.pages(null::bench.events, 'user_id', parents,
			'created_at desc, id desc', first) loop
			n := n + 1;
		end loop;
	end loop;
	return n;
end
$$;
