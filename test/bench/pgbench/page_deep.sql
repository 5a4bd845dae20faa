select (p.item).*, p.cursor, p.has_previous_page, p.has_next_page from hotpath.page(null::bench.events, 'created_at desc, id desc', 50, :place) p;
