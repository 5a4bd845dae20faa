select hotpath.page_json('bench.events', 'created_at desc, id desc', 50, :place);
