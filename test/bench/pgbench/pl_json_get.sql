\set low random(1, :keys - 500)
select bench.pl_json_get(:low::integer, 500);
