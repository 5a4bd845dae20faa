-- what the entries of the first :n rows take, and what the rows take: "overhead (per entry - row)"
select hotpath.evict_all() \g /dev/null
select used_bytes as used0, entries as entries0 from hotpath.cache_memory \gset
select count(:read) from generate_series(1, :n) i \g /dev/null
select used_bytes as used1, entries as entries1 from hotpath.cache_memory \gset
select format('%s bytes (%s per entry, %s the row)', round(per_entry - size), round(per_entry), round(size))
from (select (:used1 - :used0)::numeric / nullif(:entries1 - :entries0, 0) as per_entry, avg(:size) as size from :rel t where id <= :n) x;
