-- The tables. Cached and uncached twins hold the same rows; every table is frozen and in shared
-- buffers, so that plain SQL is at its best.
\set ON_ERROR_STOP 1

create table narrow (
	id bigint primary key,
	account integer not null,
	quantity integer not null,
	price integer not null,
	status text not null,
	note text,
	created_at timestamptz not null
);
insert into narrow
select i, i % 5000, i % 97, (i * 31) % 100000, (array['new', 'paid', 'packed', 'sent', 'returned'])[1 + i % 5],
	'note ' || md5(i::text), timestamptz '2024-01-01' + i * interval '31 seconds'
from generate_series(1, :rows) i;

-- base64 of hashes: 6 kB of text that pglz cannot shrink, so it is stored out of line
create table wide (id bigint primary key, title text not null, body text not null);
insert into wide
select i, 'title ' || i, (select string_agg(encode(sha256(convert_to(i || ':' || j, 'UTF8')), 'base64'), '') from generate_series(1, 136) j)
from generate_series(1, :toast_rows) i;

-- room for updates within a page, as in a table that has been updated for long
create table edit_plain (like narrow including all) with (fillfactor = 80);
create table edit_cached (like narrow including all) with (fillfactor = 80);
insert into edit_plain select * from narrow where id <= :edit_rows;
insert into edit_cached select * from narrow where id <= :edit_rows;

create table bulk_plain (like narrow including all);
create table bulk_cached (like narrow including all);
insert into bulk_plain select * from narrow where id <= :bulk_rows;
insert into bulk_cached select * from narrow where id <= :bulk_rows;

select hotpath.cache_table('narrow');
select hotpath.cache_table('wide');
select hotpath.cache_table('edit_cached');
select hotpath.cache_table('bulk_cached');

vacuum (analyze, freeze);
checkpoint;

-- a 6 kB row that is not out of line would measure something else
select 1 / (pg_relation_size(reltoastrelid) > 0)::integer from pg_class where relname = 'wide';
