-- Reads once, through the functions that are measured, every key that will be read.
select count(hotpath.get(null::narrow, i)) from generate_series(1, :keys) i;
select count(hotpath.get_json('narrow', i)) from generate_series(1, :keys) i;
select count(hotpath.get(null::wide, i)) from generate_series(1, :toast_rows) i;
select count(hotpath.get(null::edit_cached, i)) from generate_series(1, :edit_rows) i;
