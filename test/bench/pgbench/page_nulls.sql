select (p.item).*, p.cursor, p.has_previous_page, p.has_next_page from hotpath.page(null::bench.events, 'updated_at desc nulls last, id desc', 50, :place_nulls) p;
