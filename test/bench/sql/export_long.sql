-- One long export, read by a cursor as a client would: bytes of its backend's memory contexts and kB of its
-- process, late less early; and milliseconds to the first chunk, and to the end.
select sum(total_bytes) as bytes, coalesce(substring(pg_read_file('/proc/self/status', 0, 100000, true) from 'RssAnon:\s+(\d+)'), '0') as kb from pg_backend_memory_contexts \gset warm_
begin;
select clock_timestamp() as time \gset start_
declare c cursor for select hotpath.export_json(:'query');
move 1 from c;
select clock_timestamp() as time \gset first_
move :early from c;
select sum(total_bytes) as bytes, coalesce(substring(pg_read_file('/proc/self/status', 0, 100000, true) from 'RssAnon:\s+(\d+)'), '0') as kb from pg_backend_memory_contexts \gset early_
move :late from c;
select sum(total_bytes) as bytes, coalesce(substring(pg_read_file('/proc/self/status', 0, 100000, true) from 'RssAnon:\s+(\d+)'), '0') as kb from pg_backend_memory_contexts \gset late_
move all from c;
select clock_timestamp() as time \gset end_
commit;
select :late_bytes - :early_bytes, :late_kb - :early_kb,
	extract(epoch from timestamptz :'first_time' - :'start_time') * 1000, extract(epoch from timestamptz :'end_time' - :'start_time') * 1000;
