-- The tour.  psql shows every statement before its result; \! runs a second session.
\set QUIET on
\set ON_ERROR_STOP on
\pset pager off
\pset footer off
\set ECHO queries

\echo
\echo '=== 1. One call makes a table cached. No restart, no shared_preload_libraries.'
SHOW shared_preload_libraries;
SELECT hotpath.cache_table('packages');
SELECT hotpath.cache_table('packages', 'packages_name_key');
SELECT hotpath.cache_table('dependencies');

\echo
\echo '=== 2. A row by its key: typed by a null of the row type, so no column list.'
SELECT id, name, version, left(description, 40) AS description
FROM hotpath.get(NULL::packages, 42);
SELECT id, name, version, left(description, 40) AS description
FROM hotpath.get_by(NULL::packages, 'packages_name_key', 'bash');
\echo 'A composite key, its parts in the order of the primary key:'
SELECT package_id, kind, position, target, version_constraint
FROM hotpath.get(NULL::dependencies, 1, 'depends', 1);
\echo 'As JSON, rendered once and served as it is:'
SELECT left(hotpath.get_json('packages', 42)::text, 90) || ' ...' AS get_json;
\echo 'A row that does not exist is cached as well:'
SELECT hotpath.get(NULL::packages, -1) IS NULL AS no_such_row;

\echo
\echo '=== 3. How fast: the plain way beside ours, the best of three turns each.'
\echo 'Rows by primary key, one by one in a loop:'
SELECT * FROM demo.race(
	plain => $$ DECLARE p packages; BEGIN
		FOR i IN 1 .. 30000 LOOP SELECT * INTO p FROM packages WHERE id = i; END LOOP; END $$,
	hotpath => $$ DECLARE p packages; BEGIN
		FOR i IN 1 .. 30000 LOOP p := hotpath.get(NULL::packages, i); END LOOP; END $$);

\echo 'The same as JSON:'
SELECT * FROM demo.race(
	plain => $$ DECLARE j json; BEGIN
		FOR i IN 1 .. 30000 LOOP
			SELECT row_to_json(p) INTO j FROM packages p WHERE id = i;
		END LOOP; END $$,
	hotpath => $$ DECLARE j json; BEGIN
		FOR i IN 1 .. 30000 LOOP j := hotpath.get_json('packages', i); END LOOP; END $$);

\echo 'A thousand keys at a time; get_many keeps their order too, which = ANY does not:'
SELECT * FROM demo.race(
	plain => $$ DECLARE keys bigint[] := array(SELECT (i * 7919) % 30000 + 1
			FROM generate_series(1, 1000) i); BEGIN
		FOR i IN 1 .. 100 LOOP PERFORM * FROM packages WHERE id = ANY (keys); END LOOP; END $$,
	hotpath => $$ DECLARE keys bigint[] := array(SELECT (i * 7919) % 30000 + 1
			FROM generate_series(1, 1000) i); BEGIN
		FOR i IN 1 .. 100 LOOP PERFORM * FROM hotpath.get_many(NULL::packages, keys); END LOOP; END $$);

\echo 'By another unique key:'
SELECT * FROM demo.race(
	plain => $$ DECLARE p packages; n text; names text[] := array(SELECT name FROM packages
			WHERE id <= 1000); BEGIN
		FOR i IN 1 .. 20 LOOP FOREACH n IN ARRAY names LOOP
			SELECT * INTO p FROM packages WHERE name = n;
		END LOOP; END LOOP; END $$,
	hotpath => $$ DECLARE p packages; n text; names text[] := array(SELECT name FROM packages
			WHERE id <= 1000); BEGIN
		FOR i IN 1 .. 20 LOOP FOREACH n IN ARRAY names LOOP
			p := hotpath.get_by(NULL::packages, 'packages_name_key', n);
		END LOOP; END LOOP; END $$);

\echo
\echo '=== 4. Never stale: a cached read is what the statement''s own snapshot sees.'
SELECT version AS before FROM hotpath.get(NULL::packages, 42);
BEGIN;
UPDATE packages SET version = 'changed' WHERE id = 42;
\echo 'The transaction that wrote reads its own write:'
SELECT version AS own_write FROM hotpath.get(NULL::packages, 42);
\echo 'Another session, meanwhile, still the committed row:'
\! psql -Xq -P footer=off -c "SELECT version AS other_session FROM hotpath.get(NULL::packages, 42)"
ROLLBACK;
\echo 'Rolled back: as if nothing had happened.'
SELECT version AS after_rollback FROM hotpath.get(NULL::packages, 42);

\echo 'Committed: everyone sees it at once, with nothing to invalidate by hand.'
UPDATE packages SET version = version || '+changed' WHERE id = 42;
SELECT version AS after_commit FROM hotpath.get(NULL::packages, 42);
\! psql -Xq -P footer=off -c "SELECT version AS other_session FROM hotpath.get(NULL::packages, 42)"

\echo 'TRUNCATE is seen, and so is its rollback:'
BEGIN;
TRUNCATE dependencies;
SELECT hotpath.get(NULL::dependencies, 1, 'depends', 1) IS NULL AS truncated;
ROLLBACK;
SELECT target AS still_there FROM hotpath.get(NULL::dependencies, 1, 'depends', 1);

\echo
\echo '=== 5. Write-through: put stores the row, and the cache serves it from the commit on.'
SELECT (hotpath.put(jsonb_populate_record(p, '{"homepage": "https://example.org/new"}'))).homepage
FROM packages p WHERE id = 42;
\! psql -Xq -P footer=off -c "SELECT homepage AS peek FROM hotpath.peek(NULL::packages, 42)"

\echo
\echo '=== 6. Pages: any depth at the cost of the first, mixed directions, nulls, both ways.'
\echo 'Which index does an order need?'
SELECT strategy, index_ddl FROM hotpath.page_explain('packages', 'installed_size DESC NULLS LAST, name');
CREATE INDEX ON packages (installed_size DESC NULLS LAST, name);
SELECT strategy, index FROM hotpath.page_explain('packages', 'installed_size DESC NULLS LAST, name');
SELECT (item).name, (item).installed_size, has_previous_page, has_next_page
FROM hotpath.page(NULL::packages, 'installed_size DESC NULLS LAST, name', first => 3);
\echo 'The page behind a row deep in the list, by its cursor, as JSON for an endpoint:'
SELECT hotpath.cursor_at('packages', 'installed_size DESC NULLS LAST, name', 20000) AS place \gset
SELECT hotpath.page_json('packages', 'installed_size DESC NULLS LAST, name', first => 2, after => :'place',
	columns => array['name', 'installed_size']);
\echo 'With a filter that an endpoint may pass on as it comes:'
SELECT hotpath.page_json('packages', 'name', first => 2, columns => array['name'], count => 'bounded:1000',
	filter => '{"name": {"$like": "python3-%"}, "installed_size": {"$gte": 1000}}');
\echo 'OFFSET beside the cursor:'
SELECT * FROM demo.race(
	plain => $$ BEGIN FOR i IN 1 .. 5 LOOP
		PERFORM * FROM packages ORDER BY installed_size DESC NULLS LAST, name OFFSET 20000 LIMIT 50;
	END LOOP; END $$,
	hotpath => $$ DECLARE place text := hotpath.cursor_at('packages', 'installed_size DESC NULLS LAST, name', 20000);
	BEGIN FOR i IN 1 .. 5 LOOP
		PERFORM * FROM hotpath.page(NULL::packages, 'installed_size DESC NULLS LAST, name', 50, place);
	END LOOP; END $$);
\echo 'The three largest packages of each of some sections, in one call:'
SELECT parent_ord, (item).name, (item).installed_size
FROM hotpath.pages(NULL::packages, 'section_id', array[1, 2], 'installed_size DESC NULLS LAST', 3);

\echo
\echo '=== 7. Related rows: a tree as JSON, one query for each level. The foreign keys say what belongs together.'
SELECT name, kind, target, index FROM hotpath.relationships('packages');
SELECT hotpath.embed('packages', array[42], '{"columns": ["name"], "with": {
	"maintainer": {"columns": ["name"]}, "section": {"columns": ["name"]},
	"dependencies": {"fk": "package_id", "columns": ["kind", "target"], "order_by": "kind, position", "limit": 2}}}');
\echo 'Query by query, as an ORM does it but with no network in between, beside one call:'
SELECT * FROM demo.race(
	plain => $$ DECLARE p packages; m maintainers; s sections; d dependencies; BEGIN
		FOR p IN SELECT * FROM packages WHERE id <= 2000 LOOP
			SELECT * INTO m FROM maintainers WHERE id = p.maintainer_id;
			SELECT * INTO s FROM sections WHERE id = p.section_id;
			FOR d IN SELECT * FROM dependencies WHERE package_id = p.id LOOP END LOOP;
		END LOOP; END $$,
	hotpath => $$ BEGIN PERFORM hotpath.embed('packages', array(SELECT generate_series(1, 2000)),
		'{"with": {"maintainer": {}, "section": {}, "dependencies": {"fk": "package_id"}}}'); END $$);
\echo 'A page with its related rows, ready to be sent:'
SELECT hotpath.page_json('packages', 'installed_size DESC NULLS LAST, name', first => 1, columns => array['name'],
	embed => '{"maintainer": {"columns": ["name"]}, "dependencies": {"fk": "package_id", "aggregate": {"n": "count"}}}');

\echo
\echo '=== 8. Rows to JSON, and exports that stream.'
SELECT * FROM demo.race(
	plain => $$ BEGIN PERFORM sum(octet_length(row_to_json(p)::text)) FROM packages p; END $$,
	hotpath => $$ BEGIN PERFORM sum(octet_length(hotpath.row_to_json(p)::text)) FROM packages p; END $$);
SELECT count(*) AS chunks, pg_size_pretty(sum(octet_length(chunk))) AS json
FROM (SELECT hotpath.export_json('SELECT * FROM packages') AS chunk) e;
SELECT count(*) AS chunks, pg_size_pretty(sum(octet_length(chunk))) AS zstd
FROM (SELECT hotpath.export_json_compressed('SELECT * FROM packages', 'zstd') AS chunk) e;

\echo
\echo '=== 9. Look inside, and check it.'
SELECT relation, key, hits, misses, fills, negative_hits, bypass_own_write, entries, bytes
FROM hotpath.cache_stats ORDER BY hits DESC;
SELECT pg_size_pretty(size_bytes) AS size, pg_size_pretty(used_bytes) AS used, entries, source
FROM hotpath.cache_memory;
\echo 'Every entry compared with its table, under one snapshot:'
SELECT * FROM hotpath.verify_cache('packages');
SELECT * FROM hotpath.verify_cache('dependencies');
