\set low random(1, :keys - 500)
select bench.pl_get(:low::integer, 500);
