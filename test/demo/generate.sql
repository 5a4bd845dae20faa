-- A made-up catalogue of the same shape, for machines that have no apt.
INSERT INTO sections
SELECT i, 'section-' || i FROM generate_series(1, 60) i;

INSERT INTO maintainers
SELECT i, 'Maintainer ' || i, 'maintainer' || i || '@example.org' FROM generate_series(1, 2500) i;

INSERT INTO packages
SELECT i,
	CASE i WHEN 1 THEN 'bash' ELSE 'package-' || i END,
	format('%s.%s-%s', i % 9, i % 31, i % 5 + 1),
	CASE WHEN i % 3 = 0 THEN 'all' ELSE 'amd64' END,
	i % 60 + 1,
	1 + (hashint8(i)::bigint & 2047),
	hashint8(i)::bigint & 65535,
	'https://example.org/' || i,
	'made-up package number ' || i
FROM generate_series(1, 60000) i;

-- One to eleven dependencies each, most of them on the popular packages of low numbers.
INSERT INTO dependencies
SELECT i, CASE WHEN p % 5 = 4 THEN 'recommends' ELSE 'depends' END::dependency_kind, p,
	CASE t.id WHEN 1 THEN 'bash' ELSE 'package-' || t.id END, t.id, '>= ' || p, false
FROM generate_series(1, 60000) i,
	LATERAL generate_series(1, i % 11 + 1) p,
	LATERAL (SELECT 1 + ((hashint8(i * 16 + p) & 65535)::bigint ^ 2 / 65536 / 65536 * 59999)::bigint
			AS id) t;
