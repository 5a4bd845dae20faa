-- What the endpoints of the cookbook are asked for.
insert into users select i, 'user' || i || '@example.org', 'User "' || i || '" Ünal', (array['free', 'pro'])[i % 2 + 1]
	from generate_series(1, 1000) i;
insert into products select i, 'Product ' || i from generate_series(1, 20) i;
insert into orders select i, i % 200 + 1, i * 1.25, '2026-01-01 UTC'::timestamptz + i * interval '1 hour'
	from generate_series(1, 1000) i;
insert into items select i, line, (i + line) % 20 + 1 from generate_series(1, 1000) i, generate_series(1, 3) line;
insert into events select i, '2026-01-01 UTC'::timestamptz + i / 3 * interval '1 second', 'kind' || (i % 10 = 0)::int,
	'A line that is long enough, number ' || i || ': ' || repeat('äbc"', 60) from generate_series(1, 140000) i;
insert into notes select i, 'tenant' || i % 2, 'Note ' || i from generate_series(1, 100) i;
analyze;
