\set id random(1, :peer_rows)
select memcache_get('peer:' || :id);
