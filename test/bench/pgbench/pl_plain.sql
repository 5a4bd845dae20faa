\set low random(1, :keys - 500)
select bench.pl_plain(:low::integer, 500);
