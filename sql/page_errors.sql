-- Bad input: a clear error with its own code, never a silent first page.
create schema page_errors;
set search_path = page_errors, public;
create table event (id int primary key, at timestamptz, doc json, n numeric not null);
insert into event values (1, now(), '{}', 1), (2, now(), '{}', 2);
create table nokey (a int, b int unique);
insert into nokey values (1, 1);

create function try(sql text) returns text language plpgsql as $$
declare
	state text; message text; detail text; hint text;
begin
	execute sql;
	return 'no error';
exception when others then
	get stacked diagnostics state = returned_sqlstate, message = message_text,
		detail = pg_exception_detail, hint = pg_exception_hint;
	return concat_ws(' | ', state, message, case when detail = '' then 'NO DETAIL' else detail end,
		case when hint = '' then 'NO HINT' else hint end);
end $$;

-- cursors of strangers
select hotpath.cursor_at('event', 'at desc', 1) as place \gset
select try(format('select hotpath.page(null::event, %L, after => %L)', o, c))
	from (values ('at desc', ''), ('at desc', 'x'), ('at desc', '%00'), ('at desc', 'AQ=='), ('at desc', repeat('A', 100000)),
		('at desc', left(:'place', 10)), ('at desc', :'place' || 'AA'), ('at desc', ' ' || :'place'),
		('at', :'place'), ('at desc, n', :'place')) v (o, c);
select try(format('select hotpath.page(null::event, ''at desc'', before => %L, filter => ''{"id": 1}'')', :'place'));
select try(format('select hotpath.page_json(''nokey'', ''b'', after => %L)', :'place'));
select try(format('select * from hotpath.page_query(''select id from event'', ''id'', after => %L, unique_key => ''{id}'')', :'place'));

-- signatures
set pg_hotpath.cursor_secret = 'k1';
select try(format('select hotpath.page(null::event, ''at desc'', after => %L)', :'place'));
select hotpath.cursor_at('event', 'at desc', 1) as signed \gset
select count(*) from hotpath.page(null::event, 'at desc', after => :'signed');
select try(format('select hotpath.page(null::event, ''at desc'', after => %L)',
	overlay(:'signed' placing case when substr(:'signed', 16, 1) = 'A' then 'B' else 'A' end from 16 for 1)));
set pg_hotpath.cursor_secret = 'k2';
select try(format('select hotpath.page(null::event, ''at desc'', after => %L)', :'signed'));
reset pg_hotpath.cursor_secret;
select try(format('select hotpath.page(null::event, ''at desc'', after => %L)', :'signed'));

-- expiry
set pg_hotpath.cursor_ttl = '1h';
select try(format('select hotpath.page(null::event, ''at desc'', after => %L)', :'place'));
select hotpath.cursor_at('event', 'at desc', 1) as timed \gset
select count(*) from hotpath.page(null::event, 'at desc', after => :'timed');
reset pg_hotpath.cursor_ttl;
select count(*) from hotpath.page(null::event, 'at desc', after => :'timed');

-- orders
select try(format('select hotpath.page(null::event, %L)', o)) from unnest(array['nope', 'id desc desc', 'id,', ',', 'doc',
	'id; drop table event', 'id nulls', 'ctid', 'lower(id)', '"id', '""', 'id sideways', 'event.id',
	'"ID"', repeat('id,', 40) || 'nope']) o;

-- no key
select try('select hotpath.page(null::nokey, ''a'')');
select try('select hotpath.page(null::nokey)');
select try('select * from hotpath.page_query(''select a from nokey'', ''a'')');
select try('select * from hotpath.page_query(''select a from nokey'', ''a'', unique_key => ''{z}'')');
select try('select * from hotpath.page_query(''select a from nokey'', ''a'', unique_key => ''{}'')');
insert into nokey values (1, 2), (1, 3);
select try('select * from hotpath.page_query(''select a from nokey'', ''a'', first => 1, unique_key => ''{a}'')');

select try('select * from hotpath.page_query(''select a, b as a from nokey'', ''a'', unique_key => ''{a}'')');

-- sizes, counts, columns
select try('select hotpath.page(null::event, first => -1)'), try('select hotpath.page_json(''event'', last => -5)');
select try('select hotpath.pages(null::event, ''id'', array[1], first => -5)');
select try(format('select hotpath.page_json(''event'', count => %L)', c)) from unnest(array['all', 'bounded:', 'bounded:-1',
	'bounded:1x', 'bounded:99999999999999999999', '']) c;
select try('select hotpath.page_json(''event'', columns => ''{nope}'')'), try('select hotpath.page_json(''event'', columns => ''{id,id}'')'),
	try('select hotpath.page_json(''event'', columns => array[null])');

select try('select hotpath.page_json(''event'', embed => ''{"nope": {}}'')');

-- filters
select try(format('select hotpath.page_json(''event'', filter => %L)', f)) from unnest(array['[]', '1', '"x"', '{"nope": 1}',
	'{"id": "x"}', '{"id": {"$nope": 1}}', '{"$or": {}}', '{"n": {"$like": "x"}}', '{"doc": 1}', '{"id": {}}',
	'{"id": {"$gt": null}}', '{"id": {"$in": 1}}', '{"id); drop table event; --": 1}', '{"$where": "1"}']) f;

-- relations
create sequence seq;
create type pair as (a int, b int);
select try('select hotpath.page_json(''seq'')'), try('select hotpath.page(null::pair)'), try('select hotpath.page(1)');
select try('select hotpath.page_json(null)'), try('select hotpath.page_query(null, ''a'')');
select try('select hotpath.page_json(''event_pkey'')');

-- parents
select try('select hotpath.pages(null::event, ''nope'', array[1])'), try('select hotpath.pages(null::event, ''n'', array[true])');
select try('select hotpath.pages(null::event, null, array[1])');
select try('select hotpath.pages(null::event, ''n'', array[1, 2], after => array[''''])');
select try('select hotpath.pages(null::event, ''n'', array[1, 2], after => array['''', null])');
select cursor as of_one from hotpath.pages(null::event, 'n', array[1]) \gset
select try(format('select hotpath.pages(null::event, ''n'', array[2], after => array[%L])', :'of_one'));
select try(format('select hotpath.page(null::event, after => %L)', :'of_one'));

-- queries
create view locking as select a from nokey for update;
select try(format('select * from hotpath.page_query(%L, ''a'', unique_key => ''{a}'', params => %L)', q, p)) from (values
	('', null), ('select 1 as a; select 2 as a', null), ('create table x (a int)', null), ('delete from nokey returning a', null),
	('with d as (delete from nokey returning a) select a from d', null), ('select a from nokey for update', null),
	('select * from (select a from nokey for update) s', null), ('with w as (select a from nokey for share) select a from w', null),
	('select (select a from nokey limit 1 for key share) as a', null), ('select a from locking', null),
	('select 1) union (select 2', null), ('select $1::int as a', null), ('select $1::int as a', '["x"]'), ('select $1::int as a', '{}'),
	('select a into y from nokey', null), ('select 1/0 as a', null), ('/*', null)) v (q, p);
select count(*) from nokey;
-- the session is as good as before
select (item).id from hotpath.page(null::event, 'id');
drop schema page_errors cascade;
