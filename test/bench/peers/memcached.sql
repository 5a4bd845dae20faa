-- A table whose rows are in memcached as JSON text, deleted by a trigger, as pgmemcache's manual advises.
create extension pgmemcache;
create table peer.memcached (like narrow including all) with (fillfactor = 80);
insert into peer.memcached select * from narrow where id <= :rows;
vacuum (analyze, freeze) peer.memcached;

create function peer.forget_memcached() returns trigger language plpgsql as $$
begin
	perform memcache_delete('peer:' || old.id);
	return null;
end $$;
create trigger forget_memcached after update or delete on peer.memcached
	for each row execute function peer.forget_memcached();

create function peer.read_memcached(key bigint) returns text language plpgsql as $$
declare
	t text := memcache_get('peer:' || key);
begin
	if t is null then
		select row_to_json(m)::text into t from peer.memcached m where id = key;
		perform memcache_set('peer:' || key, t);
	end if;
	return t;
end $$;

create function peer.pl_memcached(low integer, n integer) returns void language plpgsql as $$
declare
	t text;
begin
	for i in low .. low + n - 1 loop
		t := memcache_get('peer:' || i);
	end loop;
end $$;

-- every key that will be read, and proof that it is there
select count(memcache_set('peer:' || id, row_to_json(m)::text)) from peer.memcached m;
select 1 / (count(*) = 0)::integer from peer.memcached m where memcache_get('peer:' || id) is distinct from row_to_json(m)::text;
